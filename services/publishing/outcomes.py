"""Ask the projector, over the bus, what became of the events at given positions."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from nats.errors import Error, NoRespondersError

from services.publishing.bus import RETRY_SECONDS, Bus, BusRefusedError
from services.publishing.receipt import SUBJECT, Answer, Receipt, Request, as_ranges

_decode = msgspec.json.Decoder(Answer).decode
_ANSWER_WAIT = 5.0
_MARGIN = 5.0


async def receipts(
    bus: Bus, positions: Sequence[int], *, patience: float, notice: Callable[[str], None], digests: bool = False
) -> AsyncIterator[Receipt]:
    """Ask for at most MOST_POSITIONS different, ascending positions and yield each one's receipt as it comes.

    Ends early where the projector's position hasn't moved for `patience` seconds: the rest isn't decided yet.
    """
    left = list(positions)
    reached, moved = -1, time.monotonic()
    while left and time.monotonic() - moved < patience:
        wait = min(_ANSWER_WAIT, patience)
        answer = await _ask(bus, Request(as_ranges(left), wait, digests), notice)
        if answer is None or not answer.receipts:
            await asyncio.sleep(RETRY_SECONDS)
        if answer is None:
            continue
        if answer.position > reached:
            reached, moved = answer.position, time.monotonic()
        told = {receipt.position for receipt in answer.receipts}
        for receipt in answer.receipts:
            yield receipt
        left = [position for position in left if position not in told]


async def _ask(bus: Bus, request: Request, notice: Callable[[str], None]) -> Answer | None:
    try:
        await bus.connected()
        reply = await bus.client.request(SUBJECT, msgspec.json.encode(request), timeout=request.wait + _MARGIN)
    except NoRespondersError:
        notice("Bộ tổng hợp chưa chạy, đang chờ kết quả… / no projector answers, waiting for outcomes")
        return None
    except Error:
        if SUBJECT in bus.denied:
            raise BusRefusedError(
                f"không được phép hỏi kết quả ở {SUBJECT}, hãy dùng --no-wait / asking for outcomes is denied"
            ) from None
        return None
    answer = _decode(reply.data)
    if answer.error:
        raise BusRefusedError(answer.error)
    return answer
