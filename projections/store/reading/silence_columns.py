"""What silence is judged by, in columns: of all units out of `packed`, or of the few below a unit out of their tables.

Both give the same columns. Of all units facts are read some months at a time, so memory grows with the units, with the
declared figures and with the facts of declared measures. Of few units it is looked up whether they have any fact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import MEASURE_NUMBERS, MEASURES
from events.vocabulary import LEVELS
from projections.answers.past.day_numbers import FIRST, LAST
from projections.answers.plans.silence_rules import (
    NOBODY,
    OPEN,
    AskedOfAll,
    DeclaredColumns,
    HeardFacts,
    Numbers,
    Places,
    Stays,
    VoiceCounter,
    Voices,
    below_on_day,
    places,
    standing,
    totals_asked,
)
from projections.rules.counting.periods import DAY_BITS, DAY_MASK, Days
from projections.store.batch.packing import DECLARATION, FACT, STAY, STOCK, PackedKind
from projections.store.calendar_sql import OPEN as OPEN_SQL
from projections.store.hierarchy_sql import below_on, on
from projections.store.reading.remembered import remembered
from projections.store.reading.snapshot import Snapshot

FACTS_AT_ONCE: Final = 2_000_000

_ALL_STAYS: Final = f"SELECT rows FROM packed WHERE kind = {PackedKind.STAYS:d}"
_DECLARED: Final = f"SELECT rows FROM packed WHERE kind = {PackedKind.DECLARATIONS:d} AND part >= $1"
_FACTS: Final = f"""
SELECT part, rows FROM packed WHERE kind = {PackedKind.FACTS:d} AND part BETWEEN $1 AND $2 ORDER BY part
"""

# A unit that was below one of these and no longer is: of it that is told alone.
_STAYS_BELOW: Final = f"""
WITH RECURSIVE {below_on("walk", "$1", "$2::date")}, here AS MATERIALIZED (SELECT unit FROM walk)
SELECT edge.unit, coalesce(edge.parent, 0), array_position($4::text[], unit_level.level),
    greatest(edge.since, unit_level.since), least(edge.until, unit_level.until), coalesce(unit.dissolved, {OPEN_SQL})
FROM here JOIN edge ON edge.unit = here.unit
JOIN unit_level ON unit_level.unit = edge.unit AND unit_level.since < edge.until AND unit_level.until > edge.since
JOIN unit ON unit.no = edge.unit
UNION ALL
SELECT edge.unit, edge.parent, 0, edge.since, edge.until, {OPEN_SQL}
FROM here JOIN edge ON edge.parent = here.unit AND edge.since <= $2 AND edge.until - 1 >= $3::date
WHERE NOT {on("$2")}
"""
_DECLARED_BELOW: Final = f"""
SELECT said.unit, coalesce(array_position($4::text[], said.figure), {STOCK}), said.first, said.last, said.value,
    said.position
FROM unnest($1::integer[]) AS here (unit) CROSS JOIN LATERAL (
    SELECT * FROM declaration WHERE declaration.unit = here.unit AND first <= $3::date AND last >= $2::date OFFSET 0
) AS said
"""
_HEARD_BELOW: Final = f"""
SELECT here.unit, EXISTS (
    SELECT FROM fact WHERE fact.unit = here.unit AND day BETWEEN $2 AND $3 AND measure = {MEASURE_NUMBERS["admissions"]}
    OFFSET 0
)
FROM unnest($1::integer[]) AS here (unit)
WHERE EXISTS (SELECT FROM fact WHERE fact.unit = here.unit AND day BETWEEN $2 AND $3 OFFSET 0)
"""

_EPOCH: Final = dt.date(2000, 1, 1).toordinal()
_FIRST_OF_ALL, _LAST_OF_ALL = dt.date.min.toordinal(), dt.date.max.toordinal()


class KnownColumns(NamedTuple):
    """What is known of the units: their numbers by index, and the columns by index."""

    numbers: Numbers
    asked: AskedOfAll
    places: Places
    declared: DeclaredColumns
    heard: Voices


async def of_everybody(snapshot: Snapshot, asked: AskedOfAll) -> KnownColumns:
    """Read what is packed of all units; of a unit that has not all below it, what concerns the others is left out."""
    days = Days(*map(dt.date.fromordinal, (asked.first, asked.last)))
    stays = await remembered(snapshot, "stays", partial(_all_stays, snapshot))
    size = 1 + int(max(asked.unit, *(column.max(initial=0) for column in (stays.units, stays.parents))))
    said = [rows for (rows,) in await snapshot.connection.fetch(_DECLARED, _month(days.first))]
    records = np.frombuffer(b"".join(said), DECLARATION)
    numbers, index = np.arange(size, dtype=np.int32), None
    if not asked.everybody:
        stays, numbers, index = _concerned(asked, stays, size)
        listed = np.zeros(size, np.bool_)
        listed[stays.units] = True
        records = records[_among(listed, records["unit"])]
    declared = standing(_declared(records, asked))
    here = asked
    if index is not None:
        stays = stays._replace(units=index[stays.units], parents=index[stays.parents])
        declared = declared._replace(units=index[declared.units])
        hidden = index[np.intersect1d(asked.hidden, numbers)]
        here = asked._replace(unit=int(index[asked.unit]), hidden=hidden)
    found = places(here, stays, len(numbers))
    measures = np.zeros(1 + len(MEASURES), np.bool_)
    measures[declared.figures[totals_asked(here, found, declared)]] = True
    hearing = VoiceCounter(len(numbers), asked.admissions, measures)
    async for block in _blocks(snapshot, days):
        if index is None:
            hearing.hear(block)
        else:
            some = np.flatnonzero(_among(listed, block.units))
            units = index[block.units[some]]
            hearing.hear(HeardFacts(units, *(column[some] for column in block[1:])))
    return KnownColumns(numbers, here, found, declared, hearing.heard())


async def _all_stays(snapshot: Snapshot) -> Stays:
    pieces = [rows for (rows,) in await snapshot.connection.fetch(_ALL_STAYS)]
    return _stays(np.frombuffer(b"".join(pieces), STAY))


def _concerned(asked: AskedOfAll, stays: Stays, size: int) -> tuple[Stays, Numbers, Numbers]:
    """Return the stays of what is below a unit, and of what was below one of these on the days and is no longer.

    With the numbers of all units in them, in order, and the index of each number among these.
    """
    here = below_on_day(asked.unit, asked.on, stays, size)
    left = stays.within(asked.first, asked.on) & ~stays.on(asked.on)
    some = np.flatnonzero(here[stays.units] | (here[stays.parents] & left))
    kept = Stays(*(column[some] for column in stays))
    concerned = np.zeros(size, np.bool_)
    concerned[[NOBODY, asked.unit]] = True
    concerned[kept.units] = True
    concerned[kept.parents] = True
    numbers = np.flatnonzero(concerned).astype(np.int32)
    index = np.zeros(size, np.int32)
    index[numbers] = np.arange(len(numbers), dtype=np.int32)
    return kept, numbers, index


def _among(marks: NDArray[np.bool_], units: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which units are marked; one that is beyond all is not."""
    found: NDArray[np.bool_] = marks[np.minimum(units, len(marks) - 1)] & (units < len(marks))
    return found


async def of_few(snapshot: Snapshot, asked: AskedOfAll) -> KnownColumns:
    """Read the units below one out of the tables; units have indices of their own."""
    first, last, holds = (dt.date.fromordinal(day) for day in (asked.first, asked.last, asked.on))
    rows = await snapshot.connection.fetch(_STAYS_BELOW, asked.unit, holds, min(first, holds), list(LEVELS))
    numbers = np.unique(np.array([NOBODY, asked.unit, *(no for row in rows for no in row[:2])], np.int32))

    def indices(units: Sequence[int] | Numbers) -> Numbers:
        return np.searchsorted(numbers, np.asarray(units, np.int32)).astype(np.int32)

    here = asked._replace(unit=int(indices([asked.unit])[0]), hidden=indices(np.intersect1d(asked.hidden, numbers)))
    units, parents, levels, *days = zip(*rows, strict=True) if rows else [()] * len(Stays._fields)
    stays = Stays(
        indices(units),
        indices(parents),
        np.array(levels, np.int16),
        *(np.array([_ordinal(day, OPEN) for day in column], np.int32) for column in days),
    )
    found = places(here, stays, len(numbers))
    of = numbers[np.unique(stays.units)].tolist()
    said = await snapshot.connection.fetch(_DECLARED_BELOW, of, first, last, list(MEASURES))
    said_by, figures, *periods, values, positions = (
        zip(*said, strict=True) if said else [()] * len(DeclaredColumns._fields)
    )
    declared = DeclaredColumns(
        indices(said_by),
        np.array(figures, np.int16),
        *(np.array([day.toordinal() for day in column], np.int32) for column in periods),
        *(np.array(column, np.int64) for column in (values, positions)),
    )
    own, admissions = np.zeros(len(numbers), np.int64), np.zeros(len(numbers), np.int64)
    for no, admitted in await snapshot.connection.fetch(_HEARD_BELOW, of, first, last):
        index = int(indices([no])[0])
        own[index], admissions[index] = 1, admitted
    return KnownColumns(numbers, here, found, standing(declared), Voices(own, admissions, None))


def _ordinal(day: dt.date, unending: int) -> int:
    return unending if day == dt.date.max else day.toordinal()


async def _blocks(snapshot: Snapshot, days: Days) -> AsyncIterator[HeardFacts]:
    """Yield the facts of the days, so many at once as are to be had in memory."""
    pieces: list[tuple[int, bytes]] = []
    size = 0
    async for part, rows in snapshot.connection.cursor(_FACTS, *map(_month, days), prefetch=60):
        pieces.append((part, rows))
        size += len(rows) // FACT.itemsize
        if size >= FACTS_AT_ONCE:
            yield _facts(pieces, days)
            pieces, size = [], 0
    if pieces:
        yield _facts(pieces, days)


def _facts(pieces: Sequence[tuple[int, bytes]], days: Days) -> HeardFacts:
    lengths = [len(rows) // FACT.itemsize for _, rows in pieces]
    records = np.frombuffer(b"".join(rows for _, rows in pieces), FACT)
    what = records["what"].astype(np.int16)
    signs = np.sign(what).astype(np.int8)
    what = np.abs(what)
    begins = np.array([dt.date(part // 100, part % 100, 1).toordinal() - 1 for part, _ in pieces], np.int32)
    on_day = np.repeat(begins, lengths) + (what & DAY_MASK)
    facts = HeardFacts(records["unit"].astype(np.int32), what >> DAY_BITS, on_day, signs)
    first, last = (day.toordinal() for day in days)
    if on_day.min() >= first and on_day.max() <= last:
        return facts
    asked = (on_day >= first) & (on_day <= last)
    return HeardFacts(*(column[asked] for column in facts))


def _stays(records: NDArray[Any]) -> Stays:
    gone = records["level"] < 0
    if gone.any():
        records = _holding(records, gone)
    units, parents, levels = (records[name].astype(np.int32) for name in ("unit", "parent", "level"))
    since, until, dissolved = (_ordinals(records[name]) for name in ("since", "until", "dissolved"))
    return Stays(units, parents, levels, since, until, dissolved)


def _holding(records: NDArray[Any], gone: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the stays that hold: of units of which some were taken back, what is left of each."""
    units = records["unit"]
    doubted = np.zeros(1 + int(units.max()), np.bool_)
    doubted[units[gone]] = True
    of_these = doubted[units]
    some, lost = records[of_these], gone[of_these]
    columns = [some[name].astype(np.int32) for name in STAY.names or ()]
    columns[_LEVEL] = np.abs(columns[_LEVEL])
    order = np.lexsort(columns)
    alike = np.ones(len(order), np.bool_)
    alike[1:] = np.any([column[order[1:]] != column[order[:-1]] for column in columns], axis=0)
    begins = np.flatnonzero(alike)
    net = np.add.reduceat(np.where(lost[order], -1, 1), begins)
    left = some[order[begins[net > 0]]]
    left["level"] = np.abs(left["level"])
    return np.concatenate((records[~of_these], left))


_LEVEL: Final = (STAY.names or ()).index("level")


def _declared(records: NDArray[Any], asked: AskedOfAll) -> DeclaredColumns:
    gone = records["position"][records["figure"] < 0]
    if len(gone):
        records = records[~np.isin(records["position"], gone)]
    first, last = (_ordinals(records[name], civil=True) for name in ("first", "last"))
    shares = (first <= asked.last) & (last >= asked.first)
    return DeclaredColumns(
        records["unit"][shares].astype(np.int32),
        records["figure"][shares].astype(np.int16),
        first[shares],
        last[shares],
        *(records[name][shares].astype(np.int64) for name in ("value", "position")),
    )


def _ordinals(days: NDArray[Any], *, civil: bool = False) -> Numbers:
    """Return days as ordinals; the last of all is the end of what goes on, unless it is a ``civil`` day."""
    packed = days.astype(np.int64)
    lowest, highest = packed == FIRST, packed == LAST
    packed += _EPOCH
    packed[lowest] = _FIRST_OF_ALL
    packed[highest] = _LAST_OF_ALL if civil else OPEN
    return packed.astype(np.int32)


def _month(day: dt.date) -> int:
    return day.year * 100 + day.month
