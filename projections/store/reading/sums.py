"""Adding up the parts of a question in one statement: index ranges of the counters and of units' own facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from events.catalogue import MEASURE_NUMBERS
from projections.answers.report.report_question import Figures, QuestionPart, spread
from projections.rules.counting.running_sums import NUMBER, WIDTH
from projections.store.reading.snapshot import Snapshot
from projections.store.running_sql import whole_at

# OFFSET 0 keeps the planner from turning the index ranges into one scan of the whole table; a grouping inside each
# LATERAL would do so too, and costs a third more.
_ADD_UP = f"""
SELECT row, measure, sum(n)::bigint AS n, NULL AS run FROM (
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
UNION ALL
SELECT NULL, NULL, NULL, string_agg(
    int4send(run.row) || int4send(run.sign) || {whole_at("summed", "run.step")} || {whole_at("summed", "run.less")},
    NULL
)
FROM unnest($12::integer[], $13::integer[], $14::integer[], $15::integer[], $16::integer[], $17::integer[],
    $18::integer[]) AS run(row, sign, unit, low, high, step, less)
CROSS JOIN LATERAL (
    SELECT period, sums FROM running_sum WHERE running_sum.unit = run.unit AND period BETWEEN run.low AND run.high
    OFFSET 0
) AS summed
"""
_RUN: Final = np.dtype([("row", ">i4"), ("sign", ">i4"), ("up_to", NUMBER, WIDTH), ("less", NUMBER, WIDTH)])


async def add_up(snapshot: Snapshot, parts: Iterable[QuestionPart], measures: tuple[str, ...], rows: int) -> Figures:
    """Return the figures of ``rows`` rows, the signed sums of the parts; ``measures`` are names of the catalogue."""
    figures = Figures(measures, rows)
    then = snapshot.known
    if then is not None:
        parts = list(parts)
        await then.add_rest(figures, parts)
        parts = await then.of_now(parts)
    sums = spread(parts)
    asked = (numbers(measures), *sums.counted, *sums.own, *sums.running)
    for row, measure, n, run in await snapshot.connection.fetch(_ADD_UP, *asked):
        if row is not None:
            figures.add(row, measure, n)
        elif run is not None:
            _add_running(figures, run, rows)
    return figures


def _add_running(figures: Figures, run: bytes, rows: int) -> None:
    found = np.frombuffer(run, _RUN)
    signed = (found["up_to"].astype(np.int64) - found["less"]) * found["sign"][:, np.newaxis]
    totals = np.zeros((rows, WIDTH), np.int64)
    np.add.at(totals, found["row"].astype(np.intp), signed)
    figures.add_all(totals.tolist())


def numbers(measures: Iterable[str]) -> list[int]:
    """Return the numbers under which the measures are stored."""
    return [MEASURE_NUMBERS[measure] for measure in measures]
