"""Adding up the parts of a question in one statement: index ranges of the counters and of units' own facts."""

from __future__ import annotations

from collections.abc import Iterable

from events.catalogue import MEASURE_NUMBERS
from projections.answers.report.report_question import Figures, QuestionPart, spread
from projections.store.reading.snapshot import Snapshot

# OFFSET 0 keeps the planner from turning the index ranges into one scan of the whole table; a grouping inside each
# LATERAL would do so too, and costs a third more.
_ADD_UP = """
SELECT row, measure, sum(n)::bigint AS n FROM (
    SELECT run.row, counted.measure, run.sign * counted.n AS n
    FROM unnest($2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
        AS run(row, sign, unit, low, high)
    CROSS JOIN LATERAL (
        SELECT measure, n
        FROM counter
        WHERE counter.unit = run.unit AND counter.period BETWEEN run.low AND run.high
            AND counter.measure = ANY($1::smallint[])
        OFFSET 0
    ) AS counted
    UNION ALL
    SELECT run.row, own.measure, run.sign
    FROM unnest($7::integer[], $8::integer[], $9::integer[], $10::date[], $11::date[])
        AS run(row, sign, unit, first, last)
    CROSS JOIN LATERAL (
        SELECT measure
        FROM fact
        WHERE fact.unit = run.unit AND fact.day BETWEEN run.first AND run.last AND fact.measure = ANY($1::smallint[])
        OFFSET 0
    ) AS own
) AS part
GROUP BY row, measure
"""


async def add_up(snapshot: Snapshot, parts: Iterable[QuestionPart], measures: tuple[str, ...], rows: int) -> Figures:
    """Return the figures of ``rows`` rows, the signed sums of the parts; ``measures`` are names of the catalogue."""
    figures = Figures(measures, rows)
    then = snapshot.known
    if then is not None:
        parts = list(parts)
        await then.add_rest(figures, parts)
        parts = await then.of_now(parts)
    sums = spread(parts)
    for row, measure, n in await snapshot.connection.fetch(_ADD_UP, numbers(measures), *sums.counted, *sums.own):
        figures.add(row, measure, n)
    return figures


def numbers(measures: Iterable[str]) -> list[int]:
    """Return the numbers under which the measures are stored."""
    return [MEASURE_NUMBERS[measure] for measure in measures]
