"""The running sums of large units, written whole: what the rows hold is remembered from one batch to the next.

A row that lately changed is likely to change again. Whoever adds to it knows what it holds, adds in an array, and
PostgreSQL has a value to put there and nothing to work out.
"""

from __future__ import annotations

from typing import Final

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

    async def add(self, connection: asyncpg.Connection, rows: Rows) -> None:
        """Add to rows in memory and write them as they are then."""
        keys = rows.keys.tolist()
        units, periods = (rows.keys >> UNIT_SHIFT).tolist(), ((rows.keys >> PERIOD_SHIFT) & PERIOD_MASK).tolist()
        if len(keys) > KEPT:
            now = await self._load(connection, units, periods, list(range(len(keys)))) + rows.added
            self.forget()
        else:
            places = await self._places_of(connection, keys, units, periods)
            self._rows[places] += rows.added
            now = self._rows[places]
        await connection.execute(_WRITE, units, periods, stored(now.reshape(len(keys), -1)))

    def forget(self) -> None:
        """Remember nothing: rows are read again."""
        self._places.clear()

    async def _places_of(
        self, connection: asyncpg.Connection, keys: list[int], units: list[int], periods: list[int]
    ) -> list[int]:
        """Say where the rows are in memory; those that are not are read, in place of all where there is no room."""
        missing = [at for at, key in enumerate(keys) if key not in self._places]
        if len(self._places) + len(missing) > KEPT:
            self._places.clear()
            missing = list(range(len(keys)))
        if missing:
            loaded = await self._load(connection, units, periods, missing)
            first = len(self._places)
            self._make_room(first + len(missing))
            self._rows[first : first + len(missing)] = loaded
            for place, at in enumerate(missing, first):
                self._places[keys[at]] = place
        return [self._places[key] for key in keys]

    async def _load(
        self, connection: asyncpg.Connection, units: list[int], periods: list[int], which: list[int]
    ) -> NDArray[np.int32]:
        loaded = np.zeros((len(which), self._steps, WIDTH), np.int32)
        asked = list(range(len(which))), [units[at] for at in which], [periods[at] for at in which]
        for place, sums in await connection.fetch(_READ, *asked):
            loaded[place] = read(sums, self._steps)
        return loaded

    def _make_room(self, size: int) -> None:
        if size > len(self._rows):
            grown = np.zeros((min(max(2 * size, 64), max(KEPT, size)), self._steps, WIDTH), np.int32)
            grown[: len(self._rows)] = self._rows
            self._rows = grown


class RunningSums:
    """Adds to running sums, in the transaction of who asks for it; of no use after one that was rolled back.

    All that is written to them in a generation goes through one of these as long as it is used.
    """

    def __init__(self) -> None:
        self._months = _Remembered(DAYS)
        self._years = _Remembered(MONTHS)

    async def add(self, connection: asyncpg.Connection, keys: Integers, n: Integers) -> None:
        """Add to what the days with these keys have; keys are those of counters, in order and each once."""
        for begin, end in _parts(keys >> UNIT_SHIFT):
            months, years = rows_of(keys[begin:end], n[begin:end])
            await self._months.add(connection, months)
            await self._years.add(connection, years)


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
