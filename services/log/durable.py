"""The projector's durable consumer, made anew where somebody deleted it and this user may make one."""

from __future__ import annotations

from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError

from projections.bilingual import Bilingual
from services.log.configuration import consumer_config
from services.log.intake import ConsumerGoneError
from services.settings import Settings

_NO_CONSUMER: Final = 10014
_PATIENCE: Final = 2.0


async def make_anew(client: Client, stream: str, durable: str, position: int) -> bool:
    """Make the durable after a position, and say whether it was missing; False where it is there after all.

    Raises ConsumerGoneError, which says what to do, where this user of the bus may not make one, or the bus does not
    answer.
    """
    jetstream = client.jetstream(timeout=_PATIENCE)
    try:
        await jetstream.consumer_info(stream, durable)
    except NotFoundError as missing:
        if missing.err_code != _NO_CONSUMER:
            raise
    else:
        return False
    config = consumer_config(Settings()).evolve(
        durable_name=durable, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=position + 1
    )
    try:
        await jetstream.add_consumer(stream, config)
    except (nats.errors.Error, TimeoutError) as error:
        raise ConsumerGoneError(
            Bilingual(
                f"bộ tiêu thụ {durable} của luồng {stream} đã bị xóa, và người dùng này không tạo lại được: hãy chạy "
                "`tonghop migrate`; không mất sự kiện nào",
                f"the consumer {durable} of {stream} was deleted, and this user of the bus can't make it anew "
                f"({error or type(error).__name__}): run `tonghop migrate`. Nothing is lost",
            )
        ) from error
    return True
