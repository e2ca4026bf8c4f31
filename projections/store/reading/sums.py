"""Adding up the parts of a question in one statement: index ranges of the counters and of units' own facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from events.catalogue import MEASURE_NUMBERS
from projections.answers.report.report_question import Figures, QuestionPart, spread
from projections.rules.counting.as_now_past import DAY
from projections.rules.counting.periods import Days, day_period, stretches
from projections.rules.counting.running_sums import NUMBER, WIDTH, Integers
from projections.store.reading.as_now import Pasts
from projections.store.reading.memory import WhichFigures
from projections.store.reading.parked_before import WAITING
from projections.store.reading.snapshot import Snapshot
from projections.store.running_sql import whole_at

if TYPE_CHECKING:
    from asyncpg import Record


_ROW: Final = 33
_SIGN: Final = 32
"""The bits from which on a place has its row and its sign; see `_places`."""


def _sent(place: str, *others: str) -> str:
    """Write arrays side by side as rows of ``row, sign, unit`` and what else they have; see `_places`."""
    columns = "".join(f", {name}" for name, _ in (each.split() for each in others))
    arrays = "".join(f", {value}::integer[]" for _, value in (each.split() for each in others))
    return f"""(
        SELECT place, (place >> {_ROW})::integer AS row, 1 - 2 * (place >> {_SIGN} & 1)::integer AS sign,
            (place & 4294967295)::integer AS unit{columns}
        FROM unnest({place}::bigint[]{arrays}) AS sent(place{columns})
    )"""


# OFFSET 0 keeps the planner from turning the index ranges into one scan of the whole table; a grouping inside each
# LATERAL would do so too, and costs a third more.
_SUMS = f"""
SELECT row, measure, sum(n)::bigint AS n, NULL AS run FROM (
    SELECT run.row, counted.measure, run.sign * counted.n AS n
    FROM {_sent("$2", "low $3", "high $4")} AS run
    CROSS JOIN LATERAL (
        SELECT measure, n
        FROM {{schema}}counter
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
        FROM {{schema}}fact
        WHERE fact.unit = run.unit AND fact.day BETWEEN days.first AND days.last AND fact.measure = ANY($1::smallint[])
        OFFSET 0
    ) AS own
) AS part
GROUP BY row, measure
UNION ALL
SELECT NULL, NULL, NULL, string_agg(
    int8send(run.place) || ({whole_at("summed", "days.step")}) || ({whole_at("summed", "days.less")}), NULL
)
FROM {_sent("$10", "span $11")} AS run
JOIN unnest($12::integer[], $13::integer[], $14::integer[], $15::integer[], $16::integer[])
    AS days(span, low, high, step, less) USING (span)
CROSS JOIN LATERAL (
    SELECT period, sums FROM {{schema}}running_sum
    WHERE running_sum.unit = run.unit AND period BETWEEN days.low AND days.high
    OFFSET 0
) AS summed
UNION ALL
SELECT run.row, NULL, past.until - DATE 'epoch', past.days
FROM unnest($17::integer[], $18::integer[]) AS run(row, unit)
CROSS JOIN LATERAL (
    SELECT until, repairs, rules, days FROM {{schema}}as_now_past WHERE as_now_past.unit = run.unit OFFSET 0
) AS past
JOIN public.checkpoint USING (repairs, rules)
"""
_ADD_UP: Final = _SUMS.format(schema="")
# What the sums reflect stands in one row of theirs: a statement by itself is one snapshot too.
_AT_ONCE: Final = f"""{_SUMS}
UNION ALL
SELECT -1, NULL, {WAITING},
    int8send(position) || int4send(generation) || int4send(repairs) || oidsend(checkpoint.tableoid)
    || timestamptz_send(as_of)
FROM public.checkpoint, {{schema}}unit WHERE unit.no = $19
"""
_REFLECTED: Final = Struct(">qiiIq")
_EPOCH: Final = dt.date(1970, 1, 1)
_MICROSECONDS_SINCE: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""What PostgreSQL sends a moment as."""
_RUN: Final = np.dtype([("place", ">i8"), ("up_to", NUMBER, WIDTH), ("less", NUMBER, WIDTH)])


class PastsAsked(NamedTuple):
    """The rows whose past may stand in one row each, with their units, and of which units it does up to which day.

    What these have on the ``days`` before is in no part.
    """

    days: Days
    rows: list[int]
    units: list[int]
    known: Pasts


NO_PASTS: Final = PastsAsked(Days(dt.date.max, dt.date.min), [], [], {})


class Reflected(NamedTuple):
    """What figures reflect that were added up in a statement by itself; ``waiting`` is how many events wait there.

    ``pasts`` are those that are there of the units whose past may stand in one row, each with its `until`.
    """

    lineage: WhichFigures
    position: int
    as_of: dt.datetime
    waiting: int
    pasts: dict[int, dt.date]


async def add_up(
    snapshot: Snapshot,
    parts: Iterable[QuestionPart],
    measures: tuple[str, ...],
    rows: int,
    pasts: PastsAsked = NO_PASTS,
) -> Figures:
    """Return the figures of ``rows`` rows, the signed sums of the parts; ``measures`` are names of the catalogue.

    The pasts that are known are there: they were asked for in this snapshot.
    """
    figures = Figures(measures, rows)
    then = snapshot.known
    if then is not None:
        parts = list(parts)
        await then.add_rest(figures, parts)
        parts = await then.of_now(parts)
    known = [(row, unit) for row, unit in zip(pasts.rows, pasts.units, strict=True) if unit in pasts.known]
    found = await snapshot.connection.fetch(_ADD_UP, *_asked(parts, measures), *as_columns(known, 2))
    _add_found(figures, found, rows, pasts)
    return figures


async def add_up_at_once(
    snapshot: Snapshot,
    unit: int,
    parts: Iterable[QuestionPart],
    measures: tuple[str, ...],
    rows: int,
    *,
    pasts: PastsAsked = NO_PASTS,
) -> tuple[Figures, Reflected | None]:
    """Add up the same outside of any transaction, and say what it reflects; ``unit`` is the one that is asked about.

    None before the first message. Raises asyncpg.UndefinedTableError where the generation is no more. Whether the pasts
    that are known are still there stands in what is returned.
    """
    figures = Figures(measures, rows)
    query = _AT_ONCE.format(schema=f"g{snapshot.generation}.")
    found = await snapshot.connection.fetch(query, *_asked(parts, measures), pasts.rows, pasts.units, unit)
    return figures, _add_found(figures, found, rows, pasts)


def _asked(parts: Iterable[QuestionPart], measures: tuple[str, ...]) -> tuple[list[Any], ...]:
    """Write parts as the parameters of the sums."""
    sums = spread(parts)
    *counted, lows, highs = sums.counted
    *own, own_first, own_last = sums.own
    *running, running_days = sums.running
    of_own, own_spans = _numbered(zip(own_first, own_last, strict=True))
    of_running, running_spans = _numbered(running_days)
    return (
        *(numbers(measures), _places(*counted), lows, highs),
        *(_places(*own), of_own, *as_columns([(number, *days) for days, number in own_spans.items()], 3)),
        *(_places(*running), of_running),
        *as_columns([(number, *each) for days, number in running_spans.items() for each in stretches(*days)], 5),
    )


def _add_found(figures: Figures, found: Iterable[Record], rows: int, pasts: PastsAsked) -> Reflected | None:
    """Add what was found to the figures; return what it reflects where that is among it."""
    reflected, running, past = None, b"", list[tuple[int, int, bytes]]()
    for row, measure, n, run in found:
        if run is None:
            if row is not None:
                figures.add(row, measure, n)
        elif row is None:
            running = run
        elif row >= 0:
            past.append((row, n, run))
        else:
            position, generation, repairs, table, moment = _REFLECTED.unpack(run)
            as_of = _MICROSECONDS_SINCE + dt.timedelta(microseconds=moment)
            reflected = Reflected(WhichFigures(table, generation, repairs), position, as_of, n, {})
    totals = np.zeros((rows, WIDTH), np.int64)
    if running:
        _add_running(totals, running)
    there = _add_pasts(totals, past, pasts) if past else {}
    if running or there:
        figures.add_all(totals.tolist())
    return None if reflected is None else reflected._replace(pasts=there)


def _numbered(days: Iterable[tuple[dt.date, dt.date]]) -> tuple[list[int], dict[tuple[dt.date, dt.date], int]]:
    """Give different days numbers: many parts ask for the same, and what is sent is most of what asking costs."""
    numbers: dict[tuple[dt.date, dt.date], int] = {}
    return [numbers.setdefault(each, len(numbers)) for each in days], numbers


def _places(rows: list[int], signs: list[int], units: list[int]) -> list[int]:
    """Put row, sign and unit into one number each: asyncpg looks at each number by itself, which takes longest of all.

    The unit has 32 bits, then comes one that is set where the sign is less than 0.
    """
    return [(row << _ROW) | ((sign < 0) << _SIGN) | unit for row, sign, unit in zip(rows, signs, units, strict=True)]


def as_columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return rows of so many values column by column, as a statement takes them; there may be no rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _add_running(totals: Integers, run: bytes) -> None:
    found = np.frombuffer(run, _RUN)
    places = found["place"].astype(np.int64)
    signs = 1 - 2 * (places >> _SIGN & 1)
    signed = (found["up_to"].astype(np.int64) - found["less"]) * signs[:, np.newaxis]
    np.add.at(totals, places >> _ROW, signed)


def _add_pasts(totals: Integers, found: list[tuple[int, int, bytes]], asked: PastsAsked) -> dict[int, dt.date]:
    """Add what the pasts that are known have on the days asked for; return all that are there."""
    units = dict(zip(asked.rows, asked.units, strict=True))
    there = {units[row]: _EPOCH + dt.timedelta(days=until) for row, until, _ in found}
    known = [(row, days) for row, _, days in found if units[row] in asked.known]
    every = np.frombuffer(b"".join(days for _, days in known), DAY)
    rows = np.repeat(np.array([row for row, _ in known], np.int64), [len(days) // DAY.itemsize for _, days in known])
    periods = every["period"].astype(np.int32)
    on = (periods >= day_period(asked.days.first)) & (periods <= day_period(asked.days.last))
    cells = rows[on] * WIDTH + (every["measure"][on] - 1)
    # Numbers are added as floats: exact far beyond what a row can hold.
    totals += np.bincount(cells, every["n"][on], totals.size).astype(np.int64).reshape(totals.shape)
    return there


def numbers(measures: Iterable[str]) -> list[int]:
    """Return the numbers under which the measures are stored."""
    return [MEASURE_NUMBERS[measure] for measure in measures]
