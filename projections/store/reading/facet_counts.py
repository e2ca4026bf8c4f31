"""Counting facts one by one by codes: packed facets, of which only the bits of the dimensions asked for are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.answers.report.codes import packed_mask
from projections.answers.report.report_question import QuestionPart
from projections.store.hierarchy_sql import below_seeds
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers

if TYPE_CHECKING:
    from asyncpg import Record

_DAYS = "unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS days(unit, first, last, sign)"


def _counted(facts: str) -> str:
    """Write the counts of facts, to be joined to each row that says which."""
    return f"""CROSS JOIN LATERAL (
    SELECT measure, facets & $6 AS packed, count(*) AS n
    FROM fact
    WHERE {facts} AND measure = ANY($5::smallint[])
    GROUP BY 1, 2
) AS counted"""


_OWN = f"""
SELECT counted.measure, counted.packed, days.sign * counted.n AS n
FROM {_DAYS} {_counted("fact.unit = days.unit AND fact.day BETWEEN days.first AND days.last")}
"""

_BELOW = f"""
WITH RECURSIVE {below_seeds()}
SELECT counted.measure, counted.packed, sum(below.sign * counted.n)::bigint AS n
FROM below {_counted("fact.unit = below.unit AND fact.day BETWEEN below.first AND below.last")}
GROUP BY 1, 2
"""

# Everything but the root itself is below the root, on every day: nothing to walk.
_BELOW_ROOT = f"""
SELECT counted.measure, counted.packed, days.sign * counted.n AS n
FROM {_DAYS} {_counted("fact.day BETWEEN days.first AND days.last AND fact.unit <> days.unit")}
"""


async def own_counts(snapshot: Snapshot, parts: list[QuestionPart], measures: list[str], detail: str) -> list[Record]:
    """Return ``(measure, packed, n)`` of the facts of the parts' units themselves, signed, to be added up."""
    return await snapshot.connection.fetch(_OWN, *_columns(parts), numbers(measures), packed_mask(detail))


async def counts_below(
    snapshot: Snapshot, parts: list[QuestionPart], measures: list[str], detail: str, *, root: bool
) -> list[Record]:
    """Return ``(measure, packed, n)`` of the facts below the parts' units, signed, to be added up.

    ``root``: the parts are of the unit that has everything below it.
    """
    below = _BELOW_ROOT if root else _BELOW
    return await snapshot.connection.fetch(below, *_columns(parts), numbers(measures), packed_mask(detail))


def below_of(parts: list[QuestionPart]) -> list[QuestionPart]:
    """Return what is below the parts, as if their units stood for ever: what is walked down follows the raw lineage."""
    return [
        QuestionPart(0, place._replace(dissolved=None), place.standing(days), sign, own=False)
        for _, place, days, sign, _, has_below in parts
        if has_below
    ]


def _columns(parts: list[QuestionPart]) -> tuple[list[int], list[object], list[object], list[int]]:
    """Return the units, first days, last days and signs."""
    days = [part.days for part in parts]
    return [p.place.no for p in parts], [d.first for d in days], [d.last for d in days], [p.sign for p in parts]
