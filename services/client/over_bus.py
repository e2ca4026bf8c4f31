"""The way to the service over the bus: events are published as `tonghop publish` does, and receipts asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from events.subjects import digest
from events.vocabulary import Outcome, Reason
from projections.answers.report.report_answers import Behind
from projections.bilingual import Bilingual
from services.client.errors import AwayError, MayNotError, MisuseError
from services.client.told import ACCEPTED, DUPLICATE, REFUSED, UNSENT, EventTold, SendReceipt
from services.publishing import credentials
from services.publishing.asking import ReceiptsDeniedError, ask
from services.publishing.connection import AWAY, FULL, BusConnection, BusRefusedError, EndedError
from services.publishing.lines import Line
from services.publishing.receipt import BusBehind, BusReceipt, Request, as_ranges
from services.publishing.sending import NotSent, Sender, Sent, Unsent
from services.settings import Settings

_IDS: Final = 200
"""Of one question, so that it stays below what a unit may send."""
_POSITIONS: Final = 500
_NOT_PERMITTED: Final = "not_permitted"


class OverBus:
    """One connection as one user of the bus; it is made when it is first needed, and anew when it was refused.

    `timeout` are the seconds for which a bus that is away or full is waited for within one request.
    """

    def __init__(
        self, address: str, *, creds: Path | None, ca: Path | None, timeout: float, inbox_prefix: str | None
    ) -> None:
        self.address = address
        self._settings = Settings(nats_url=address, nats_credentials=creds, nats_ca=ca)
        self._inbox_prefix = inbox_prefix
        self._timeout = timeout
        self._bus: BusConnection | None = None
        self._sender: Sender | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """End the connection; what waits for it is told so."""
        bus, self._bus, self._sender = self._bus, None, None
        if bus is not None:
            bus.ended.set()
            await bus.client.close()

    async def send(self, lines: Sequence[Line], *, whole: bool = False) -> SendReceipt:
        """Send at most a thousand events, as one atomic batch where the bus takes it, and give what is told of each.

        Raises AwayError, MayNotError where the bus doesn't let this user in.
        """
        bus = await self._opened()
        bus.denied.clear()  # what was denied may be allowed now; what still is, the server says anew
        assert self._sender is not None, "it is made with the connection"  # noqa: S101
        outcome = await self._sender.send(lines, whole=whole)
        if outcome.ended is not None and all(isinstance(answer, Unsent) for answer in outcome.answers):
            await self._raise(outcome.ended)
        return SendReceipt(tuple(_told(answer) for answer in outcome.answers))

    async def outcomes(self, told: Sequence[EventTold], wait: float) -> SendReceipt:
        """Tell again of events that were sent, with their outcomes as they are now, or in `wait` seconds."""
        found, behind = dict[int, EventTold](), None
        by_unit: dict[str, dict[int, list[int]]] = {}
        for place, item in enumerate(told):
            if item.in_the_log and item.position is not None:
                by_unit.setdefault(item.publisher, {}).setdefault(item.position, []).append(place)
        until = time.monotonic() + wait
        for unit, places in by_unit.items():
            receipts, behind = await self._asked(unit, positions=list(places), until=until)
            firsts: dict[int, list[int]] = {}
            for receipt in receipts:
                at = [n for n in places.get(receipt.position, ()) if (unit, told[n].id) == _key(receipt)]
                if receipt.outcome == Outcome.DUPLICATE and receipt.first_position is not None:
                    firsts.setdefault(receipt.first_position, []).extend(at)
                else:
                    found |= {n: _decided(told[n], receipt) for n in at}
            if firsts:
                again, _ = await self._asked(unit, positions=list(firsts), until=until)
                found |= {n: _decided(told[n], first) for first in again for n in firsts.get(first.position, ())}
        items = tuple(found.get(place, item) for place, item in enumerate(told))
        return SendReceipt(items, (), None if behind is None else _behind(behind))

    async def look_up(self, lines: Sequence[Line]) -> list[EventTold | None]:
        """Tell of events what became of them, None where the log, as far as it has been read, has none of this key."""
        found: dict[tuple[str, str], BusReceipt] = {}
        by_unit: dict[str, list[str]] = {}
        for line in lines:
            by_unit.setdefault(line.publisher, []).append(line.id)
        for unit, ids in by_unit.items():
            found |= {(unit, id_): receipt for id_, receipt in (await self.known(unit, ids)).items()}
        return [_looked_up(line, found.get((line.publisher, line.id))) for line in lines]

    async def known(self, publisher: str, ids: Sequence[str]) -> Mapping[str, BusReceipt]:
        """Give what the log has under these ids of a publisher, as far as it has been read."""
        found: dict[str, BusReceipt] = {}
        for at in range(0, len(ids), _IDS):
            receipts, _ = await self._asked(publisher, ids=ids[at : at + _IDS], until=0.0)
            found |= {receipt.id: receipt for receipt in receipts if receipt.id is not None}
        return found

    async def _asked(
        self, unit: str, *, positions: Sequence[int] = (), ids: Sequence[str] = (), until: float
    ) -> tuple[list[BusReceipt], BusBehind | None]:
        """Ask as a unit until all is answered or the time is over; raises AwayError where nobody answers."""
        left, found = sorted(set(positions)), list[BusReceipt]()
        bus = await self._opened()
        while True:
            wait = max(0.0, until - time.monotonic())
            try:
                async with asyncio.timeout(self._timeout + wait):
                    heard = await ask(bus, unit, Request(as_ranges(left[:_POSITIONS]), list(ids), wait))
            except TimeoutError:
                heard = None
            except ReceiptsDeniedError as denied:
                raise MayNotError(403, {"title": str(denied)}) from denied
            except BusRefusedError as refused:
                await self._raise(refused)
            if heard is None or heard.answer is None:
                behind = None if heard is None else heard.behind
                if behind is not None and not ids:
                    return found, behind
                raise AwayError(
                    Bilingual("bus không trả lời câu hỏi về kết quả", "the bus doesn't answer for outcomes")
                )
            found += heard.answer.receipts
            asked, reached = left[:_POSITIONS], heard.answer.until
            left = [position for position in asked if position > reached] + left[_POSITIONS:]
            if not left or (time.monotonic() >= until and asked[-1] > reached):
                return found, heard.behind

    async def _opened(self) -> BusConnection:
        async with self._opening:
            if self._bus is None:
                self._bus = await self._open()
                self._sender = Sender(self._bus, batches=True)
            return self._bus

    async def _open(self) -> BusConnection:
        bus = BusConnection(self._settings, lambda _: None, patience=self._timeout)
        prefix = self._inbox_prefix
        try:
            if self._settings.nats_credentials is not None:
                jwt = credentials.usable(self._settings.nats_credentials)
                prefix = prefix or credentials.inbox_prefix(jwt)
            await bus.open(prefix or credentials.INBOX)
        except credentials.CredentialsError as error:
            raise MisuseError(Bilingual.of(error)) from error
        except BusRefusedError as refused:
            await bus.client.close()
            await self._raise(refused)
        except BaseException:
            await bus.client.close()
            raise
        return bus

    async def _raise(self, refused: BusRefusedError) -> None:
        """Raise what became of a connection; one that the server doesn't want is made anew the next time."""
        if isinstance(refused, EndedError):
            reason = refused.reason if refused.reason in {AWAY, FULL} else "away"
            raise AwayError(Bilingual.of(refused), reason) from refused
        await self.close()
        raise MayNotError(403, {"title": str(refused)}) from refused


def _told(answer: Sent | NotSent | Unsent) -> EventTold:
    line = answer.line
    match answer:
        case Sent(_, position, duplicate):
            return EventTold(line.publisher, line.id, DUPLICATE if duplicate else ACCEPTED, position)
        case NotSent(_, reason, detail):
            why = "forbidden" if reason == _NOT_PERMITTED else reason
            return EventTold(line.publisher, line.id, REFUSED, None, None, why, "source", detail)
        case Unsent(_, reason, _):
            return EventTold(line.publisher, line.id, UNSENT, reason=reason if reason == FULL else AWAY)


def _key(receipt: BusReceipt) -> tuple[str, str | None]:
    return receipt.publisher, receipt.id


def _decided(told: EventTold, receipt: BusReceipt) -> EventTold:
    why = (receipt.outcome, receipt.reason, receipt.field, receipt.detail)
    return EventTold(told.publisher, told.id, told.status, told.position, *why)


def _looked_up(line: Line, receipt: BusReceipt | None) -> EventTold | None:
    if receipt is None:
        return None
    if receipt.digest != digest(line.body):
        detail = f"the id was used at position {receipt.position} for something else"
        return EventTold(line.publisher, line.id, REFUSED, None, None, Reason.ID_CONFLICT, "id", detail)
    return _decided(EventTold(line.publisher, line.id, DUPLICATE, receipt.position), receipt)


def _behind(behind: BusBehind) -> Behind:
    return Behind(behind.events, behind.state, behind.detail or "")
