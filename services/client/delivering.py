"""The way of events to the service and of outcomes back, tried for as long as the patience lasts, over either way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from events.vocabulary import Reason
from projections.answers.report.report_answers import Said
from projections.bilingual import Bilingual
from services.client.answers import read_sent, strange
from services.client.errors import AnsweredError, AwayError, NoSuchError, OverHttpOnlyError, RefusedEventError
from services.client.over_bus import OverBus
from services.client.over_http import LONGEST_WAIT, NOT_TRUSTED, OverHttp, unsent
from services.client.told import ACCEPTED, DUPLICATE, REFUSED, UNSENT, EventTold, SendReceipt
from services.connecting.patience import Backoff
from services.publishing.lines import Line

_ASKED_AT_A_TIME: Final = 10.0
_ASKED_SINGLY: Final = 20

Result = TypeVar("Result")


class Delivery:
    """One service, over HTTP or over the bus: one of ``http`` and ``bus`` is None. ``patience`` in seconds."""

    def __init__(self, http: OverHttp | None, bus: OverBus | None, patience: float) -> None:
        self.http = http
        self.bus = bus
        self.patience = patience

    async def close(self) -> None:
        """End the connections."""
        for way in (self.http, self.bus):
            if way is not None:
                await way.close()

    @property
    def address(self) -> str:
        """Where the service is."""
        return self.http.address if self.http is not None else self.over_bus().address

    async def send(self, lines: Sequence[Line], wait: float = 0.0, patience: float | None = None) -> SendReceipt:
        """Send at most a thousand, and those again of which nobody knows, for as long as the patience lasts."""
        until = time.monotonic() + (self.patience if patience is None else patience)
        backoff = Backoff()
        found, receipts = dict[int, EventTold](), list[str]()
        left, behind = list(range(len(lines))), None
        while left:
            failed: AwayError | None = None
            try:
                sent = await self._sent_once([lines[place] for place in left], wait)
            except AwayError as error:
                failed = error
            else:
                found |= dict(zip(left, sent.items, strict=True))
                receipts += sent.receipts
                behind = sent.behind or behind
                left = [place for place in left if found[place].status == UNSENT]
            if not left:
                break
            pause = max(backoff.next(), (failed.retry_after if failed is not None else None) or 0.0)
            if time.monotonic() + pause > until or (failed is not None and failed.reason == NOT_TRUSTED):
                if failed is not None and not found:
                    raise failed
                break
            await asyncio.sleep(pause)
        items = [found.get(place) or unsent(line, "away") for place, line in enumerate(lines)]
        return SendReceipt(tuple(items), tuple(receipts), behind)

    async def _sent_once(self, lines: Sequence[Line], wait: float) -> SendReceipt:
        if self.http is not None:
            return await self.http.send(lines, wait=min(wait, LONGEST_WAIT))
        return await self.over_bus().send(lines)

    async def decided(self, sent: SendReceipt, until: float) -> SendReceipt:
        """Ask until all that is in the log is decided, or the time is over; at least once."""
        backoff, first = Backoff(first=0.05, longest=1.0), True
        while not sent.decided and (first or time.monotonic() < until):
            if not first:
                await asyncio.sleep(min(backoff.next(), max(0.0, until - time.monotonic())))
            first = False
            left = max(0.0, until - time.monotonic())
            try:
                sent = await self._told_again(sent, left)
            except (AwayError, NoSuchError):
                break  # it is in the log, which is what was asked for; the outcome can be asked for again
        return sent

    async def _told_again(self, sent: SendReceipt, wait: float) -> SendReceipt:
        if self.http is None:
            return await self.over_bus().outcomes(sent.items, wait)
        known, behind = dict[tuple[str, str], EventTold](), None
        for receipt in sent.receipts:
            last = max((item.position or 0 for item in sent.items), default=0)
            told, behind = await self._receipt_at(self.http, receipt, last, min(wait, _ASKED_AT_A_TIME))
            known |= {(item.publisher, item.id): item for item in told if item.outcome is not None}
        if not sent.receipts:
            known = await self._by_key(sent.items)
        items = tuple(_with_outcome(item, known.get((item.publisher, item.id))) for item in sent.items)
        return SendReceipt(items, sent.receipts, behind)

    async def _receipt_at(
        self, http: OverHttp, receipt: str, last: int, wait: float
    ) -> tuple[Sequence[EventTold], Any]:
        query = {"min_position": last, "wait": int(wait)} if wait >= 1 else {}
        try:
            answer = await http.ask("GET", "v1", "receipts", receipt, query=query, longer=wait)
        except AwayError:
            if not query:
                raise
            answer = await http.ask("GET", "v1", "receipts", receipt)  # as far as it is known
        told = read_sent(answer, None)
        return told.items, told.behind

    async def _by_key(self, items: Sequence[EventTold]) -> dict[tuple[str, str], EventTold]:
        """Find what became of events that were there already, of which the service keeps no receipt."""
        found = dict[tuple[str, str], EventTold]()
        unknown = [item for item in items if item.in_the_log and item.outcome is None]
        for item in unknown[:_ASKED_SINGLY]:
            try:
                said = await self.read(Said, "v1", "events", item.publisher, item.id)
            except AnsweredError:
                continue
            why = (said.outcome, said.reason, said.field, said.detail)
            found[item.publisher, item.id] = EventTold(item.publisher, item.id, DUPLICATE, said.position, *why)
        return found

    async def looked_up(self, lines: Sequence[Line], positions: Sequence[int | None] | None) -> list[EventTold | None]:
        """Tell what became of a thousand events at most, None for what the log hasn't; see `AsyncClient.look_up`."""
        if self.http is not None:
            http = self.http
            told = (await self.patiently(lambda: http.send(lines, dry_run=True))).items
            return [item if _is_in_the_log(item) else None for item in told]
        bus = self.over_bus()
        at = positions or [None] * len(lines)
        sent = [
            EventTold(line.publisher, line.id, ACCEPTED if where else UNSENT, where)
            for line, where in zip(lines, at, strict=True)
        ]
        found: list[EventTold | None] = [
            item if item.outcome is not None else None for item in (await bus.outcomes(sent, 0.0)).items
        ]
        unknown = [place for place, where in enumerate(at) if where is None]
        for place, item in zip(unknown, await bus.look_up([lines[place] for place in unknown]), strict=True):
            found[place] = item
        return found

    async def settled(self, told: SendReceipt, until: float) -> SendReceipt:
        """Give what was told of a correction, decided by then; raises RefusedEventError, AwayError."""
        for item in told.items:
            if item.status == REFUSED:
                raise RefusedEventError(item)
            if item.status == UNSENT:
                raise unsent_error(told.items)
        return await self.decided(told, until) if until > time.monotonic() else told

    async def read(self, kind: type[Result], *path: str, longer: float = 0.0, **query: object) -> Result:
        """Ask for a path made of these parts over HTTP and read the answer as its kind."""
        http = self.over_http("/".join(path))
        answer = await self.patiently(lambda: http.ask("GET", *path, query=query, longer=longer))
        try:
            return msgspec.json.decode(answer, type=kind)
        except (ValueError, RecursionError) as error:
            strange(str(error))

    async def patiently(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Try for as long as the patience lasts while the service is away; raises the last AwayError."""
        until, backoff = time.monotonic() + self.patience, Backoff()
        while True:
            try:
                return await attempt()
            except AwayError as away:
                pause = max(backoff.next(), away.retry_after or 0.0)
                if time.monotonic() + pause > until or away.reason == NOT_TRUSTED:
                    raise
            await asyncio.sleep(pause)

    def over_http(self, what: str) -> OverHttp:
        """Give the way over HTTP; OverHttpOnlyError where there is none."""
        if self.http is None:
            raise OverHttpOnlyError(what)
        return self.http

    def over_bus(self) -> OverBus:
        """Give the way over the bus."""
        assert self.bus is not None, "it is one or the other"  # noqa: S101
        return self.bus


def _is_in_the_log(tried: EventTold) -> bool:
    """Whether a dry run found the key of an event in the log, with its content or another."""
    known = tried.status == DUPLICATE and tried.position is not None  # else it repeats another of the request
    return known or (tried.status, tried.reason) == (REFUSED, Reason.ID_CONFLICT)


def _with_outcome(item: EventTold, known: EventTold | None) -> EventTold:
    if known is None or not item.in_the_log or known.outcome is None:
        return item
    why = (known.outcome, known.reason, known.field, known.detail)
    return EventTold(item.publisher, item.id, item.status, item.position, *why, None, known.suspicious)


def unsent_error(items: Sequence[EventTold]) -> AwayError:
    """Say that none of these is known to be in the log."""
    reasons = sorted({item.reason or "away" for item in items if item.status == UNSENT})
    return AwayError(
        Bilingual(
            "chưa gửi được, hãy gửi lại: không hại gì", "nothing could be sent; send it again, which is harmless"
        ).with_detail(", ".join(reasons)),
        reasons[0],
    )
