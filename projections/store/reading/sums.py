"""Adding up the parts of a question in one statement: index ranges of the counters and of units' own facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from events.catalogue import MEASURE_NUMBERS
from projections.answers.report.report_question import Figures, QuestionPart, spread
from projections.rules.counting.periods import stretches
from projections.rules.counting.running_sums import NUMBER, WIDTH
from projections.store.reading.snapshot import Snapshot
from projections.store.running_sql import whole_at


def _sent(place: str, *others: str) -> str:
    """Write arrays side by side as rows of ``row, sign, unit`` and what else they have; see `_places`."""
    columns = "".join(f", {name}" for name, _ in (each.split() for each in others))
    arrays = "".join(f", {value}::integer[]" for _, value in (each.split() for each in others))
    return f"""(
        SELECT (place >> 33)::integer AS row, 1 - 2 * (place >> 32 & 1)::integer AS sign,
            (place & 4294967295)::integer AS unit{columns}
        FROM unnest({place}::bigint[]{arrays}) AS sent(place{columns})
    )"""


# OFFSET 0 keeps the planner from turning the index ranges into one scan of the whole table; a grouping inside each
# LATERAL would do so too, and costs a third more.
_ADD_UP = f"""
SELECT row, measure, sum(n)::bigint AS n, NULL AS run FROM (
    SELECT run.row, counted.measure, run.sign * counted.n AS n
    FROM {_sent("$2", "low $3", "high $4")} AS run
    CROSS JOIN LATERAL (
        SELECT measure, n
        FROM counter
        WHERE counter.unit = run.unit AND counter.period BETWEEN run.low AND run.high
            AND counter.measure = ANY($1::smallint[])
        OFFSET 0
    ) AS counted
    UNION ALL
    SELECT run.row, own.measure, run.sign
    FROM {_sent("$5", "span $6")} AS run
    JOIN unnest($7::integer[], $8::date[], $9::date[]) AS days(span, first, last) USING (span)
    CROSS JOIN LATERAL (
        SELECT measure
        FROM fact
        WHERE fact.unit = run.unit AND fact.day BETWEEN days.first AND days.last AND fact.measure = ANY($1::smallint[])
        OFFSET 0
    ) AS own
) AS part
GROUP BY row, measure
UNION ALL
SELECT NULL, NULL, NULL, string_agg(
    int4send(run.row) || int4send(run.sign) || {whole_at("summed", "days.step")} || {whole_at("summed", "days.less")},
    NULL
)
FROM {_sent("$10", "span $11")} AS run
JOIN unnest($12::integer[], $13::integer[], $14::integer[], $15::integer[], $16::integer[])
    AS days(span, low, high, step, less) USING (span)
CROSS JOIN LATERAL (
    SELECT period, sums FROM running_sum WHERE running_sum.unit = run.unit AND period BETWEEN days.low AND days.high
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
    *counted, lows, highs = sums.counted
    *own, own_first, own_last = sums.own
    *running, running_days = sums.running
    of_own, own_spans = _numbered(zip(own_first, own_last, strict=True))
    of_running, running_spans = _numbered(running_days)
    asked = (
        *(numbers(measures), _places(*counted), lows, highs),
        *(_places(*own), of_own, *_columns([(number, *days) for days, number in own_spans.items()], 3)),
        *(_places(*running), of_running),
        *_columns([(number, *each) for days, number in running_spans.items() for each in stretches(*days)], 5),
    )
    for row, measure, n, run in await snapshot.connection.fetch(_ADD_UP, *asked):
        if row is not None:
            figures.add(row, measure, n)
        elif run is not None:
            _add_running(figures, run, rows)
    return figures


def _numbered(days: Iterable[tuple[dt.date, dt.date]]) -> tuple[list[int], dict[tuple[dt.date, dt.date], int]]:
    """Give different days numbers: many parts ask for the same, and what is sent is most of what asking costs."""
    numbers: dict[tuple[dt.date, dt.date], int] = {}
    return [numbers.setdefault(each, len(numbers)) for each in days], numbers


def _places(rows: list[int], signs: list[int], units: list[int]) -> list[int]:
    """Put row, sign and unit into one number each: asyncpg looks at each number by itself, which takes longest of all.

    The unit has 32 bits, then comes one that is set where the sign is less than 0.
    """
    return [(row << 33) | ((sign < 0) << 32) | unit for row, sign, unit in zip(rows, signs, units, strict=True)]


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _add_running(figures: Figures, run: bytes, rows: int) -> None:
    found = np.frombuffer(run, _RUN)
    signed = (found["up_to"].astype(np.int64) - found["less"]) * found["sign"][:, np.newaxis]
    totals = np.zeros((rows, WIDTH), np.int64)
    np.add.at(totals, found["row"].astype(np.intp), signed)
    figures.add_all(totals.tolist())


def numbers(measures: Iterable[str]) -> list[int]:
    """Return the numbers under which the measures are stored."""
    return [MEASURE_NUMBERS[measure] for measure in measures]
