"""What the API publishes, as the bus's user `gateway`: an event at a time, each acknowledged by the log."""

from __future__ import annotations

from typing import Final

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext

from events.subjects import MESSAGE_ID_HEADER
from projections.bilingual import Bilingual
from services.connecting.bus import DeniedError
from services.connecting.failures import described
from services.connecting.lasting import LastingConnection
from services.publishing.connection import AWAY, FULL
from services.publishing.lines import Line
from services.publishing.sending import NO_ROOM
from services.settings import Settings

ACKNOWLEDGED_WITHIN: Final = 5.0
"""Seconds for each of two attempts."""
REFUSED: Final = "refused_by_bus"
_NOT_GATEWAY: Final = Bilingual(
    "API không được gửi lên bus: hãy đặt TONGHOP_GATEWAY_NATS_URL với TONGHOP_GATEWAY_PASSWORD_FILE hoặc "
    "TONGHOP_GATEWAY_CREDENTIALS",
    "the API may not publish on the bus: set TONGHOP_GATEWAY_NATS_URL with TONGHOP_GATEWAY_PASSWORD_FILE or "
    "TONGHOP_GATEWAY_CREDENTIALS",
)


class NotPublishedError(Exception):
    """An event is not known to be in the log; `reason` is AWAY, FULL or REFUSED. To publish it again is harmless."""

    def __init__(self, reason: str, said: Bilingual) -> None:
        super().__init__(said)
        self.reason = reason


class Gateway:
    """The connection of one process. `open` and `close` are called once each."""

    def __init__(self, settings: Settings) -> None:
        self._connection = LastingConnection(settings.as_gateway(), "tonghop api, publishing")
        self.open = self._connection.open
        self.close = self._connection.close

    async def publish(self, line: Line) -> int:
        """Put an event into the log and return its position, also where it stands there already by its header.

        What is not acknowledged is sent once more: the header, and the ledger's key, make it one event. Raises
        NotPublishedError.
        """
        if not self._connection.client.is_connected:
            raise NotPublishedError(AWAY, Bilingual("bus không kết nối được", "the bus can't be reached"))
        jetstream = self._connection.client.jetstream(timeout=ACKNOWLEDGED_WITHIN)
        try:
            return await _publish(jetstream, line)
        except (nats.errors.TimeoutError, nats.errors.ConnectionClosedError, nats.js.errors.NoStreamResponseError):
            pass
        try:
            return await _publish(jetstream, line)
        except (nats.errors.Error, OSError) as error:
            raise NotPublishedError(
                AWAY, Bilingual("bus không xác nhận", "the bus does not acknowledge").with_detail(described(error))
            ) from error


async def _publish(jetstream: JetStreamContext, line: Line) -> int:
    try:
        ack = await jetstream.publish(line.subject, line.body, headers={MESSAGE_ID_HEADER: line.message_id})
    except DeniedError as denied:
        raise NotPublishedError(REFUSED, _NOT_GATEWAY.with_detail(denied.subject)) from denied
    except nats.js.errors.APIError as refused:
        full = refused.err_code in NO_ROOM
        raise NotPublishedError(FULL if full else REFUSED, Bilingual.of(str(refused.description))) from refused
    return int(ack.seq)
