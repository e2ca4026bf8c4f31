"""Events that go to the log together, between the two writings of their part of a receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog
from fastapi import Request

from services.access import audit
from services.access.audit import Entry
from services.api import kept_receipts
from services.api.access import AccountsOfApp, access_of, came_from
from services.api.answering import UNWRITTEN, reader_of
from services.api.event_bodies import GivenEvent
from services.api.gate import who_asks
from services.api.judging import Judged, accepted, refused_by_bus, unsent
from services.api.kept_receipts import KeptItem, ReceiptPart
from services.api.owned_in_ledger import OwnedInLedger
from services.api.problems import not_audited
from services.api.sendings import sendings_of
from services.api.sent_audit import NAMED
from services.publishing.sending import NotSent, Sent, Unsent
from services.send_answers import ACCEPTED, DUPLICATE

_log = structlog.get_logger()


class SentTogether(NamedTuple):
    """Events, by their places, that go in one batch; as a ``whole`` not singly either."""

    places: Sequence[int]
    whole: bool


class Publishing:
    """Events that are sent together and have a part of a receipt; nobody stops it half-way.

    ``groups``: those that go in one batch each, all by default. ``laid_out`` makes the part's items out of those of the
    events, where there are others beside them.
    """

    def __init__(
        self,
        request: Request,
        part: ReceiptPart,
        entries: Sequence[GivenEvent],
        judged: Judged,
        *,
        whole: bool = False,
        groups: Sequence[SentTogether] | None = None,
        laid_out: Callable[[list[KeptItem]], list[KeptItem]] | None = None,
    ) -> None:
        self._access: AccountsOfApp = access_of(request)
        self._gateway = sendings_of(request).gateway
        self._owning = OwnedInLedger(request, reader_of(request))
        self._asker = who_asks(request)
        self._came_from = came_from(request)
        self._part = part
        self._entries = entries
        self._judged = judged
        self._groups = [SentTogether(judged.to_send, whole)] if groups is None else groups
        self._laid_out = laid_out or list

    async def alone(self) -> list[KeptItem]:
        """Send, with a receipt that is gone again where nothing was accepted. Raises what `run` raises."""
        items = await self.run()
        if not any(item.status == ACCEPTED for item in items):
            try:
                await kept_receipts.forget(self._access.writing, self._part.receipt)
            except UNWRITTEN as error:
                _log.warning("a receipt of nothing is not taken away", error=str(error))
        return items

    async def run(self) -> list[KeptItem]:
        """Write the part, publish, complete it; return its items.

        Raises a 503 Problem, with nothing sent, where it can't be written.
        """
        entries, judged, pool = self._entries, self._judged, self._access.writing
        begun = [
            unsent(entries[place], "interrupted", in_doubt=True) if item is None else item
            for place, item in enumerate(judged.items)
        ]
        try:
            await kept_receipts.begin(pool, self._part, self._laid_out(begun), self._said() if judged.to_send else None)
        except UNWRITTEN as error:
            raise not_audited() from error
        items = self._laid_out(await self._publish())
        try:
            await kept_receipts.complete(pool, self._part, items)
        except UNWRITTEN as error:
            _log.warning("a receipt is not complete, and is read with what the ledger says", error=str(error))
        return items

    async def _publish(self) -> list[KeptItem]:
        entries, judged = self._entries, self._judged
        found: dict[int, KeptItem] = {}
        why: str | None = None
        for group in self._groups:
            lines = [line._replace(number=at) for at in group.places if (line := entries[at].line) is not None]
            if why is not None:  # after one that could not be sent the others are not tried
                found |= {line.number: unsent(entries[line.number], why, in_doubt=False) for line in lines}
                continue
            answers = (await self._gateway.send(lines, self._owning, whole=group.whole)).answers if lines else []
            for answer in answers:
                place = answer.line.number
                entry = entries[place]
                match answer:
                    case Sent(_, position, duplicate):
                        found[place] = accepted(entry, position, DUPLICATE if duplicate else ACCEPTED)
                    case NotSent(_, reason, detail):
                        found[place] = refused_by_bus(entry, reason, detail)
                    case Unsent(_, reason, in_doubt):
                        why = _unsent_reason(reason)
                        found[place] = unsent(entry, why, in_doubt=in_doubt)
        for place, first in judged.doubles.items():
            found[place] = _double(entries[place], found[first])
        return [item or found[place] for place, item in enumerate(judged.items)]

    def _said(self) -> Entry:
        units = sorted({self._entries[place].publisher or "" for place in self._judged.to_send})
        detail = {
            "receipt": self._part.receipt,
            **({} if self._part.of_import is None else {"import": self._part.of_import}),
            "events": len(self._judged.to_send),
            "as": units[:NAMED],
            "units": len(units),
        }
        unit = units[0] if len(units) == 1 else None
        return Entry(audit.EVENTS_SENT, self._asker, unit=unit, came_from=self._came_from, detail=detail)


def _unsent_reason(reason: str) -> str:
    return reason if reason == "stream_full" else "bus_away"


def _double(entry: GivenEvent, first: KeptItem) -> KeptItem:
    """Say of one that repeats another of its request what became of that one."""
    if first.status in {ACCEPTED, DUPLICATE} and first.position is not None:
        return accepted(entry, first.position, DUPLICATE)
    return first
