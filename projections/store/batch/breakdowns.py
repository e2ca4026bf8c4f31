"""The breakdowns of vast units: facts are appended as they come, and summed up by years once there are many of them.

A batch adds pieces and changes none, whatever it does. What is not summed up yet is read beside the years.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from projections.rules.counting.breakdown import (
    FACT,
    NUMBER,
    BreakdownPieces,
    Integers,
    by_year,
    joined,
    net,
    pieces_of,
)
from projections.rules.counting.periods import MONTH_BASE, YEAR_BASE
from projections.store.batch.breakdown_days import add_days
from projections.store.batch.small_pieces import together

WORTH: Final = 262_144
"""Facts that are appended before they are summed up, each as often as there are vast units above it.

A year is written whole for each unit and measure: so it is seldom done. A reader of the root goes through half of them.
"""
AT_REST: Final = 16_384
"""Facts that are summed up while no events come: then a reader goes through hardly any."""
WITH_A_BATCH: Final = 131_072
"""Facts that one batch sums up, or a little more: a move of a million leaves the rest to those that follow."""
AT_ONCE: Final = 65_536
"""Facts that are summed up at once, or all that a unit has of a year: some 10 MB of them."""
YEARS_AT_ONCE: Final = 128
"""Units' years that are: each has some 40 kB of numbers."""
_OFTEN: Final = 256
"""Batches after which small pieces are put together: large batches are summed up before."""

_ADD: Final = """
INSERT INTO breakdown (unit, month, summed, rows)
SELECT unit, month, $4, rows FROM unnest($1::integer[], $2::integer[], $3::bytea[]) AS added(unit, month, rows)
"""
_NEW_TOGETHER: Final = together("breakdown", ("unit", "month"), "NOT breakdown.summed", kept=("summed",))
_SUMMED_TOGETHER: Final = together("breakdown", ("unit", "month"), "breakdown.summed", kept=("summed",))
_WAITING: Final = f"""
SELECT unit, (month - {MONTH_BASE}) / 100 AS year, sum(octet_length(rows))::bigint / {FACT.itemsize}
FROM breakdown WHERE NOT summed GROUP BY 1, 2 ORDER BY 1, 2
"""
_TAKE: Final = f"""
DELETE FROM breakdown USING unnest($1::integer[], $2::integer[]) AS asked(unit, year)
WHERE breakdown.unit = asked.unit AND NOT summed
    AND month BETWEEN {MONTH_BASE} + year * 100 + 1 AND {MONTH_BASE} + year * 100 + 12
RETURNING breakdown.unit, month, rows
"""
_TAKE_SUMMED: Final = """
DELETE FROM breakdown USING unnest($1::integer[], $2::integer[]) AS asked(unit, month)
WHERE breakdown.unit = asked.unit AND breakdown.month = asked.month AND summed
RETURNING breakdown.unit, breakdown.month, breakdown.rows
"""
_YEARS: Final = """
SELECT asked.place, year.codes, year.pairs
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::smallint[]) AS asked(place, unit, year, measure)
JOIN breakdown_year AS year
    ON year.unit = asked.unit AND year.year = asked.year AND year.measure = asked.measure
"""
_WRITE: Final = """
INSERT INTO breakdown_year (unit, year, measure, codes, pairs)
SELECT * FROM unnest($1::integer[], $2::integer[], $3::smallint[], $4::bytea[], $5::bytea[])
ON CONFLICT (unit, year, measure) DO UPDATE SET codes = excluded.codes, pairs = excluded.pairs
"""


class BreakdownPiece(NamedTuple):
    """Facts below a vast unit in a month."""

    unit: int
    month: int
    facts: NDArray[Any]


class YearRow(NamedTuple):
    """What a vast unit has in a year of a measure: a row of `breakdown_year`, its numbers not yet written."""

    unit: int
    year: int
    measure: int
    codes: Integers
    pairs: Integers

    def stored(self) -> tuple[int, int, int, bytes, bytes]:
        """Return it as it is stored."""
        return *self[:3], self.codes.astype(NUMBER).tobytes(), self.pairs.astype(NUMBER).tobytes()


class Breakdowns:
    """Adds to breakdowns, in the transaction of who asks for it; of no use after one that was rolled back.

    How much is to be summed up is looked up once. Which pieces lack their days is looked up each time that some may.
    """

    def __init__(self) -> None:
        self._waiting: int | None = None
        self._lacking = True
        self._added = 0

    async def add(self, connection: asyncpg.Connection, keys: Integers, facts: NDArray[Any]) -> None:
        """Append facts by the keys of their unit and month, as they are signed."""
        await self.add_pieces(connection, pieces_of(keys, facts))

    async def add_pieces(self, connection: asyncpg.Connection, pieces: BreakdownPieces) -> None:
        """Append facts that are put together already."""
        if not pieces.facts:
            return
        await connection.execute(_ADD, *pieces, False)
        self._added += 1
        if self._waiting is not None:
            self._waiting += sum(map(len, pieces.facts)) // FACT.itemsize

    @property
    def due(self) -> bool:
        """Whether there is enough to be summed up while nothing else is to be done, as far as it is known."""
        return self._waiting is None or self._waiting >= AT_REST or self._lacking

    async def rest(self, connection: asyncpg.Connection) -> None:
        """Sum up a part of what was added, as much as takes a tenth of a second, where there is enough of it.

        And make a part of what large pieces lack.
        """
        waiting = await self._look(connection)
        if waiting >= AT_REST:
            self._waiting = waiting - await sum_up(connection, AT_ONCE)
        self._lacking = await add_days(connection, AT_ONCE)

    async def finish(self, connection: asyncpg.Connection) -> None:
        """Sum up what was added, or put its small pieces together, where there is enough of it."""
        waiting = await self._look(connection)
        if waiting >= WORTH:
            self._waiting = waiting - await sum_up(connection, WITH_A_BATCH)
            self._lacking = await add_days(connection, WITH_A_BATCH)
        elif self._added >= _OFTEN:
            await connection.execute(_NEW_TOGETHER)
            self._added = 0

    async def _look(self, connection: asyncpg.Connection) -> int:
        if self._waiting is None:
            self._waiting = sum(n for *_, n in await connection.fetch(_WAITING))
        return self._waiting


async def sum_up(connection: asyncpg.Connection, most: int | None = None) -> int:
    """Sum up what is not yet, in the generation that the session sees; return how many facts.

    All, or of the units' years those that have the most, until there are ``most``. The caller owns the transaction.
    """
    waiting = [tuple(row) for row in await connection.fetch(_WAITING)]
    if most is not None:
        waiting = _largest(waiting, most)
    years: list[tuple[int, int]] = []
    amount = 0
    for unit, year, n in waiting:
        if years and (amount + n > AT_ONCE or len(years) >= YEARS_AT_ONCE):
            await _sum_up(connection, years)
            years, amount = [], 0
        years.append((unit, year))
        amount += n
    if years:
        await _sum_up(connection, years)
    await connection.execute(_SUMMED_TOGETHER)
    return sum(n for *_, n in waiting)


def _largest(waiting: Sequence[tuple[int, int, int]], most: int) -> list[tuple[int, int, int]]:
    """Return those units' years that have the most facts, in their order, until they have as many as asked for."""
    chosen, amount = [], 0
    for each in sorted(waiting, key=lambda row: -row[2]):
        if amount >= most:
            break
        chosen.append(each)
        amount += each[2]
    return sorted(chosen)


async def _sum_up(connection: asyncpg.Connection, years: Sequence[tuple[int, int]]) -> None:
    """Sum up what some units have of some years."""
    taken = [piece_of(*row) for row in await connection.fetch(_TAKE, *zip(*years, strict=True))]
    months: dict[tuple[int, int], list[NDArray[Any]]] = {}
    for unit, month, facts in taken:
        months.setdefault((unit, month), []).append(facts)
    less = [key for key, pieces in months.items() if any((facts["what"] < 0).any() for facts in pieces)]
    if less:
        asked = [unit for unit, _ in less], [month for _, month in less]
        for unit, month, rows in await connection.fetch(_TAKE_SUMMED, *asked):
            months[unit, month].append(piece_of(unit, month, rows).facts)
    left = {key: joined(pieces) for key, pieces in months.items()}
    for key in less:
        left[key] = net(left[key])
    kept = [(*key, left[key].tobytes()) for key in sorted(left) if len(left[key])]
    if kept:
        await connection.execute(_ADD, *zip(*kept, strict=True), True)
    await _add_to_years(connection, year_rows(taken))


def piece_of(unit: int, month: int, rows: bytes) -> BreakdownPiece:
    """Read a piece as it is stored."""
    return BreakdownPiece(unit, month, np.frombuffer(rows, FACT))


def year_of(month: int) -> int:
    """Return the year of a month; both are periods."""
    return YEAR_BASE + (month - MONTH_BASE) // 100


def year_rows(pieces: Iterable[BreakdownPiece]) -> list[YearRow]:
    """Sum pieces up by unit, year and measure, in this order."""
    pieces = list(pieces)
    keys = [(piece.unit, year_of(piece.month)) for piece in pieces]
    numbers = {key: row for row, key in enumerate(sorted({*keys}))}
    row = np.repeat(np.array([numbers[key] for key in keys], np.int64), [len(piece.facts) for piece in pieces])
    facts = joined(piece.facts for piece in pieces)
    found = []
    for measure, codes, pairs in by_year(row, facts, len(numbers)):
        said = np.any(codes, axis=1) | np.any(pairs, axis=1)
        found += [
            YearRow(*key, measure, codes[at], pairs[at])
            for (key, at), any_ in zip(numbers.items(), said.tolist(), strict=True)
            if any_
        ]
    return sorted(found, key=lambda each: each[:3])


async def _add_to_years(connection: asyncpg.Connection, rows: Sequence[YearRow]) -> None:
    if not rows:
        return
    units, years, measures = zip(*(row[:3] for row in rows), strict=True)
    for place, codes, pairs in await connection.fetch(_YEARS, list(range(len(rows))), units, years, measures):
        for added, stored in ((rows[place].codes, codes), (rows[place].pairs, pairs)):
            before = np.frombuffer(stored, NUMBER)
            added[: len(before)] += before
    await connection.execute(_WRITE, *zip(*(row.stored() for row in rows), strict=True))
