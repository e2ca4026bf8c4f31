"""The events that take another back, and say it anew: made here, sent as every other (contract, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from events.subjects import source_of
from events.vocabulary import Outcome
from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.report.report_answers import Said
from projections.store.reading.access import OF_ACCESS, name_of
from projections.store.reading.confined import speakers
from projections.store.reading.outcomes import event
from projections.store.reading.snapshot import Snapshot
from services.access.asker import Asker
from services.api.event_bodies import FORBIDDEN, GivenEvent, entry_of
from services.api.parameters import today
from services.api.problems import Problem, bad_parameter, forbidden, no_event
from services.api.sights import holder_of
from services.publishing.correction_ids import RETRACTED, replacement_stem, retraction_id
from services.publishing.lines import said_now
from services.send_answers import Replacement, Retraction
from services.sheets.event_ids import numbered

_STANDS: Final = frozenset({Outcome.COUNTED, Outcome.APPLIED, Outcome.PARKED})


class _Wanted(NamedTuple):
    """An event that is to be said, and what the ledger has under its id."""

    event: dict[str, Any]
    there: Said | None


async def correcting(
    snapshot: Snapshot,
    _: Sight,
    *,
    asker: Asker,
    publisher: str,
    event_id: str,
    wanted: Retraction | Replacement,
    root: str,
) -> list[GivenEvent]:
    """Make the events that take an event back and, where it is replaced, say it anew.

    What was ordered before is the same events again. Raises Problems: 403 where the asker may not speak as the
    publisher, 404 for no such event, 409 for one that stands no more, 422 for data or a reason that can't be.
    """
    said = await _said(snapshot, asker, publisher, event_id)
    taken = await _retraction(snapshot, said, wanted.reason)
    anew = await _anew(snapshot, said, wanted.data, taken) if isinstance(wanted, Replacement) else None
    again = taken.there is not None and (anew is None or anew.there is not None)
    if not again and (said.outcome not in _STANDS or said.type == RETRACTED):
        raise _over(said)
    events = [taken.event] if anew is None else [taken.event, anew.event]
    return [_entry(each, root) for each in events]


async def _said(snapshot: Snapshot, asker: Asker, publisher: str, event_id: str) -> Said:
    holder = holder_of(asker, today())
    if holder is not None and not await speakers(snapshot, holder, {publisher}):
        raise forbidden(Need.SENDING, publisher, await name_of(snapshot, publisher))
    said = await event(snapshot, publisher, event_id)
    if said is None or (holder is not None and (said.type or "").startswith(OF_ACCESS)):
        raise no_event(publisher, event_id)
    return said


async def _retraction(snapshot: Snapshot, said: Said, reason: str) -> _Wanted:
    publisher, event_id = str(said.publisher), str(said.id)
    data = {"source": source_of(publisher), "id": event_id, "reason": reason}
    id_ = retraction_id(publisher, event_id)
    there = await event(snapshot, publisher, id_)
    made = said_now(publisher, id_, RETRACTED, said.subject, data)
    return _same_or_new(made, there)


async def _anew(snapshot: Snapshot, said: Said, data: Mapping[str, object], taken: _Wanted) -> _Wanted:
    publisher = str(said.publisher)
    stem, number = replacement_stem(publisher, str(said.id))
    while True:
        number += 1
        id_ = numbered(stem, number)
        there = await event(snapshot, publisher, id_)
        wanted = _same_or_new(said_now(publisher, id_, str(said.type), said.subject, dict(data)), there)
        if there is None or (taken.there is not None and wanted.there is not None):
            return wanted


def _same_or_new(made: dict[str, Any], there: Said | None) -> _Wanted:
    """Say what the ledger has where it says the same at another time."""
    if there is None:
        return _Wanted(made, None)
    kept = msgspec.json.decode(there.event)
    if isinstance(kept, dict) and {**kept, "time": None} == {**made, "time": None}:
        return _Wanted(kept, there)
    return _Wanted(made, None)


def _entry(made: dict[str, Any], root: str) -> GivenEvent:
    entry = entry_of(msgspec.json.encode(made), root)
    if entry.fault is None:
        return entry
    if entry.fault.reason == FORBIDDEN:
        detail = "Quyền được trao bằng `tonghop grant`. / What gives access is said by `tonghop grant`."
        raise Problem(409, "Không làm được", detail)
    field = (entry.fault.field or "data").removeprefix("data.") if made["type"] == RETRACTED else entry.fault.field
    raise bad_parameter(field or "data", entry.fault.detail)


def _over(said: Said) -> Problem:
    by = said.taken_back
    taken = "" if by is None else f" ({by.publisher} {by.id}: {by.reason})"
    detail = (
        f"Sự kiện này không còn hiệu lực hoặc không thu hồi được: {said.type}, {said.outcome}{taken}. / "
        "This event stands no more, or can't be taken back; say the thing anew."
    )
    return Problem(409, "Không làm được", detail, publisher=said.publisher, id=said.id, outcome=said.outcome)
