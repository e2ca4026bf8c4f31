"""What became of events: by publisher and id, those parked and rejected, receipts by position (contract §2, §5)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from events.vocabulary import Outcome
from projections.answers.report.report_answers import Receipt, Said, TakenBack
from projections.store.hierarchy_sql import LAST_KNOWN, above
from projections.store.log.outcome_sql import DECIDED, DECIDED_BETWEEN
from projections.store.reading.find_unit import unknown
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

_COLUMNS = """position, outcome, reason, field, detail, publisher, id, type, subject, published_at, held_at,
    retracted_at, retracted_by, first_position, body"""

_ONE = f"SELECT {_COLUMNS} FROM {DECIDED} AS said WHERE id = $1 AND publisher = $2 AND first"

_RETRACTION = "SELECT publisher, id, position, body FROM ledger WHERE position = $1"

_UNIT = "SELECT no, dissolved IS NOT NULL AS dissolved FROM unit WHERE id = $1"

# As last known (contract §5, parked): from the subject up its open edges.
_IN_UNIT = f"""AND EXISTS (
    WITH RECURSIVE {above("up", "SELECT no FROM unit WHERE unit.id = ledger.subject", LAST_KNOWN)}
    SELECT FROM up WHERE up.unit = $3
)"""
_OF_UNIT = "AND ledger.subject = (SELECT unit.id FROM unit WHERE unit.no = $3)"


def _listed(outcome: str, of_unit: str) -> str:
    # What waits and what is rejected has a verdict, always, and is found by it.
    return f"""
SELECT {_COLUMNS}
FROM verdict JOIN ledger USING (position)
WHERE outcome = '{outcome}' AND position > $1 {of_unit}
ORDER BY position
LIMIT $2
"""


def _lists(of_unit: str) -> dict[str, str]:
    parked, rejected = (_listed(outcome, of_unit) for outcome in (Outcome.PARKED, Outcome.REJECTED))
    either = f"SELECT * FROM (({parked}) UNION ALL ({rejected})) AS either ORDER BY position LIMIT $2"
    return {"parked": parked, "rejected": rejected, "any": either}


_OF_ALL, _OF_ITSELF, _OF_SUBTREE = _lists(""), _lists(_OF_UNIT), _lists(_IN_UNIT)
OUTCOMES = tuple(_OF_ALL)

_RECEIPTS = f"""
SELECT position, outcome, reason, field, detail, publisher, id, first_position
FROM {DECIDED_BETWEEN} AS said ORDER BY position
"""


async def event(snapshot: Snapshot, publisher: str, event_id: str) -> Said | None:
    """Return the first event of this publisher and id, None where there is none."""
    row = await snapshot.connection.fetchrow(_ONE, event_id, publisher)
    if row is None:
        return None
    said = _said(row)
    if said.retracted_by is None:
        return said
    by = await snapshot.connection.fetchrow(_RETRACTION, said.retracted_by)
    return said if by is None else msgspec.structs.replace(said, taken_back=_taken_back(by))


async def outcomes(
    snapshot: Snapshot, *, outcome: str, unit: str | None, after: int, limit: int
) -> tuple[list[Said], int | None]:
    """Return a page of the events of one of OUTCOMES, and the position after which the next begins.

    With a unit, those whose subject is it or below it on the last known hierarchy; of a dissolved unit, its own.
    Raises UnknownUnitError.
    """
    lists, bound = _OF_ALL, [after, limit + 1]
    if unit is not None:
        asked = await snapshot.connection.fetchrow(_UNIT, unit)
        if asked is None:
            raise await unknown(snapshot, unit)
        lists = _OF_ITSELF if asked["dissolved"] else _OF_SUBTREE
        bound.append(asked["no"])
    rows = await snapshot.connection.fetch(lists[outcome], *bound)
    return [_said(row) for row in rows[:limit]], rows[limit - 1]["position"] if len(rows) > limit else None


async def receipts(snapshot: Snapshot, first: int, last: int) -> list[Receipt]:
    """Return what became of the messages from first to last, in order; those not decided yet have no receipt."""
    return [Receipt(*row) for row in await snapshot.connection.fetch(_RECEIPTS, first, last)]


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
