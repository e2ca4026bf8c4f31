"""Counting facts one by one by codes: packed facets, of which only the bits of the dimensions asked for are kept.

Several rows are counted at once: each count says of which it is, and in which month where that is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.answers.report.codes import packed_mask
from projections.answers.report.report_question import QuestionPart
from projections.store.calendar_sql import period_of
from projections.store.hierarchy_sql import below_within
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers

if TYPE_CHECKING:
    from asyncpg import Record

_DAYS = (
    "unnest($1::integer[], $2::integer[], $3::date[], $4::date[], $5::integer[]) AS days(row, unit, first, last, sign)"
)
_BELOW_DAYS = below_within(
    "below",
    _DAYS,
    unit="days.unit",
    days=("days.first", "days.last"),
    kept={"row": "days.row", "sign": "days.sign"},
)
_MONTH = f"{period_of('fact.day')} / 100"


def _counted(facts: str) -> str:
    """Write the counts of facts, to be joined to each row that says which; month 0 where none is asked for."""
    return f"""CROSS JOIN LATERAL (
    SELECT CASE WHEN $8 THEN {_MONTH} ELSE 0 END AS month, measure, facets & $7 AS packed, count(*) AS n
    FROM fact
    WHERE {facts} AND measure = ANY($6::smallint[])
    GROUP BY 1, 2, 3
) AS counted"""


_OWN = f"""
SELECT days.row, counted.month, counted.measure, counted.packed, days.sign * counted.n AS n
FROM {_DAYS} {_counted("fact.unit = days.unit AND fact.day BETWEEN days.first AND days.last")}
"""

# OFFSET 0 keeps the planner from scanning all facts, and what the many units have is grouped once.
_BELOW = f"""
WITH RECURSIVE {_BELOW_DAYS}
SELECT below.row, counted.month, counted.measure, counted.packed, sum(below.sign)::bigint AS n
FROM below CROSS JOIN LATERAL (
    SELECT CASE WHEN $8 THEN {_MONTH} ELSE 0 END AS month, measure, facets & $7 AS packed
    FROM fact
    WHERE fact.unit = below.unit AND fact.day BETWEEN below.first AND below.last AND measure = ANY($6::smallint[])
    OFFSET 0
) AS counted
GROUP BY 1, 2, 3, 4
"""

# Everything but the root itself is below the root, on every day: nothing to walk.
_BELOW_ROOT = f"""
SELECT days.row, counted.month, counted.measure, counted.packed, days.sign * counted.n AS n
FROM {_DAYS} {_counted("fact.day BETWEEN days.first AND days.last AND fact.unit <> days.unit")}
"""


async def own_counts(
    snapshot: Snapshot, parts: list[QuestionPart], measures: list[str], detail: str, *, by_month: bool = False
) -> list[Record]:
    """Return ``(row, month, measure, packed, n)`` of the facts of the parts' units themselves, to be added up.

    ``n`` is signed; ``month`` is yyyymm, 0 unless ``by_month``; ``detail`` names dimensions with commas between them.
    """
    return await _fetched(_OWN, snapshot, parts, measures, detail, by_month=by_month)


async def counts_below(
    snapshot: Snapshot,
    parts: list[QuestionPart],
    measures: list[str],
    detail: str,
    *,
    root: bool,
    by_month: bool = False,
) -> list[Record]:
    """Return the same of the facts below the parts' units.

    ``root``: the parts are of the unit that has everything below it.
    """
    query = _BELOW_ROOT if root else _BELOW
    return await _fetched(query, snapshot, parts, measures, detail, by_month=by_month)


def below_of(parts: list[QuestionPart]) -> list[QuestionPart]:
    """Return what is below the parts, as if their units stood for ever: what is walked down follows the raw lineage."""
    return [
        QuestionPart(row, place._replace(dissolved=None), place.standing(days), sign, own=False)
        for row, place, days, sign, _, has_below in parts
        if has_below
    ]


async def _fetched(
    query: str, snapshot: Snapshot, parts: list[QuestionPart], measures: list[str], detail: str, *, by_month: bool
) -> list[Record]:
    days = [part.days for part in parts]
    return await snapshot.connection.fetch(
        query,
        [part.row for part in parts],
        [part.place.no for part in parts],
        [each.first for each in days],
        [each.last for each in days],
        [part.sign for part in parts],
        numbers(measures),
        packed_mask(detail),
        by_month,
    )
