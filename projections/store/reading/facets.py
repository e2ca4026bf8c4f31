"""A report by the codes of one dimension: full months from the breakdowns of vast units, the rest from the facts."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from events.catalogue import MEASURES, dimensions_of
from events.facets import field
from events.vocabulary import UNKNOWN
from projections.answers.report.codes import codes_of
from projections.answers.report.report_answers import Row
from projections.answers.report.report_question import Figures, QuestionPart
from projections.rules.counting.breakdown import SLOTS
from projections.rules.counting.periods import Days, Run, full_months, partial_months
from projections.store.reading.facet_counts import below_of, counts_below, own_counts
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up, numbers


class _Plan(NamedTuple):
    """Where the codes of what is below the parts are found: in breakdowns, and in the facts by walking down."""

    runs: list[tuple[QuestionPart, Run]]
    walked: list[QuestionPart]


async def facet_rows(
    snapshot: Snapshot, parts: list[QuestionPart], measures: tuple[str, ...], dimension: str, *, root: bool
) -> tuple[dict[str, int], list[Row]]:
    """Return the total and a row a code in the catalogue's order; a measure without the dimension is unknown.

    ``root``: the only part is of the unit that has everything below it.
    """
    *codes, _ = codes_of(dimension)
    below = below_of(parts)
    asked, partial = _partial(below)
    figures = await add_up(snapshot, [*parts, *asked], measures, 1 + 2 * len(partial))
    plan = _plan(below, partial, figures)

    counts = {code: dict.fromkeys(measures, 0) for code in codes}
    broken = [measure for measure in measures if dimension in dimensions_of(measure)]
    own = [part for part in parts if part.own]
    for number, code, n in await _count(snapshot, own, plan, broken, dimension, root=root) if broken else ():
        if code:
            counts[codes[code - 1]][MEASURES[number - 1]] += n
    unknown = {m: figures[0][m] - sum(values[m] for values in counts.values()) for m in measures}
    return figures[0], [Row(code=code, values=values) for code, values in [*counts.items(), (UNKNOWN, unknown)]]


def _partial(
    below: list[QuestionPart],
) -> tuple[list[QuestionPart], list[tuple[QuestionPart, Run, list[Days], list[Days]]]]:
    """Find the months that vast parts cover in part; ask for what is inside month i (row 1 + 2i) and what is not."""
    partial = [
        (part, month, [inside], outside)
        for part in below
        if part.place.vast
        for month, inside, outside in partial_months(part.days)
    ]
    asked = []
    for i, (part, _, inside, outside) in enumerate(partial):
        asked += [QuestionPart(1 + 2 * i, part.place, days, own=False) for days in inside]
        asked += [QuestionPart(2 + 2 * i, part.place, days, own=False) for days in outside]
    return asked, partial


def _plan(
    below: list[QuestionPart], partial: list[tuple[QuestionPart, Run, list[Days], list[Days]]], figures: Figures
) -> _Plan:
    """Take full months from breakdowns; of a partial one, walk the side that has less."""
    plan = _Plan([], [part for part in below if not part.place.vast])
    for part in below:
        full = full_months(part.days) if part.place.vast else None
        if full is not None:
            plan.runs.append((part, full))
    for i, (part, month, inside, outside) in enumerate(partial):
        n_inside, n_outside = (sum(figures[1 + 2 * i + side].values()) for side in (0, 1))
        if n_inside <= n_outside:
            walked, sign = (inside if n_inside else []), part.sign
        else:
            plan.runs.append((part, month))
            walked, sign = (outside if n_outside else []), -part.sign
        plan.walked.extend(part._replace(days=days, sign=sign) for days in walked)
    return plan


async def _count(
    snapshot: Snapshot, own: list[QuestionPart], plan: _Plan, measures: list[str], dimension: str, *, root: bool
) -> list[tuple[int, int, int]]:
    """Return ``(measure, code, n)`` by their numbers, to be added up; code 0 is unknown, and not complete."""
    shift = field(dimension).shift
    facts = await own_counts(snapshot, own, measures, dimension)
    if plan.walked:
        facts += await counts_below(snapshot, plan.walked, measures, dimension, root=root)
    found = [(measure, packed >> shift, n) for measure, packed, n in facts]
    if plan.runs:
        units, signs = [part.place.no for part, _ in plan.runs], [part.sign for part, _ in plan.runs]
        lows, highs = [run.low for _, run in plan.runs], [run.high for _, run in plan.runs]
        for measure, *sums, sign in await snapshot.connection.fetch(
            _breakdown(dimension), units, lows, highs, signs, numbers(measures)
        ):
            found += [(measure, code, sign * n) for code, n in enumerate(sums, start=1)]
    return found


@cache
def _breakdown(dimension: str) -> str:
    """Write the counts of each code of a dimension over runs of months.

    One index range a run, as in the sums: the grouping inside the LATERAL keeps the planner from scanning the table.
    """
    slots = [i for i, slot in enumerate(SLOTS, start=1) if slot[0] == dimension]
    return f"""
SELECT sum.*, run.sign
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS run(unit, low, high, sign)
CROSS JOIN LATERAL (
    SELECT measure, {", ".join(f"coalesce(sum(codes[{i}]), 0)::bigint AS c{i}" for i in slots)}
    FROM breakdown
    WHERE unit = run.unit AND month BETWEEN run.low AND run.high AND measure = ANY($5::smallint[])
    GROUP BY measure
) AS sum
"""
