"""Counts by the codes of dimensions: full months from the breakdowns of vast units, the rest from the facts.

A report by facet is one row of this by one dimension; a split is several rows by several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from events.facets import field
from projections.answers.past.contributions import CodedCount
from projections.answers.report.codes import codes_of, packed_mask
from projections.answers.report.report_answers import Row
from projections.answers.report.report_question import Figures, QuestionPart
from projections.answers.report.splits import Splits, require_fewer_cells
from projections.rules.counting.breakdown import SLOTS
from projections.rules.counting.periods import MONTH_BASE, Days, Run, full_months, partial_months
from projections.store.reading.facet_counts import below_of, counts_below, own_counts
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up, numbers

if TYPE_CHECKING:
    from asyncpg import Record


class CodesAsked(NamedTuple):
    """By the codes of which dimensions parts are counted.

    ``row_of_month``: the row of each month, as yyyymm, where the parts' rows stand for periods; else each part's own.
    ``left_out`` are rows whose codes nobody needs. ``root``: the only part is of the unit that has everything below it.
    """

    measures: tuple[str, ...]
    dimensions: tuple[str, ...]
    row_of_month: Mapping[int, int] | None = None
    left_out: frozenset[int] = frozenset()
    root: bool = False


class _Plan(NamedTuple):
    """Where the codes are found: units' own in the facts; of what is below, in breakdowns, or by walking down."""

    own: list[QuestionPart]
    runs: list[tuple[QuestionPart, Run]]
    walked: list[QuestionPart]


class _PartialMonth(NamedTuple):
    """A month that a vast part covers in part; the figures of what is inside are in ``row``, of the rest in the next.

    It goes by those alone which of the two is walked.
    """

    part: QuestionPart
    month: Run
    inside: Days
    outside: list[Days]
    row: int


async def facet_rows(
    snapshot: Snapshot, parts: list[QuestionPart], measures: tuple[str, ...], dimension: str, *, root: bool
) -> tuple[dict[str, int], list[Row]]:
    """Return the total and a row a code in the catalogue's order; a measure without the dimension is unknown.

    ``root``: the only part is of the unit that has everything below it.
    """
    figures, splits = await count_codes(snapshot, parts, CodesAsked(measures, (dimension,), root=root), 1)
    split = splits.of((0,), figures[0])
    codes = codes_of(dimension)
    return figures[0], [Row(code=code, values={m: split[m][dimension][code] for m in measures}) for code in codes]


async def count_codes(
    snapshot: Snapshot, parts: list[QuestionPart], asked: CodesAsked, rows: int
) -> tuple[Figures, Splits]:
    """Add up parts of several rows, and count by codes those of them that are asked for. Raises TooManyCellsError."""
    require_fewer_cells(rows, asked.measures, asked.dimensions)
    coded = [part for part in parts if part.row not in asked.left_out]
    if asked.row_of_month is not None:  # the codes of periods are counted together, and told apart by month
        coded = [part for part in coded if part.row == 0]
    if snapshot.known is not None:
        return await _count_codes_then(snapshot, parts, coded, asked, rows)
    below = below_of(coded)
    partial = _partial(below, rows)
    figures = await add_up(snapshot, [*parts, *_to_compare(partial)], asked.measures, rows + 2 * len(partial))
    plan = _plan(coded, below, partial, figures)
    splits = Splits(asked.measures, asked.dimensions)
    broken = _broken(asked)
    if broken:
        await _count(snapshot, plan, broken, asked, splits)
    return figures, splits


async def _count_codes_then(
    snapshot: Snapshot, parts: list[QuestionPart], coded: list[QuestionPart], asked: CodesAsked, rows: int
) -> tuple[Figures, Splits]:
    """Do the same as known then: the codes of now of what the parts begin with, and those of the rest."""
    then, splits, broken = snapshot.known, Splits(asked.measures, asked.dimensions), _broken(asked)
    if then is not None and broken:
        of_now = await then.of_now(coded)
        if of_now:
            _, splits = await count_codes(then.today, of_now, asked._replace(left_out=frozenset()), rows)
        mask = packed_mask(",".join(asked.dimensions))
        rest = await then.coded_rest(coded, broken, mask, by_month=asked.row_of_month is not None)
        _add_packed(rest, asked, splits)
    return await add_up(snapshot, parts, asked.measures, rows), splits


def _broken(asked: CodesAsked) -> list[str]:
    """Return the measures that have one of the dimensions."""
    return [m for m in asked.measures if not set(asked.dimensions).isdisjoint(dimensions_of(m))]


def _partial(below: list[QuestionPart], rows: int) -> list[_PartialMonth]:
    """Find the months that vast parts cover in part; their figures stand in rows from ``rows`` on."""
    found: list[_PartialMonth] = []
    for part in below:
        for month, inside, outside in partial_months(part.days) if part.place.vast else ():
            found.append(_PartialMonth(part, month, inside, outside, rows + 2 * len(found)))
    return found


def _to_compare(partial: list[_PartialMonth]) -> list[QuestionPart]:
    asked = []
    for part, _, inside, outside, row in partial:
        asked.append(QuestionPart(row, part.place, inside, own=False))
        asked += [QuestionPart(row + 1, part.place, days, own=False) for days in outside]
    return asked


def _plan(
    coded: list[QuestionPart], below: list[QuestionPart], partial: list[_PartialMonth], figures: Figures
) -> _Plan:
    """Take full months from breakdowns; of a partial one, walk the side that has less."""
    plan = _Plan([part for part in coded if part.own], [], [part for part in below if not part.place.vast])
    for part in below:
        full = full_months(part.days) if part.place.vast else None
        if full is not None:
            plan.runs.append((part, full))
    for part, month, inside, outside, row in partial:
        n_inside, n_outside = sum(figures[row].values()), sum(figures[row + 1].values())
        if n_inside <= n_outside:
            walked, sign = ([inside] if n_inside else []), part.sign
        else:
            plan.runs.append((part, month))
            walked, sign = (outside if n_outside else []), -part.sign
        plan.walked.extend(part._replace(days=days, sign=sign) for days in walked)
    return plan


async def _count(snapshot: Snapshot, plan: _Plan, measures: list[str], asked: CodesAsked, splits: Splits) -> None:
    """Add to the splits what the plan finds; unknown is left to what the others leave."""
    by_month = asked.row_of_month
    dimensions = ",".join(asked.dimensions)
    facts = await own_counts(snapshot, plan.own, measures, dimensions, by_month=by_month is not None)
    if plan.walked:
        facts += await counts_below(
            snapshot, plan.walked, measures, dimensions, root=asked.root, by_month=by_month is not None
        )
    _add_packed(facts, asked, splits)
    if plan.runs:
        slots = _slots(frozenset(asked.dimensions))
        for part_row, month, measure, *sums in await snapshot.connection.fetch(
            _breakdown(slots),
            [part.row for part, _ in plan.runs],
            [part.place.no for part, _ in plan.runs],
            [run.low for _, run in plan.runs],
            [run.high for _, run in plan.runs],
            [part.sign for part, _ in plan.runs],
            numbers(measures),
            by_month is not None,
        ):
            row = part_row if by_month is None else by_month[month - MONTH_BASE]
            for slot, n in zip(slots, sums, strict=True):
                if n:
                    dimension, code = SLOTS[slot]
                    splits.add(row, MEASURES[measure - 1], dimension, code, n)


def _add_packed(counts: Iterable[CodedCount | Record], asked: CodesAsked, splits: Splits) -> None:
    """Add ``(row, month, measure, packed, n)`` to the splits, code by code."""
    by_month = asked.row_of_month
    fields = [(dimension, field(dimension), codes_of(dimension)) for dimension in asked.dimensions]
    for part_row, month, measure, packed, n in counts:
        row = part_row if by_month is None else by_month[month]
        for dimension, (shift, mask), codes in fields:
            if number := (packed >> shift) & mask:
                splits.add(row, MEASURES[measure - 1], dimension, codes[number - 1], n)


def _slots(dimensions: frozenset[str]) -> tuple[int, ...]:
    """Return the places of the slots that have codes of the dimensions."""
    return tuple(place for place, (dimension, _) in enumerate(SLOTS) if dimension in dimensions)


@lru_cache(maxsize=len(DIMENSIONS) * 4)
def _breakdown(slots: tuple[int, ...]) -> str:
    """Write the counts of slots over runs of months.

    One index range a run, as in the sums: the grouping inside the LATERAL keeps the planner from scanning the table.
    """
    return f"""
SELECT run.row, sum.month, sum.measure, {", ".join(f"run.sign * sum.c{slot}" for slot in slots)}
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::integer[])
    AS run(row, unit, low, high, sign)
CROSS JOIN LATERAL (
    SELECT CASE WHEN $7 THEN month ELSE 0 END AS month, measure,
        {", ".join(f"coalesce(sum(codes[{slot + 1}]), 0)::bigint AS c{slot}" for slot in slots)}
    FROM breakdown
    WHERE unit = run.unit AND month BETWEEN run.low AND run.high AND measure = ANY($6::smallint[])
    GROUP BY 1, 2
) AS sum
"""
