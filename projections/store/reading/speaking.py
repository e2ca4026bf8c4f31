"""Which units at or below a vast one have facts, and on which days: out of what is packed, instead of a walk.

Of the thousands of units below a province a hundred have one of the facts of a page. What is packed says of everybody
who has facts in a month, also of those that were taken back: more than there are, and never one too few.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import MEASURES
from projections.answers.past.day_numbers import day_of, number_of
from projections.answers.past.raw_tree import RawTree
from projections.answers.report.report_question import Basis, Place
from projections.rules.counting.periods import (
    DAY_BITS,
    DAY_MASK,
    DAYS,
    MONTH_BASE,
    MONTHS,
    Days,
    days_of_month,
    month_period,
)
from projections.store.batch.packing import FACT, PackedKind
from projections.store.reading.raw_trees import raw_tree
from projections.store.reading.snapshot import Snapshot

Integers = NDArray[np.int64]

MOST_MONTHS: Final = 13
MOST_BYTES: Final = 600_000
"""What is packed of so many months, and bytes, is gone through: of more facts it is cheaper to walk down."""

_FACTS: Final = f"""
SELECT part, rows FROM packed
WHERE kind = {PackedKind.FACTS:d} AND part BETWEEN $1 AND $2 AND (
    SELECT sum(octet_length(rows)) FROM packed WHERE kind = {PackedKind.FACTS:d} AND part BETWEEN $1 AND $2
) <= $3
"""


class SpeakingDay(NamedTuple):
    """A unit, by its number, and a day on which it may have facts."""

    unit: int
    day: dt.date


async def speaking(
    snapshot: Snapshot, upper: Place, days: Days, measures: list[int], basis: Basis
) -> list[SpeakingDay] | None:
    """Return which units at or below a vast one may have facts of the measures that count for it, on which of the days.

    None where it is not told by what is packed: then any of them may.
    """
    months = _month(days.first), _month(days.last)
    if not upper.vast or _apart(*months) >= MOST_MONTHS:
        return None
    pieces = await snapshot.connection.fetch(_FACTS, *months, MOST_BYTES)
    if not pieces:
        return None
    found = [_facts(rows, part, days, measures) for part, rows in pieces]
    units, on = (np.concatenate(column) for column in zip(*found, strict=True))
    some = (units == upper.no) | _below(await raw_tree(snapshot), upper, units, on, basis)
    pairs = {*zip(units[some].tolist(), on[some].tolist(), strict=True)}
    return [SpeakingDay(unit, day_of(day)) for unit, day in pairs]


def _below(tree: RawTree, upper: Place, units: Integers, on: Integers, basis: Basis) -> NDArray[np.bool_]:
    """Mark the facts of units that are below one: on their day while it stood, or as last known."""
    found = np.zeros(len(units), np.bool_)
    place = np.flatnonzero(units < len(tree))
    if basis == "as-now":
        if upper.dissolved is not None:
            return found
    elif upper.dissolved is not None:
        place = place[on[place] < number_of(upper.dissolved)]
    at = units[place]
    while len(place):
        at = tree.parent[at] if basis == "as-now" else tree.parents(at, on[place])
        found[place[at == upper.no]] = True
        going = (at != 0) & (at != upper.no)
        at, place = at[going], place[going]
    return found


def _facts(rows: bytes, month: int, days: Days, measures: list[int]) -> tuple[Integers, Integers]:
    """Return the units and days of the facts of a piece that are of the measures and on the days."""
    facts = np.frombuffer(rows, FACT)
    what = np.abs(facts["what"].astype(np.int16))
    wanted = np.zeros(len(MEASURES) + 1, np.bool_)
    wanted[measures] = True
    on = what & DAY_MASK
    begin, end = days_of_month(days, MONTH_BASE + month)
    some = wanted[what >> DAY_BITS] & (on >= begin) & (on <= end)
    each = np.array([0, *(_number(month, day) for day in range(1, DAYS + 1))], np.int64)
    return facts["unit"][some].astype(np.int64), each[on[some]]


def _number(month: int, day: int) -> int:
    """Return the number of a day of a month; of one that isn't there, any."""
    try:
        return number_of(dt.date(month // 100, month % 100, day))
    except ValueError:
        return 0


def _month(day: dt.date) -> int:
    return month_period(day) - MONTH_BASE


def _apart(month: int, other: int) -> int:
    return (other // 100 - month // 100) * MONTHS + other % 100 - month % 100
