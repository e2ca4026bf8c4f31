"""How many events came to hold or were taken back between two positions at or below units that somebody watches.

It goes from what changed upwards, so that one question is for all who watch: what it costs depends on what was said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from projections.rules.counting.periods import ONE_DAY
from projections.store.calendar_sql import OPEN, holds_within
from projections.store.hierarchy_sql import LAST_KNOWN, above, on
from projections.store.reading.said_then import numbers_of
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

# What held and was taken back since, but for facts, which are kept in `former_fact`, and words on access.
_TAKEN_BACK: Final = """
SELECT position, subject, type, body, held_at, retracted_at FROM verdict JOIN ledger USING (position)
WHERE retracted_at > $1 AND held_at IS NOT NULL AND (held_at BETWEEN $1 + 1 AND $2 OR retracted_at <= $2)
    AND NOT starts_with(type, 'access.')
    AND NOT EXISTS (SELECT FROM former_fact WHERE former_fact.position = verdict.position)
"""
_LATE: Final = "SELECT FROM verdict WHERE verdict.position = {table}.position AND held_at > verdict.position"


def _held(table: str, columns: str, joined: str = "") -> str:
    """Write what of a table came to hold in between: at once, or when what it waited for was known."""
    return f"""SELECT 2 * {table}.position, {columns} FROM {table} {joined}
        WHERE {table}.position > $1 AND {table}.position <= $2 AND NOT EXISTS ({_LATE.format(table=table)})
    UNION ALL SELECT 2 * {table}.position, {columns} FROM verdict JOIN {table} USING (position) {joined}
        WHERE held_at > $1 AND held_at <= $2 AND held_at > verdict.position"""


# `changed`: what came to hold (even numbers) or was taken back (odd ones); where, by the hierarchy of which days, and
# the days whose figures it changes. A change of the hierarchy is one for the line on the day before it too, for the
# parent of that day as that stands later, and for the one that another statement of its very day names.
# `lately`: the line as last known; `settled`: the day from which on it was the same; `formerly`: those of days before.
_OF_DAY: Final = "unit, day, day, day, day"
_OF_PLAN: Final = "unit, first, first, first, last"
_FROM: Final = f"statement.since - 1, {OPEN}::date, statement.since, {OPEN}::date"
_BEFORE: Final = f"JOIN edge ON edge.unit = statement.unit AND {on('(statement.since - 1)')}"
_BESIDE: Final = "JOIN statement AS beside ON beside.unit = statement.unit AND beside.since = statement.since"
_COUNTED: Final = f"""
WITH RECURSIVE changed (change, unit, day, until, first, last) AS (
    {_held("fact", _OF_DAY)}
    UNION ALL SELECT 2 * position, unit.no, day, day, day, day FROM former_fact JOIN unit ON unit.id = former_fact.unit
        WHERE retracted_at > $1 AND held_at > $1 AND held_at <= $2
    UNION ALL SELECT 2 * position + 1, unit.no, day, day, day, day
        FROM former_fact JOIN unit ON unit.id = former_fact.unit
        WHERE retracted_at > $1 AND retracted_at <= $2
    UNION ALL {_held("target", _OF_PLAN)}
    UNION ALL {_held("declaration", _OF_PLAN)}
    UNION ALL {_held("statement", f"statement.unit, {_FROM}")}
    UNION ALL {_held("statement", f"edge.parent, {_FROM}", _BEFORE)}
    UNION ALL {_held("statement", f"coalesce(beside.parent, beside.successor), {_FROM}", _BESIDE)}
    UNION ALL SELECT * FROM unnest($6::bigint[], $7::integer[], $8::date[], $9::date[], $10::date[], $11::date[])
), {
    above(
        "lately",
        "SELECT DISTINCT unit, unit, '-infinity'::date FROM changed WHERE unit IS NOT NULL",
        LAST_KNOWN,
        {"start": "lately.start", "settled": "greatest(lately.settled, edge.since)"},
        where="edge.parent IS NOT NULL",
    )
}, settled AS MATERIALIZED (
    SELECT start, max(settled) AS since FROM lately GROUP BY start
), {
    above(
        "formerly",
        "SELECT DISTINCT unit, unit, day, until, day FROM changed JOIN settled ON start = unit WHERE day < since",
        holds_within("edge", "formerly.first", "formerly.last"),
        {
            "start": "formerly.start",
            "first": "greatest(edge.since, formerly.first)",
            "last": "least(edge.until - 1, formerly.last)",
            "day": "formerly.day",
        },
        where="edge.parent IS NOT NULL",
    )
}, watch AS MATERIALIZED (
    SELECT unit.no AS unit, watch.first, watch.last, watch.no, dissolved
    FROM unnest($3::text[], $4::date[], $5::date[]) WITH ORDINALITY AS watch (id, first, last, no)
        JOIN unit USING (id)
), line AS (
    SELECT watch.*, start, NULL::date AS day, settled.since
        FROM watch JOIN lately USING (unit) JOIN settled USING (start)
    UNION ALL SELECT watch.*, start, day, formerly.first FROM watch JOIN formerly USING (unit)
)
SELECT line.no, count(DISTINCT change) AS events
FROM line JOIN changed ON changed.unit = line.start AND (line.day IS NULL OR line.day = changed.day)
WHERE changed.first <= line.last AND changed.last >= line.first AND (
    line.unit = line.start OR line.dissolved IS NULL
    OR (changed.until >= line.since AND greatest(changed.day, line.since) < line.dissolved)
)
GROUP BY line.no
"""


class Watched(NamedTuple):
    """A unit, by its id, and the days whose figures are of interest: all, unless told otherwise."""

    unit: str
    first: dt.date = dt.date.min
    last: dt.date = dt.date.max


class _Data(msgspec.Struct):
    """What tells the days of an event, and the other units of a change of the hierarchy."""

    since: dt.date | None = None
    on: dt.date | None = None
    first: dt.date | None = msgspec.field(default=None, name="from")
    last: dt.date | None = msgspec.field(default=None, name="to")
    parent: str | None = None
    successor: str | None = None


class _Body(msgspec.Struct):
    data: _Data


class _Change(NamedTuple):
    """One row of `changed`."""

    change: int
    unit: int
    day: dt.date
    until: dt.date
    first: dt.date
    last: dt.date


_body = msgspec.json.Decoder(_Body)


async def news_between(snapshot: Snapshot, after: int, until: int, watches: Sequence[Watched]) -> list[int]:
    """Count the events after a position up to another that the snapshot has passed, for each of those who watch.

    An event counts at a unit where its own unit is at or below it on either basis (contract §4); below a dissolved
    unit that is on the days before its dissolution alone, as its figures are.
    """
    taken_back = await _taken_back(snapshot, after, until)
    rows = await snapshot.connection.fetch(
        _COUNTED,
        *(after, until),
        *map(list, zip(*watches, strict=True)),
        *([each[column] for each in taken_back] for column in range(len(_Change._fields))),
    )
    found = [0] * len(watches)
    for row in rows:
        found[row["no"] - 1] = row["events"]
    return found


async def _taken_back(snapshot: Snapshot, after: int, until: int) -> list[_Change]:
    """Return what was said of plans and the hierarchy and is no more; the tables don't have it."""
    rows = await snapshot.connection.fetch(_TAKEN_BACK, after, until)
    if not rows:
        return []
    said = [(row, _body.decode(row["body"]).data) for row in rows]
    named = {row["subject"] for row in rows}
    named |= {unit for _, data in said for unit in (data.parent, data.successor) if unit is not None}
    numbers = await numbers_of(snapshot, named)
    return [
        _Change(change, numbers[unit], *days)
        for row, data in said
        for days in [_days_of(data)]
        for change in _changes(row, after, until)
        for unit in (row["subject"], data.parent, data.successor)
        if unit in numbers
    ]


def _changes(row: Record, after: int, until: int) -> list[int]:
    """Return what of an event that was taken back falls in between: that it came to hold, that it ceased to."""
    held = [2 * row["position"]] if after < row["held_at"] <= until else []
    return held + ([2 * row["position"] + 1] if row["retracted_at"] <= until else [])


def _days_of(data: _Data) -> tuple[dt.date, dt.date, dt.date, dt.date]:
    """Return the days by whose hierarchy an event counts, and those whose figures it changes."""
    if data.since is not None:
        before = data.since if data.since == dt.date.min else data.since - ONE_DAY
        return before, dt.date.max, data.since, dt.date.max
    first = data.on or data.first or dt.date.min
    return first, first, first, data.on or data.last or dt.date.max
