"""Facts, declared figures and the hierarchy once more, in columns: for who looks at all units at once (decision 0049).

A row of `packed` is a piece of one part: facts by the month of their day, declared figures by the month of their last
day, the hierarchy by numbers of units. A batch adds pieces and changes none: what is taken back is one more record,
with a sign. So a part says what holds in whatever order its pieces are read, and a move touches no fact. Numbers are
big-endian, days those of PostgreSQL (`date_send`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

import asyncpg
import numpy as np

from events.catalogue import MEASURES
from events.vocabulary import LEVELS
from projections.rules.counting.batch_changes import Changes, Dated, Deltas, FactRow, Structure
from projections.rules.counting.periods import DAY_BITS, day_period
from projections.rules.counting.pieces import cut
from projections.rules.counting.plans import DeclarationRow
from projections.rules.hierarchy.unit import FOREVER
from projections.store.batch.small_pieces import MANY, together
from projections.store.calendar_sql import COPIED_ENDS, OPEN, period_of


class PackedKind(IntEnum):
    """What a piece holds."""

    FACTS = 1
    DECLARATIONS = 2
    STAYS = 3


FACT: Final = np.dtype([("unit", ">i4"), ("what", ">i2")])
"""``what`` is ``measure << 5 | day of the month``, less than 0 where the fact was taken back."""

STOCK: Final = 99
"""The figure of a declared stock: which one it is, nobody asks of all units at once."""
DECLARATION: Final = np.dtype(
    [("unit", ">i4"), ("figure", ">i2"), ("first", ">i4"), ("last", ">i4"), ("value", ">i8"), ("position", ">i8")]
)
"""``figure`` is the number of the measure, or `STOCK`; less than 0 where it was taken back."""

STAY: Final = np.dtype(
    [("unit", ">i4"), ("parent", ">i4"), ("level", ">i2"), ("since", ">i4"), ("until", ">i4"), ("dissolved", ">i4")]
)
"""Days ``[since, until)`` on which a unit has the raw ``parent`` (0: none) and the ``level``, its place among LEVELS
from 1 on, less than 0 where it was taken back; ``dissolved`` is the day of its dissolution, the last of all where it
stands."""

UNIT_BITS: Final = 10
"""Units of a part of the hierarchy."""

_EVERY: Final = 8_192
"""Positions after which small pieces are put together."""


def _texts(words: Iterable[str]) -> str:
    return f"'{{{','.join(words)}}}'::text[]"


_PERIOD: Final = period_of("fact.day")
_FACTS: Final = f"""
SELECT {PackedKind.FACTS:d}, {_PERIOD} / 100,
    string_agg(int4send(unit) || int2send((measure << {DAY_BITS} | {_PERIOD} % 100)::smallint), ''::bytea)
FROM fact GROUP BY 2
"""
_LAST_MONTH: Final = f"{period_of('declaration.last')} / 100"


def _declarations(sign: int, where: str) -> str:
    figure = f"({sign} * coalesce(array_position({_texts(MEASURES)}, figure), {STOCK}))::smallint"
    return f"""
SELECT {PackedKind.DECLARATIONS:d}, {_LAST_MONTH}, string_agg(
    int4send(unit) || int2send({figure}) || date_send(first) || date_send(last)
    || int8send(value) || int8send(position), ''::bytea)
FROM declaration WHERE {where} GROUP BY 2
"""


def _stays(sign: int, where: str) -> str:
    return f"""
SELECT {PackedKind.STAYS:d}, edge.unit >> {UNIT_BITS}, string_agg(
    int4send(edge.unit) || int4send(coalesce(edge.parent, 0))
    || int2send(({sign} * array_position({_texts(LEVELS)}, unit_level.level))::smallint)
    || date_send(greatest(edge.since, unit_level.since)) || date_send(least(edge.until, unit_level.until))
    || date_send(coalesce(unit.dissolved, {OPEN})), ''::bytea)
FROM edge
JOIN unit_level ON unit_level.unit = edge.unit AND unit_level.since < edge.until AND unit_level.until > edge.since
JOIN unit ON unit.no = edge.unit
WHERE {where} GROUP BY 2
"""


_INTO: Final = "INSERT INTO packed (kind, part, rows)"
_PIECES: Final = f"{_INTO} SELECT * FROM unnest($1::smallint[], $2::integer[], $3::bytea[])"
_SAID: Final = f"{_INTO} {_declarations(1, 'position = ANY($1::bigint[])')}"
_UNSAID: Final = f"{_INTO} {_declarations(-1, 'position = ANY($1::bigint[])')}"
_LEFT: Final = f"{_INTO} {_stays(-1, 'edge.unit = ANY($1::integer[])')}"
_TOGETHER: Final = together("packed", ("kind", "part"), f"packed.kind <> {PackedKind.STAYS:d}")
_WORN: Final = f"""
DELETE FROM packed WHERE kind = {PackedKind.STAYS:d} AND part IN (
    SELECT part FROM packed WHERE kind = {PackedKind.STAYS:d} GROUP BY 1 HAVING count(*) >= {MANY}
) RETURNING part
"""
_AGAIN: Final = f"{_INTO} {_stays(1, f'edge.unit BETWEEN $1 AND $1 + {(1 << UNIT_BITS) - 1}')}"
_ALL: Final = (
    "DELETE FROM packed",
    f"{_INTO} {_FACTS}",
    f"{_INTO} {_declarations(1, 'true')}",
    f"{_INTO} {_stays(1, 'true')}",
)


class PackedPieces(NamedTuple):
    """Pieces, column by column: their kinds, their parts, and what is in them."""

    kinds: list[int]
    parts: list[int]
    rows: list[bytes]


def pieces_of(changes: Changes) -> PackedPieces:
    """Pack the facts that a batch counts and counts no longer, and where the units that it touches stand at its end."""
    counted, lost = [], []
    for step in changes.steps:
        if isinstance(step, Deltas):
            counted += step.counted
            lost += step.uncounted
    pieces = PackedPieces([], [], [])
    if counted or lost:
        _add_facts(pieces, counted, lost)
    if changes.structure.edges:
        _add_stays(pieces, changes.structure)
    return pieces


def _add_facts(pieces: PackedPieces, counted: Sequence[FactRow], lost: Sequence[FactRow]) -> None:
    numbers: dict[tuple[dt.date, int], int] = {}
    which = [numbers.setdefault((row.day, row.measure), len(numbers)) for rows in (counted, lost) for row in rows]
    known = np.array([(*divmod(day_period(day), 100), measure) for day, measure in numbers], np.int32)
    months, days, measures = known[which].T
    records = np.empty(len(which), FACT)
    records["unit"] = np.fromiter((row.unit for rows in (counted, lost) for row in rows), np.int32, len(which))
    what = measures << DAY_BITS | days
    what[len(counted) :] *= -1
    records["what"] = what
    parts, rows = cut(months, records)
    pieces.kinds.extend([PackedKind.FACTS] * len(rows))
    pieces.parts.extend(parts.tolist())
    pieces.rows.extend(rows)


def _add_stays(pieces: PackedPieces, structure: Structure) -> None:
    levels: dict[int, list[Dated]] = {}
    for level in structure.levels:
        levels.setdefault(level.unit, []).append(level)
    dissolved = {row.no: _packed_day(row.dissolved or FOREVER) for row in structure.units}
    parts: dict[int, list[bytes]] = {}
    for unit, (begun, ended, parent) in structure.edges:
        for level in levels[unit]:
            since, until = max(begun, level.since), min(ended, level.until)
            if since < until:
                place = (unit, parent or 0, _LEVEL_NUMBERS[level.value], _packed_day(since), _packed_day(until))
                parts.setdefault(unit >> UNIT_BITS, []).append(_stay(*place, dissolved[unit]))
    pieces.kinds.extend([PackedKind.STAYS] * len(parts))
    pieces.parts.extend(parts)
    pieces.rows.extend(map(b"".join, parts.values()))


_LEVEL_NUMBERS: Final = {level: number for number, level in enumerate(LEVELS, start=1)}
_stay: Final = Struct(">iihiii").pack


@lru_cache(maxsize=4_096)
def _packed_day(day: dt.date) -> int:
    return COPIED_ENDS.get(day, day.toordinal() - _EPOCH)


_EPOCH: Final = dt.date(2000, 1, 1).toordinal()


async def take_back(connection: asyncpg.Connection, structure: Structure) -> None:
    """Take back where units stood that a batch touches; the tables say it still. The caller owns the transaction."""
    if structure.known_before:
        await connection.execute(_LEFT, list(structure.known_before))


async def add(connection: asyncpg.Connection, changes: Changes, pieces: PackedPieces) -> None:
    """Add what a batch changes; the caller owns the transaction."""
    if pieces.parts:
        await connection.execute(_PIECES, *pieces)
    if changes.after // _EVERY != changes.position // _EVERY:
        await put_together(connection)


async def put_together(connection: asyncpg.Connection) -> None:
    """Make one piece of small ones where a part has many; the caller owns the transaction.

    The hierarchy's are packed anew, so that nothing is left of where units stood before.
    """
    await connection.execute(_TOGETHER)
    for part in sorted({part for (part,) in await connection.fetch(_WORN)}):
        await connection.execute(_AGAIN, part << UNIT_BITS)


async def add_declarations(connection: asyncpg.Connection, changes: Changes) -> None:
    """Add those that the batch made and those that it takes back, as long as the table has both."""
    made = [row.position for row in changes.plans_made if isinstance(row, DeclarationRow)]
    for statement, positions in ((_SAID, made), (_UNSAID, changes.plans_unmade)):
        if positions:
            await connection.execute(statement, positions)


async def pack_all(connection: asyncpg.Connection) -> None:
    """Pack everything anew from the tables of the generation that the session sees; the caller owns the transaction."""
    for statement in _ALL:
        await connection.execute(statement)


def records_of(pieces: Iterable[tuple[int, int, bytes]]) -> Mapping[tuple[int, int], bytes]:
    """Put the pieces (kind, part, rows) of each part together."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for kind, part, rows in pieces:
        found.setdefault((kind, part), []).append(rows)
    return {key: b"".join(rows) for key, rows in found.items()}
