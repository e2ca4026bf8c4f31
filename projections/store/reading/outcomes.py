"""What became of events: by publisher and id, those parked and rejected, receipts by position (contract §2, §5)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Integer, Select, TextClause, bindparam, exists, select, union_all

from events.vocabulary import Outcome
from projections.answers.access.sight import Holder
from projections.answers.report.report_answers import Receipt, Said, TakenBack
from projections.store.hierarchy_sql import LAST_KNOWN, above
from projections.store.log.outcome_sql import DECIDED_COLUMNS, DECIDED_ROWS, decided_between
from projections.store.reading.composed import Query, walked, written
from projections.store.reading.confined import BUT_ACCESS, OF_EVENTS, OF_RECEIPTS, values_of
from projections.store.reading.find_unit import unknown
from projections.store.reading.snapshot import Snapshot
from projections.store.schema.tables import CODE, LEDGER, UNIT, VERDICT

if TYPE_CHECKING:
    from asyncpg import Record

_SAID = ("position", "outcome", "reason", "field", "detail", "publisher", "id", "type", "subject", "published_at")
_SINCE = ("held_at", "retracted_at", "retracted_by", "first_position", "body")

_decided = written("said", DECIDED_ROWS, DECIDED_COLUMNS, id=CODE, publisher=CODE)
_ONE = Query(
    select(*_decided.c[*_SAID, *_SINCE]).where(
        _decided.c.id == bindparam("id"), _decided.c.publisher == bindparam("publisher"), _decided.c.first
    )
)

_RETRACTION = Query(
    select(*LEDGER.c["publisher", "id", "position", "body"]).where(LEDGER.c.position == bindparam("position"))
)

_UNIT = Query(select(UNIT.c.no, UNIT.c.dissolved.is_not(None).label("dissolved")).where(UNIT.c.id == bindparam("id")))

# As last known (contract §5, parked): from the subject up its open edges.
_up = walked(above("up", "SELECT no FROM unit WHERE unit.id = ledger.subject", LAST_KNOWN), nested=True, unit=Integer)
_IN_UNIT = exists().where(_up.c.unit == bindparam("unit"))
_OF_UNIT = LEDGER.c.subject == select(UNIT.c.id).where(UNIT.c.no == bindparam("unit")).scalar_subquery()


def _refused(outcome: Outcome, *where: ColumnElement[bool] | TextClause) -> Select[Any]:
    # What waits and what is rejected has a verdict, always, and is found by it.
    return (
        select(*(VERDICT.c[name] if name in VERDICT.c else LEDGER.c[name] for name in (*_SAID, *_SINCE)))
        .join(LEDGER, LEDGER.c.position == VERDICT.c.position)
        .where(VERDICT.c.outcome == outcome, VERDICT.c.position > bindparam("after"), *where)
        .order_by(VERDICT.c.position)
        .limit(bindparam("limit"))
    )


def _lists(*where: ColumnElement[bool] | TextClause) -> dict[str, Query]:
    parked, rejected = (_refused(outcome, *where) for outcome in (Outcome.PARKED, Outcome.REJECTED))
    either = union_all(parked, rejected).order_by("position").limit(bindparam("limit"))
    return {"parked": Query(parked), "rejected": Query(rejected), "any": Query(either)}


_OF_PUBLISHER = LEDGER.c.publisher == bindparam("publisher")
_ANYWHERE: tuple[ColumnElement[bool] | TextClause, ...] = ()

# By where they are asked for, whether of one publisher alone, and whether the list is confined to what the asker sees.
_LISTS = {
    (place, of_one, confined): _lists(*where, *([_OF_PUBLISHER] if of_one else ()), *([hidden] if confined else ()))
    for place, where, hidden in (
        ("anywhere", _ANYWHERE, OF_EVENTS),
        ("itself", (_OF_UNIT,), BUT_ACCESS),
        ("subtree", (_IN_UNIT,), BUT_ACCESS),
    )
    for of_one in (False, True)
    for confined in (False, True)
}
OUTCOMES = ("parked", "rejected", "any")

_RECEIPT = ("position", "outcome", "reason", "field", "detail", "publisher", "id", "first_position")
_between = written(
    "said",
    decided_between(":first", ":last"),
    DECIDED_COLUMNS,
    bindparam("first", type_=BigInteger),
    bindparam("last", type_=BigInteger),
)
_receipts = select(*_between.c[_RECEIPT]).order_by(_between.c.position)
_RECEIPTS, _RECEIPTS_CONFINED = Query(_receipts), Query(_receipts.where(OF_RECEIPTS))


async def event(snapshot: Snapshot, publisher: str, event_id: str) -> Said | None:
    """Return the first event of this publisher and id, None where there is none."""
    row = await _ONE.fetchrow(snapshot, id=event_id, publisher=publisher)
    if row is None:
        return None
    said = _said(row)
    if said.retracted_by is None:
        return said
    by = await _RETRACTION.fetchrow(snapshot, position=said.retracted_by)
    return said if by is None else msgspec.structs.replace(said, taken_back=_taken_back(by))


async def outcomes(
    snapshot: Snapshot,
    *,
    outcome: str,
    unit: str | None,
    publisher: str | None = None,
    after: int,
    limit: int,
    confined: Holder | None = None,
) -> tuple[list[Said], int | None]:
    """Return a page of the events of one of OUTCOMES, and the position after which the next begins.

    With a unit, those whose subject is it or below it on the last known hierarchy; of a dissolved unit, its own. With a
    publisher, those that it said. That the asker may see single events of the unit is decided before; without a unit
    the list is ``confined`` here to those that he may see. Raises UnknownUnitError.
    """
    asked: dict[str, object] = {"after": after, "limit": limit + 1, **values_of(confined)}
    place = "anywhere"
    if unit is not None:
        found = await _UNIT.fetchrow(snapshot, id=unit)
        if found is None:
            raise await unknown(snapshot, unit)
        place = "itself" if found["dissolved"] else "subtree"
        asked["unit"] = found["no"]
    if publisher is not None:
        asked["publisher"] = publisher
    rows = await _LISTS[place, publisher is not None, confined is not None][outcome].fetch(snapshot, **asked)
    return [_said(row) for row in rows[:limit]], rows[limit - 1]["position"] if len(rows) > limit else None


async def receipts(snapshot: Snapshot, first: int, last: int, confined: Holder | None = None) -> list[Receipt]:
    """Return what became of the messages from first to last, in order; those not decided yet have no receipt.

    ``confined``: only of what the asker's units sent, as their clerk, or what he may see as a single event.
    """
    query = _RECEIPTS if confined is None else _RECEIPTS_CONFINED
    return [Receipt(*row) for row in await query.fetch(snapshot, first=first, last=last, **values_of(confined))]


def _taken_back(row: Record) -> TakenBack:
    reason = msgspec.json.decode(row["body"])["data"]["reason"]  # it holds, so it was decoded before
    return TakenBack(row["publisher"], row["id"], row["position"], reason)


def _said(row: Record) -> Said:
    known = dict(row)
    body = known.pop("body")
    try:
        # Decoded in full and written anew: what is refused may be anything, and the answer must be JSON.
        shown, raw = msgspec.json.encode(msgspec.json.decode(body)), None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        shown, raw = b"null", base64.b64encode(body).decode()
    return Said(**known, event=msgspec.Raw(shown), body=raw)
