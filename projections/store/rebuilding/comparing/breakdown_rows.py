"""Breakdowns compared: month by month what the pieces say together, year by year what is summed up and what is not yet.

How far either generation has summed up its pieces says nothing. A unit is its id, and is vast in both. What a piece has
by days is held against its own facts; of another size it is of another version's codes, and not read by this one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import asyncpg
import numpy as np

from projections.rules.counting.breakdown import LAYOUTS, NUMBER, Integers
from projections.rules.counting.breakdown_days import SIZE, up_to_each_day
from projections.store.batch.breakdowns import BreakdownPiece, piece_of, year_rows
from projections.store.rebuilding.row_difference import RowDifference

MONTHS: Final = "breakdown"
YEARS: Final = "breakdown_year"

_VAST: Final = """
SELECT now.no AS now, should.no AS should, now.id
FROM {now}.unit AS now JOIN {should}.unit AS should USING (id)
WHERE now.vast AND should.vast AND ($1::text[] IS NULL OR now.id = ANY($1)) ORDER BY now.id
"""
_PIECES: Final = """
SELECT unit, month, rows, CASE WHEN octet_length(days) = $2::integer THEN days END
FROM {schema}.breakdown WHERE unit = ANY($1::integer[])
"""
_NEW: Final = "SELECT unit, month, rows FROM {schema}.breakdown WHERE unit = ANY($1::integer[]) AND NOT summed"
_SUMMED: Final = """
SELECT unit, year, measure, codes, pairs FROM {schema}.breakdown_year WHERE unit = ANY($1::integer[])
"""
_AT_ONCE: Final = 16
"""Units that are compared at once."""

Said = dict[tuple[int, ...], dict[str, str]]
"""What a unit's rows say, by the rest of their key."""


async def breakdown_differences(
    connection: asyncpg.Connection,
    table: str,
    schemas: tuple[str, str],
    units: Collection[str] | None,
    most: int | None,
) -> tuple[list[RowDifference], int]:
    """Return the months or the years, whichever the table has, that differ between two schemas, and their number.

    The first schema is what is, the second what should be. At most so many are returned, of these ``units`` if given.
    """
    now, should = schemas
    vast = await connection.fetch(_VAST.format(now=now, should=should), None if units is None else list(units))
    read, names = (_months, ("month",)) if table == MONTHS else (_years, ("year", "measure"))
    found: list[RowDifference] = []
    total = 0
    for begin in range(0, len(vast), _AT_ONCE):
        some = vast[begin : begin + _AT_ONCE]
        is_now = await read(connection, now, [no for no, _, _ in some])
        right = await read(connection, should, [no for _, no, _ in some])
        for no, there, id_ in some:
            one, two = is_now.get(no, {}), right.get(there, {})
            differing = sorted(key for key in {*one, *two} if one.get(key) != two.get(key))
            total += len(differing)
            for key in differing[: None if most is None else max(most - len(found), 0)]:
                named = {"unit": id_, **dict(zip(names, key, strict=True))}
                found.append(RowDifference(table, named, _row(one.get(key)), _row(two.get(key))))
    return found, total


def _row(said: Mapping[str, str] | None) -> dict[str, Any] | None:
    return None if said is None else dict(said)


async def _months(connection: asyncpg.Connection, schema: str, units: Sequence[int]) -> dict[int, Said]:
    """Digest what the pieces of each month come to, in whatever order and with however many taken off again."""
    sums: dict[int, dict[int, tuple[int, int]]] = {}
    wrong: set[tuple[int, int]] = set()
    for *row, days in await connection.fetch(_PIECES.format(schema=schema), units, SIZE):
        unit, month, facts = piece_of(*row)
        if days is not None and days != up_to_each_day(facts):
            wrong.add((unit, month))
        n, digest = sums.setdefault(unit, {}).get(month, (0, 0))
        what = facts["what"].astype(np.int64)
        signs = np.sign(what)
        mixed = _mixed(facts["facets"].astype(np.uint64) ^ _mixed(np.abs(what).astype(np.uint64)))
        added = int(mixed[signs > 0].sum(dtype=np.uint64)) - int(mixed[signs <= 0].sum(dtype=np.uint64))
        sums[unit][month] = n + int(signs.sum()), (digest + added) % _MODULUS
    found: dict[int, Said] = {
        unit: {(month,): {"rows": f"{n}:{digest:016x}"} for month, (n, digest) in months.items() if n or digest}
        for unit, months in sums.items()
    }
    for unit, month in wrong:
        found[unit].setdefault((month,), {})["days"] = "not of these rows"
    return found


_MODULUS: Final = 1 << 64


def _mixed(numbers: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Spread numbers over 64 bits, each onto another (the finalizer of SplitMix64)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


async def _years(connection: asyncpg.Connection, schema: str, units: Sequence[int]) -> dict[int, Said]:
    """Digest what each year has of each measure: what is summed up, and with it what is not yet."""
    sums: dict[tuple[int, int, int], tuple[Integers, Integers]] = {}
    new: dict[int, list[BreakdownPiece]] = {}
    for row in await connection.fetch(_NEW.format(schema=schema), units):
        new.setdefault(row[0], []).append(piece_of(*row))
    for pieces in new.values():
        for each in year_rows(pieces):
            sums[each.unit, each.year, each.measure] = each.codes, each.pairs
    for unit, year, measure, codes, pairs in await connection.fetch(_SUMMED.format(schema=schema), units):
        before = sums.get((unit, year, measure), (_NOTHING, _NOTHING))
        layout = LAYOUTS.get(measure)
        widths = (len(codes), len(pairs)) if layout is None else (len(layout.codes), len(layout.pairs))
        sums[unit, year, measure] = (
            _added(before[0], codes, widths[0]),
            _added(before[1], pairs, widths[1]),
        )
    found: dict[int, Said] = {}
    for (unit, *key), numbers in sums.items():
        if any(each.any() for each in numbers):
            said = {name: _digest(each) for name, each in zip(("codes", "pairs"), numbers, strict=True)}
            found.setdefault(unit, {})[tuple(key)] = said
    return found


_NOTHING: Final = np.zeros(0, np.int64)


def _added(before: Integers, stored: bytes, width: int) -> Integers:
    """Add what is stored, as far as it has whole numbers; what a hand has left behind it counts too."""
    whole = len(stored) // NUMBER.itemsize * NUMBER.itemsize
    numbers = np.frombuffer(stored[:whole], NUMBER)
    added = np.zeros(max(width, len(numbers), len(before)), np.int64)
    added[: len(before)] += before
    added[: len(numbers)] += numbers
    rest = stored[whole:]
    return np.append(added, int.from_bytes(rest) + 1) if rest else added


def _digest(numbers: Integers) -> str:
    return sha256(numbers.astype(">i8").tobytes()).hexdigest()[:16]
