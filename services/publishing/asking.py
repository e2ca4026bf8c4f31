"""One question over the bus about events, and what there is to say where it isn't answered."""

import asyncio
from typing import Final, NamedTuple

import msgspec
from nats.errors import Error, NoRespondersError

from projections.bilingual import Bilingual
from services.connecting.bus import DeniedError as DeniedByServerError
from services.publishing.connection import BusConnection, BusRefusedError
from services.publishing.receipt import STOPPED, Answer, BusBehind, Request, subject_of

MARGIN: Final = 3.0
"""Seconds for which an answer may be under way, beside those that the question waits."""
_SILENT: Final = BusBehind(0, STOPPED, "không bộ tổng hợp nào trả lời / no projector answers")
_BUSY_AT_MOST: Final = 60
_decode = msgspec.json.Decoder(Answer).decode


class Heard(NamedTuple):
    """An answer, or None where there is none; `behind` says why the projector isn't further, None where it is fine."""

    answer: Answer | None
    behind: BusBehind | None


class ReceiptsDeniedError(BusRefusedError):
    """The server doesn't let this publisher ask for receipts."""


async def ask(bus: BusConnection, unit: str, request: Request) -> Heard:
    """Ask as a unit; where it has too many questions under way, wait a little and ask again.

    Raises ReceiptsDeniedError, BusRefusedError where the question is wrong, EndedError.
    """
    for _ in range(_BUSY_AT_MOST):
        heard = await _ask_once(bus, subject_of(unit), request)
        if heard.answer is None or not heard.answer.busy:
            return heard
        await bus.wait_a_little()
    return Heard(None, None)


async def _ask_once(bus: BusConnection, subject: str, request: Request) -> Heard:
    await bus.connected()
    losses, within = bus.losses, request.wait + MARGIN
    asking = asyncio.ensure_future(bus.client.request(subject, msgspec.json.encode(request), timeout=within))
    try:
        while not asking.done():
            bus.news.clear()
            if subject in bus.denied:
                raise _denied(subject)
            if bus.losses != losses:
                return Heard(None, None)
            await bus.settle({asking}, within)
            bus.check_wanted()
        reply = asking.result()
    except DeniedByServerError:
        raise _denied(subject) from None
    except NoRespondersError:
        return Heard(None, _SILENT)
    except Error:
        return Heard(None, _SILENT if bus.losses == losses else None)
    finally:
        asking.cancel()
    bus.well()
    answer = _decode(reply.data)
    if answer.error:
        raise BusRefusedError(Bilingual.of(f"{subject}: {answer.error}"))
    return Heard(answer, answer.behind)


def _denied(subject: str) -> ReceiptsDeniedError:
    return ReceiptsDeniedError(
        Bilingual(
            f"không được phép hỏi kết quả ở {subject}, hãy dùng --no-wait",
            f"asking for outcomes at {subject} is denied, use --no-wait",
        )
    )
