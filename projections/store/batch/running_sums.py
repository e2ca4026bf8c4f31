"""The running sums of large units, written whole: what the rows hold is remembered from one batch to the next.

A row that lately changed is likely to change again. Whoever adds to it knows what it holds, adds in an array, and
PostgreSQL has a value to put there and nothing to work out. Each time that it is asked it waits for a piece of other
work, and for as long as the arrays take: so it is asked once for all that is missing, and told once all that is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from projections.rules.counting.batch_changes import PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT
from projections.rules.counting.periods import DAYS, MONTHS
from projections.rules.counting.running_sums import WIDTH, Integers, Rows, read, rows_of, stored

KEPT: Final = 6_144
"""Rows of months that are remembered, and as many of years: seven megabytes, and three."""
AT_ONCE: Final = 4_096
"""Counters of days that are worked on at once, or all that one unit has."""

_READ: Final = """
SELECT asked.place, running_sum.sums
FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS asked(place, unit, period)
JOIN running_sum ON running_sum.unit = asked.unit AND running_sum.period = asked.period
"""
_WRITE: Final = """
INSERT INTO running_sum (unit, period, sums)
SELECT * FROM unnest($1::integer[], $2::integer[], $3::bytea[])
ON CONFLICT (unit, period) DO UPDATE SET sums = excluded.sums
"""


class _Remembered:
    """Rows of one kind, as they are in the database once what was written is committed."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._places: dict[int, int] = {}
        self._rows: NDArray[np.int32] = np.zeros((0, steps, WIDTH), np.int32)

    def lacks(self, keys: list[int]) -> list[int]:
        """Return the keys of those rows that have to be read; all are forgotten where there is no room for these."""
        missing = [key for key in keys if key not in self._places]
        if len(self._places) + len(missing) > KEPT:
            self._places.clear()
            return keys
        return missing

    def add(self, rows: Rows, keys: list[int], lacked: list[int], held: Mapping[int, bytes]) -> list[bytes]:
        """Add to rows, and return them as they are to be stored.

        ``held`` are those that were read, by their places among the keys that it lacked; the others are not there yet.
        """
        loaded = np.zeros((len(lacked), self._steps, WIDTH), np.int32)
        for place, sums in held.items():
            loaded[place] = read(sums, self._steps)
        if len(keys) > KEPT:
            return stored((loaded + rows.added).reshape(len(keys), -1))
        first = len(self._places)
        self._make_room(first + len(lacked))
        self._rows[first : first + len(lacked)] = loaded
        self._places.update(zip(lacked, range(first, first + len(lacked)), strict=True))
        places = [self._places[key] for key in keys]
        now = self._rows[places] + rows.added
        self._rows[places] = now
        return stored(now.reshape(len(keys), -1))

    def _make_room(self, size: int) -> None:
        if size > len(self._rows):
            grown = np.zeros((min(max(2 * size, 64), max(KEPT, size)), self._steps, WIDTH), np.int32)
            grown[: len(self._rows)] = self._rows
            self._rows = grown


class Lacking(NamedTuple):
    """Of months and of years: the keys of the rows that were not remembered, and those that are there, by place."""

    keys: tuple[list[int], list[int]]
    held: tuple[dict[int, bytes], dict[int, bytes]]


class ToWrite(NamedTuple):
    """Rows as they are to be written, column by column."""

    units: list[int]
    periods: list[int]
    sums: list[bytes]


class RunningSums:
    """Adds to running sums, in the transaction of who asks for it; of no use after one that was rolled back.

    All that is written to them in a generation goes through one of these as long as it is used.
    """

    def __init__(self) -> None:
        self._kinds = _Remembered(DAYS), _Remembered(MONTHS)

    async def add(self, connection: asyncpg.Connection, keys: Integers, n: Integers) -> None:
        """Add to what the days with these keys have; keys are those of counters, in order and each once."""
        for begin, end in _parts(keys >> UNIT_SHIFT):
            rows = rows_of(keys[begin:end], n[begin:end])
            await self.write(connection, self.added(rows, await self.lacking(connection, rows)))

    async def lacking(self, connection: asyncpg.Connection, rows: tuple[Rows, Rows]) -> Lacking:
        """Read those rows that are not remembered, the first of three steps that add `rows_of`."""
        months, years = (kind.lacks(of.keys.tolist()) for kind, of in zip(self._kinds, rows, strict=True))
        held: tuple[dict[int, bytes], dict[int, bytes]] = {}, {}
        if lacked := months + years:
            for place, sums in await connection.fetch(_READ, list(range(len(lacked))), *_columns(lacked)):
                of_years = place >= len(months)
                held[of_years][place - of_years * len(months)] = sums
        return Lacking((months, years), held)

    def added(self, rows: tuple[Rows, Rows], lacking: Lacking) -> ToWrite:
        """Add, and remember what comes of it: what takes long, and PostgreSQL is not asked for."""
        keys: list[int] = []
        values: list[bytes] = []
        for kind, of, lacked, held in zip(self._kinds, rows, *lacking, strict=True):
            keys += (of_kind := of.keys.tolist())
            values += kind.add(of, of_kind, lacked, held)
        return ToWrite(*_columns(keys), values)

    async def write(self, connection: asyncpg.Connection, rows: ToWrite) -> None:
        """Write the rows as they are now."""
        await connection.execute(_WRITE, *rows)


def ahead(keys: Integers, n: Integers) -> tuple[Rows, Rows] | None:
    """Work out before the transaction what `RunningSums.add` adds; None where that is nothing or much."""
    days = (keys >> PERIOD_SHIFT) & PERIOD_MASK
    months = np.count_nonzero(np.diff((keys >> UNIT_SHIFT << UNIT_SHIFT) | days // 100))
    return rows_of(keys, n) if len(keys) and months < KEPT else None


def _columns(keys: list[int]) -> tuple[list[int], list[int]]:
    """Return the units and the periods of keys."""
    return [key >> UNIT_SHIFT for key in keys], [(key >> PERIOD_SHIFT) & PERIOD_MASK for key in keys]


def _parts(units: Integers) -> list[tuple[int, int]]:
    """Cut what is in the order of units into parts, none of which ends within a unit."""
    parts, begin = [], 0
    while begin < len(units):
        end = len(units)
        if end - begin > AT_ONCE:
            end = int(np.searchsorted(units, units[begin + AT_ONCE - 1], side="right"))
        parts.append((begin, end))
        begin = end
    return parts
