"""Events on their way from a request to the log, and what their sender is told (contract, section 8).

In this order: what can be said without the log, a receipt in its table, the log, the receipt complete. Whoever is
killed at any step leaves a receipt that is true when it is read: what it does not know is looked up in the ledger.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
import structlog
from fastapi import Request, Response
from msgspec import UNSET

from events.vocabulary import Outcome
from projections.answers.access.sight import EVERYTHING, Holder, Sight
from projections.answers.report.report_answers import Behind
from projections.answers.suspicion.suspicions import Suspicion
from projections.rules.counting.state import Recorded, State
from projections.rules.folding.fold import EventKey
from projections.store.reading.confined import speakers
from projections.store.reading.receipts import projector
from projections.store.reading.sent import told_at, told_under
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.suspicions import KnownFacts, known_facts_for, suspicions_at
from projections.store.reading.trial import Tried, recorded_for, state_for, tried
from services.access import audit
from services.access.asker import Asker
from services.access.audit import Entry
from services.api import kept_receipts
from services.api.access import AccountsOfApp, access_of, came_from
from services.api.answering import UNWRITTEN, Reader, reader_of
from services.api.asked import JSON, require_reached
from services.api.bodies import as_json
from services.api.event_bodies import FORBIDDEN, GivenEvent
from services.api.gate import who_asks
from services.api.judging import Judged, LedgerView, accepted, judge, refused_by_bus, unsent
from services.api.kept_receipts import KeptItem, ReceiptPart
from services.api.parameters import Parameters, cursor_of, today
from services.api.problems import Problem, not_audited
from services.api.send_answers import ACCEPTED, DUPLICATE, REFUSED, UNSENT, SentAnswer, SentItem
from services.api.sights import holder_of
from services.api.turns import Bounded, Limits, Turns
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.publishing.gateway import Gateway
from services.publishing.lines import Line
from services.publishing.receipt import CATCHING_UP
from services.publishing.sending import NotSent, Sent, Unsent
from services.receipts.standing import behind_of

if TYPE_CHECKING:
    from asyncpg import Record

AGAIN: Final = 5
"""Seconds after which one whose events could not be sent may send them again."""
SENDING: Final = Limits(slots=8, vast=8, waiting=500, a_client=100, patience=30, again=2)
LONG: Final = (16, 4, 10)
"""Long bodies that are read at a time, in all and of a client: each up to 17 MB."""
_NAMED: Final = 20
"""Units that the audit log names of those as which something was sent."""
_SURE_WITHIN: Final = 1.0

_log = structlog.get_logger()

Done = TypeVar("Done")


class Sendings:
    """What the routes that send share; made once an app. ``close`` waits for what is on its way."""

    def __init__(self, gateway: Gateway, root: str) -> None:
        self.gateway = gateway
        self.root = root
        self.turns = Turns("sending", SENDING)
        self.long = Bounded("long body", *LONG)
        self.ending = False
        """Nothing more is begun: what goes on part by part ends after the part that it is at."""
        self._under_way: set[asyncio.Task[Any]] = set()

    async def finished(self, work: asyncio.Task[Done]) -> Done:
        """Wait for what is being sent; it goes on where its sender has gone."""
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        return await asyncio.shield(work)

    async def close(self) -> None:
        """Wait for all that is being sent."""
        self.ending = True
        await asyncio.gather(*self._under_way, return_exceptions=True)


class How(NamedTuple):
    """How events are sent: whether they only are tried, how long outcomes are waited for, all at once or not at all."""

    dry_run: bool = False
    wait: float = 0.0
    whole: bool = False


class Looked(NamedTuple):
    """What one snapshot says before events are sent; ``state`` where they are to be tried."""

    view: LedgerView
    recorded: dict[EventKey, Recorded]
    state: State | None
    known: KnownFacts | None
    position: int
    behind: Behind | None


class _Told(NamedTuple):
    """What is known of events that were sent: their rows by position, what is suspicious, and how far the log is."""

    rows: Mapping[int, Record]
    suspicious: Mapping[int, tuple[Suspicion, ...]]
    behind: Behind | None


def sendings_of(request: Request) -> Sendings:
    """Return what the app that serves the request sends with."""
    found: Sendings = request.app.state.sendings
    return found


async def send(request: Request, entries: Sequence[GivenEvent], how: How) -> Response:
    """Send what can be sent and answer for each. Raises a Problem where nothing was sent: 429, 503."""
    sendings, reader = sendings_of(request), reader_of(request)
    seen = await reader.at_once(
        request, partial(look_at, entries=entries, asker=who_asks(request), trying=how.dry_run, root=sendings.root)
    )
    judged = await asyncio.to_thread(judge, entries, seen.view)
    await note_forbidden(request, judged)
    if how.dry_run:
        found = await asyncio.to_thread(tried_items, entries, judged, seen)
        await note_named(request, found)
        return _answer(200, SentAnswer(None, found, seen.behind))
    if not judged.to_send:
        items = [item for item in judged.items if item is not None]
        return _answer(200, SentAnswer(None, _shown(items, seen.view.told), None))
    async with sendings.turns.turn(reader.client(request)):
        part = ReceiptPart(kept_receipts.new_id(), who_asks(request).account, len(entries))
        publishing = Publishing(request, part, entries, judged, whole=how.whole)
        items = await sendings.finished(asyncio.create_task(publishing.alone()))
    return await _answered(request, part.receipt, items, seen, how)


async def _answered(request: Request, receipt: str, items: list[KeptItem], seen: Looked, how: How) -> Response:
    statuses = {item.status for item in items}
    if statuses == {UNSENT}:
        reasons = sorted({item.reason or "" for item in items})
        detail = (
            f"Chưa gửi được sự kiện nào ({', '.join(reasons)}); hãy gửi lại, gửi lại không hại gì. / "
            "Nothing could be sent; send it again, which is harmless."
        )
        raise Problem(503, "Chưa gửi được", detail, again=AGAIN, items=_shown(items, {}))
    if ACCEPTED not in statuses:
        return _answer(200, SentAnswer(None, _shown(items, seen.view.told), None))
    told = _Told(seen.view.told, {}, seen.behind)
    last = max(item.position or 0 for item in items)
    if how.wait:
        reader = reader_of(request)
        await reader.reach_beside_others(request, last, how.wait)
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED):  # it is sent, and the receipt tells the rest
            holder = holder_of(who_asks(request), today())
            told = await reader.at_once(request, partial(_outcomes, items=items, last=last, holder=holder))
    elif told.behind is not None:
        behind = told.behind
        told = told._replace(behind=Behind(max(behind.events, last - seen.position), behind.state, behind.detail))
    shown = _shown(items, told.rows, told.suspicious)
    try:
        await note_named(request, shown)
    except Problem:  # it is sent: what the audit log can't have of it is left to the receipt
        shown = _shown(items, told.rows)
    headers = {"location": f"/v1/receipts/{receipt}"}
    return _answer(202, SentAnswer(receipt, shown, told.behind), headers)


async def read_again(request: Request, receipt: str, query: Parameters, part: int = 0) -> SentAnswer | None:
    """Answer for a part of a receipt of the asker's with today's outcomes; None where there is no such one.

    Raises a 503 Problem where `min_position` isn't reached in time.
    """
    kept = await kept_receipts.find(access_of(request).reading, receipt, who_asks(request).account, part)
    if kept is None or part * kept_receipts.A_PART >= max(kept.total, 1):
        return None
    await reader_of(request).wait(request, query)
    return await told_of(request, receipt, kept, part, query.min_position)


async def told_of(
    request: Request,
    receipt: str | None,
    kept: kept_receipts.KeptReceipt,
    part: int = 0,
    min_position: int | None = None,
) -> SentAnswer:
    """Answer for a part of a receipt with today's outcomes, as far as the asker may know them.

    Raises a 503 Problem where `min_position` isn't reached.
    """
    compute = partial(
        _told_again,
        receipt=receipt,
        kept=kept,
        part=part,
        holder=holder_of(who_asks(request), today()),
        min_position=min_position,
    )
    answer = await reader_of(request).at_once(request, compute)
    await note_named(request, answer.items)
    return answer


async def _told_again(
    snapshot: Snapshot,
    _: Sight,
    *,
    receipt: str | None,
    kept: kept_receipts.KeptReceipt,
    part: int,
    holder: Holder | None,
    min_position: int | None,
) -> SentAnswer:
    require_reached(min_position, snapshot.position)
    first = part * kept_receipts.A_PART
    items = kept.items
    if items is None:  # a part of a sheet that was not come to
        length = min(kept.total - first, kept_receipts.A_PART)
        items = [KeptItem(None, None, UNSENT, reason="interrupted")] * length
    items = await found_in_log(snapshot, items, answered=kept.answered)
    shown, behind = await items_told(snapshot, items, holder)
    shown = [msgspec.structs.replace(item, index=first + item.index) for item in shown]
    if kept.total <= kept_receipts.A_PART:
        return SentAnswer(receipt, shown, behind)
    return SentAnswer(receipt, shown, behind, cursor_of(part + 1 if first + len(items) < kept.total else None))


async def items_told(
    snapshot: Snapshot, items: Sequence[KeptItem], holder: Holder | None
) -> tuple[list[SentItem], Behind | None]:
    """Tell the outcomes of items, but those that ``holder`` may see no more; and why some are not known yet."""
    last = max((item.position or 0 for item in items), default=0)
    told = await _outcomes(snapshot, EVERYTHING, items=items, last=last, holder=holder)
    return _shown(items, told.rows, told.suspicious), told.behind


async def found_in_log(snapshot: Snapshot, kept: Sequence[KeptItem], *, answered: bool) -> list[KeptItem]:
    """Say of what may have been sent without an answer that it was accepted, where the ledger has it."""
    items = list(kept)
    doubted = [n for n, item in enumerate(items) if item.status == UNSENT and (item.detail or not answered)]
    keys = [(items[n].publisher or "", items[n].id or "") for n in doubted]
    under = {(row["publisher"], row["id"]): row for row in await told_under(snapshot, keys)} if keys else {}
    for n, key in zip(doubted, keys, strict=True):
        row = under.get(key)
        if row is not None and row["digest"] == items[n].digest:
            known = {"status": ACCEPTED, "position": row["position"], "reason": None, "detail": None}
            items[n] = msgspec.structs.replace(items[n], **known)
    return items


async def look_at(
    snapshot: Snapshot,
    _: Sight,
    *,
    entries: Sequence[GivenEvent],
    asker: Asker,
    trying: bool,
    root: str,
    may: set[str] | None = None,
) -> Looked:
    """See what the log has under the keys of events, as which units the asker speaks, and how the projector stands.

    ``may``: those units, where they are known.
    """
    events = [entry.event for entry in entries if entry.event is not None]
    recorded = await recorded_for(snapshot, events)
    told = await _told(snapshot, [prior.position for prior in recorded.values()]) if recorded else {}
    holder = holder_of(asker, today())
    if holder is not None and may is None:
        may = await speakers(snapshot, holder, {event.publisher for event in events})
    state = await state_for(snapshot, events, recorded, root) if trying else None
    known = await known_facts_for(snapshot, events, holder, today()) if trying else None
    found = behind_of(await projector(snapshot), snapshot.position)
    # That it is catching up says nothing: of what is sent now nothing can be decided yet.
    stands = found is not None and found.state != CATCHING_UP
    behind = Behind(found.events, found.state, found.detail or "") if found is not None and stands else None
    return Looked(LedgerView(recorded, told, may), recorded, state, known, snapshot.position, behind)


async def _outcomes(
    snapshot: Snapshot, _: Sight, *, items: Sequence[KeptItem], last: int, holder: Holder | None
) -> _Told:
    told = await _told(snapshot, [item.position for item in items if item.position is not None])
    if holder is not None:  # what the asker may see no more
        seen = await speakers(snapshot, holder, {item.publisher for item in items if item.publisher})
        told = {position: row for position, row in told.items() if row["publisher"] in seen}
    counted = {
        item.position
        for item in items
        if item.position in told and item.status == ACCEPTED and told[item.position]["outcome"] == Outcome.COUNTED
    }
    suspicious = await suspicions_at(snapshot, counted, holder) if counted else {}
    found = behind_of(await projector(snapshot), snapshot.position)
    if found is None or last <= snapshot.position:
        return _Told(told, suspicious, None)
    behind = Behind(max(found.events, last - snapshot.position), found.state, found.detail or "")
    return _Told(told, suspicious, behind)


async def _told(snapshot: Snapshot, positions: Sequence[int]) -> dict[int, Record]:
    return {row["position"]: row for row in await told_at(snapshot, positions)}


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
        self._owning = _InLedger(request, reader_of(request))
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
            "as": units[:_NAMED],
            "units": len(units),
        }
        unit = units[0] if len(units) == 1 else None
        return Entry(audit.EVENTS_SENT, self._asker, unit=unit, came_from=self._came_from, detail=detail)


class _InLedger:
    """Whether what the bus calls a duplicate is one's own: what the ledger has is, of all else nobody is sure."""

    def __init__(self, request: Request, reader: Reader) -> None:
        self._request = request
        self._reader = reader

    async def at(self, claimed: Sequence[tuple[int, Line, int]]) -> set[int]:
        """See `Owns`."""
        positions = [position for _, _, position in claimed]
        await self._reader.reach(max(positions), _SURE_WITHIN)
        rows: Mapping[int, Record] = {}
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
            rows = await self._reader.ask(self._request, None, lambda opened, _: _told(opened, positions))
        return {number for number, line, position in claimed if position in rows and _is(line, rows[position])}

    async def known(self, lines: Collection[tuple[int, Line]], *, just_sent: bool) -> dict[int, int]:
        """See `Owns`."""
        keys = [(line.publisher, line.id) for _, line in lines]
        found: dict[int, int] = {}
        for _ in range(5 if just_sent else 1):
            rows: Sequence[Record] = ()
            with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
                rows = await self._reader.ask(self._request, None, lambda opened, _: told_under(opened, keys))
            under = {(row["publisher"], row["id"]): row for row in rows}
            for number, line in lines:
                row = under.get((line.publisher, line.id))
                if row is not None and _is(line, row):
                    found[number] = row["position"]
            if len(found) == len(lines) or not just_sent:
                break
            await asyncio.sleep(_SURE_WITHIN / 5)
        return found


def _is(line: Line, row: Record) -> bool:
    known = (row["publisher"], row["id"])
    return known == (line.publisher, line.id) and line.message_id == f"{line.publisher}:{line.id}:{row['digest']}"


def _unsent_reason(reason: str) -> str:
    return reason if reason == "stream_full" else "bus_away"


def _double(entry: GivenEvent, first: KeptItem) -> KeptItem:
    """Say of one that repeats another of its request what became of that one."""
    if first.status in {ACCEPTED, DUPLICATE} and first.position is not None:
        return accepted(entry, first.position, DUPLICATE)
    return first


async def note_forbidden(request: Request, judged: Judged) -> None:
    """Write the refusals of a request into the audit log, one entry for all of them."""
    units = sorted({i.publisher or "" for i in judged.items if i is not None and i.reason == FORBIDDEN})
    if units:
        detail = {
            "status": FORBIDDEN,
            "method": request.method,
            "path": request.scope["route"].path,
            "as": units[:_NAMED],
        }
        unit = units[0] or None
        await access_of(request).refused(
            Entry(audit.REFUSED, who_asks(request), unit=unit, came_from=came_from(request), detail=detail)
        )


async def note_named(request: Request, items: Sequence[SentItem]) -> None:
    """Write into the audit log that events of the log are named beside those that were sent, where any are.

    Raises a 503 Problem where it can't.
    """
    suspicious = [(item, each) for item in items if item.suspicious is not UNSET for each in item.suspicious]
    named = {
        (event.publisher or "", event.id or "")
        for item, each in suspicious
        for event in each.events
        if event.position is not None and event.position != item.position
    }
    if not named:
        return
    detail = {"path": request.scope["route"].path, **request.path_params, "named": len(named)}
    units = sorted({publisher for publisher, _ in named})
    said = {**detail, "of": units[:_NAMED]}
    entry = Entry(audit.EVENTS_SHOWN, who_asks(request), unit=units[0], came_from=came_from(request), detail=said)
    try:
        await audit.record(access_of(request).writing, entry)
    except UNWRITTEN as error:
        raise not_audited() from error


def tried_items(entries: Sequence[GivenEvent], judged: Judged, seen: Looked) -> list[SentItem]:
    """Decide by the rules themselves what would be sent, and nothing of it is kept."""
    assert seen.state is not None, "it was loaded for a dry run"  # noqa: S101
    assert seen.known is not None, "so was this"  # noqa: S101
    sent = [
        (entry.line.subject, entry.line.body, entry.event)
        for entry in (entries[place] for place in judged.to_send)
        if entry.line is not None and entry.event is not None
    ]
    decided = tried(seen.state, seen.recorded, sent, dt.datetime.now(dt.UTC), seen.known)
    found = dict(zip(judged.to_send, decided, strict=True))
    items = []
    for place, (entry, item) in enumerate(zip(entries, judged.items, strict=True)):
        if item is not None:
            items.append(_item(place, item, seen.view.told, tried=True))
            continue
        double = place in judged.doubles
        items.append(_would_be(place, entry, found[judged.doubles[place] if double else place], double=double))
    return items


def _would_be(place: int, entry: GivenEvent, decided: Tried, *, double: bool) -> SentItem:
    status = DUPLICATE if double else ACCEPTED
    field, detail = (decided.field, decided.detail) if decided.reason is not None else (UNSET, UNSET)
    known = (place, entry.publisher, entry.id, status, None, decided.outcome, decided.reason)
    return SentItem(*known, field, detail, decided.tried, decided.suspicious or UNSET)


def _shown(
    items: Sequence[KeptItem],
    told: Mapping[int, Record],
    suspicious: Mapping[int, tuple[Suspicion, ...]] = MappingProxyType({}),
) -> list[SentItem]:
    shown = [_item(place, item, told) for place, item in enumerate(items)]
    return [
        msgspec.structs.replace(each, suspicious=suspicious[item.position])
        if item.position is not None and item.position in suspicious and item.status == ACCEPTED
        else each
        for each, item in zip(shown, items, strict=True)
    ]


def _item(place: int, item: KeptItem, told: Mapping[int, Record], *, tried: bool | None = None) -> SentItem:
    said = _item_said(place, item, told, tried=tried)
    return said if item.row is None else msgspec.structs.replace(said, row=item.row)


def _item_said(place: int, item: KeptItem, told: Mapping[int, Record], *, tried: bool | None) -> SentItem:
    marked = UNSET if tried is None else tried
    row = None
    if item.status in {REFUSED, UNSENT}:
        field = UNSET if item.status == UNSENT else item.field
        detail = UNSET if item.status == UNSENT and item.detail is None else item.detail
        return SentItem(
            place, item.publisher, item.id, item.status, reason=item.reason, field=field, detail=detail, tried=marked
        )
    if item.position is not None:
        row = told.get(item.position)
        if row is not None and (row["publisher"], row["id"]) != (item.publisher, item.id):
            row = None  # another log than the one that it was sent to
    if row is None:
        return SentItem(place, item.publisher, item.id, item.status, item.position, None, tried=marked)
    field, detail = (row["field"], row["detail"]) if row["reason"] is not None else (UNSET, UNSET)
    known = (place, item.publisher, item.id, item.status, item.position, row["outcome"], row["reason"])
    return SentItem(*known, field, detail, marked)


def _answer(status: int, said: SentAnswer, headers: Mapping[str, str] | None = None) -> Response:
    return Response(as_json(said), status, {"cache-control": "no-store", **(headers or {})}, JSON)
