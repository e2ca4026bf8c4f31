"""Counts by codes of what is below vast units: whole years from their sums, other days and what is new from pieces.

A combination is one dimension, or two of which each pair of codes is counted. Counting is the same for all rows of an
answer at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURE_NUMBERS, MEASURES, dimensions_of
from projections.answers.report.report_question import QuestionPart
from projections.rules.counting.breakdown import (
    LAYOUTS,
    NUMBER,
    Integers,
    code_places,
    pair_places,
)
from projections.rules.counting.breakdown_days import PARTS, SIZE, STEP
from projections.rules.counting.periods import (
    DAYS,
    MONTH_BASE,
    MONTHS,
    ONE_DAY,
    YEAR_BASE,
    Days,
    common,
    days_of_month,
    month_period,
)
from projections.store.reading.breakdown_facts import WIDTH, AskedPiece, Combination, Counts, add_facts
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import as_columns


def _whole(column: str, size: str) -> str:
    """Write the numbers of a column, with zeros for the codes that the row is older than."""
    return f"""CASE WHEN octet_length({column}) = {size} THEN {column}
        ELSE substr({column} || decode(repeat('00', {size}), 'hex'), 1, {size}) END"""


# OFFSET 0 keeps the planner from scanning whole tables in place of many small ranges.
_YEARS: Final = """
SELECT asked.measure, string_agg(int4send(run.row) || int4send(run.sign) || int4send(year.year) || {numbers}, NULL)
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::integer[])
    AS run(row, sign, unit, low, high)
CROSS JOIN LATERAL (
    SELECT year, measure, codes, pairs FROM breakdown_year
    WHERE unit = run.unit AND year BETWEEN run.low AND run.high AND measure = ANY($6::smallint[])
    OFFSET 0
) AS year
JOIN unnest($6::smallint[], $7::integer[], $8::integer[]) AS asked(measure, codes, pairs) USING (measure)
GROUP BY 1
"""
_CODES: Final = _YEARS.format(numbers=_whole("year.codes", "asked.codes"))
_CODES_AND_PAIRS: Final = _YEARS.format(
    numbers=f"{_whole('year.codes', 'asked.codes')} || {_whole('year.pairs', 'asked.pairs')}"
)
# Of a large piece what it comes to up to the last day that is asked for, and up to the day before the first.
_PIECES: Final = f"""
SELECT run.at, piece.month, CASE WHEN NOT piece.known THEN piece.rows END AS rows,
    CASE WHEN piece.known THEN substr(piece.days, (piece.upto - 1) * {STEP} + 1, {STEP}) END AS sums,
    CASE WHEN piece.known AND piece.before > 0 THEN substr(piece.days, (piece.before - 1) * {STEP} + 1, {STEP}) END
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[])
    AS run(at, unit, low, high, first, last)
CROSS JOIN LATERAL (
    SELECT month, rows, days, coalesce(octet_length(days), 0) = $7::integer AS known,
        CASE WHEN month = run.high THEN run.last ELSE {DAYS} END AS upto,
        CASE WHEN month = run.low THEN run.first - 1 ELSE 0 END AS before
    FROM breakdown WHERE unit = run.unit AND month BETWEEN run.low AND run.high AND summed
    OFFSET 0
) AS piece
UNION ALL
SELECT run.at, piece.month, piece.rows, NULL, NULL
FROM unnest($8::integer[], $9::integer[], $10::integer[], $11::integer[]) AS run(at, unit, low, high)
CROSS JOIN LATERAL (
    SELECT month, rows FROM breakdown WHERE unit = run.unit AND month BETWEEN run.low AND run.high AND NOT summed
    OFFSET 0
) AS piece
"""
_NOTHING: Final = bytes(STEP)
_NO_SIZE: Final = -1
"""Where two dimensions are asked for together, of which nothing is said by days."""


class _Run(NamedTuple):
    """Days of a vast unit."""

    row: int
    sign: int
    unit: int
    days: Days


class _Runs(NamedTuple):
    """What is summed up is in whole years, and in the pieces of days that are too few, or too many; the rest is new."""

    years: list[_Run]
    days: list[_Run]
    new: list[_Run]


async def count_below(
    snapshot: Snapshot,
    parts: Sequence[QuestionPart],
    measures: Collection[str],
    combinations: Sequence[Combination],
    row_of_month: Mapping[int, int] | None = None,
) -> tuple[list[int], Counts]:
    """Count what is below the parts' units, all of them vast, by each combination; return the rows, and the counts.

    ``row_of_month``: the row of each month, as yyyymm, where it is not each part's own.
    """
    rows = sorted({part.row for part in parts} if row_of_month is None else {*row_of_month.values()})
    shapes = {each: (len(rows), WIDTH, *(len(DIMENSIONS[name]) for name in each)) for each in combinations}
    counts = {each: np.zeros(shape, np.int64) for each, shape in shapes.items()}
    place = {row: at for at, row in enumerate(rows)}
    numbers = [MEASURE_NUMBERS[measure] for measure in measures]
    of_month = None if row_of_month is None else {month: place[row] for month, row in row_of_month.items()}
    runs = _Runs([], [], [])
    for part in parts:
        if part.days.first <= part.days.last:
            _add_runs(part, 0 if of_month is not None else place[part.row], row_of_month, runs)
    await _add_years(snapshot, runs.years, numbers, counts, of_month)
    await _add_pieces(snapshot, runs, numbers, counts, of_month)
    return rows, counts


def _add_runs(part: QuestionPart, row: int, row_of_month: Mapping[int, int] | None, runs: _Runs) -> None:
    """Cover a part's days by whole years and what they have too little, or too much: whichever is fewer days."""
    first, last = part.days

    def run(days: Days, sign: int = 1) -> _Run:
        return _Run(row, part.sign * sign, part.place.no, days)

    by_period = row_of_month is not None
    whole, apart = list[Days](), list[Days]()
    for year in range(first.year, last.year + 1) if by_period else sorted({first.year, last.year}):
        every = Days(dt.date(year, 1, 1), dt.date(year, 12, 31))
        inside = common(part.days, every)
        alike = row_of_month is None or row_of_month.get(year * 100 + 1) == row_of_month.get(year * 100 + MONTHS)
        if alike and (inside == every or (not by_period and 2 * _length(inside) > _length(every))):
            whole.append(every)
            if every.first < inside.first:
                runs.days.append(run(Days(every.first, inside.first - ONE_DAY), -1))
            if inside.last < every.last:
                runs.days.append(run(Days(inside.last + ONE_DAY, every.last), -1))
        else:
            apart.append(inside)
    if not by_period and last.year - first.year > 1:
        whole.append(Days(dt.date(first.year + 1, 1, 1), dt.date(last.year - 1, 12, 31)))
    runs.years.extend(run(days) for days in _joined(whole))
    runs.days.extend(run(days) for days in _joined(apart))
    runs.new.append(run(part.days))


def _length(days: Days) -> int:
    return (days.last - days.first).days + 1


def _joined(days: Sequence[Days]) -> Iterator[Days]:
    """Put days together that follow each other."""
    days = sorted(days)
    if days:
        breaks = [at for at, (one, two) in enumerate(pairwise(days), start=1) if one.last + ONE_DAY != two.first]
        for begin, end in pairwise([0, *breaks, len(days)]):
            yield Days(days[begin].first, days[end - 1].last)


async def _add_years(
    snapshot: Snapshot,
    runs: Sequence[_Run],
    measures: Sequence[int],
    counts: Mapping[Combination, Integers],
    places: Mapping[int, int] | None,
) -> None:
    if not runs:
        return
    layouts = [LAYOUTS[measure] for measure in measures]
    in_pairs = any(len(each) > 1 for each in counts)
    rows = await snapshot.connection.fetch(
        _CODES_AND_PAIRS if in_pairs else _CODES,
        [run.row for run in runs],
        [run.sign for run in runs],
        [run.unit for run in runs],
        [YEAR_BASE + run.days.first.year for run in runs],
        [YEAR_BASE + run.days.last.year for run in runs],
        measures,
        [len(layout.codes) * NUMBER.itemsize for layout in layouts],
        [len(layout.pairs) * NUMBER.itemsize for layout in layouts],
    )
    for measure, sent in rows:
        width, wide = len(LAYOUTS[measure].codes), len(LAYOUTS[measure].pairs) if in_pairs else 0
        found = np.frombuffer(sent, [*_OF_YEAR, ("codes", NUMBER, (width,)), ("pairs", NUMBER, (wide,))])
        if places is None:
            at = found["row"].astype(np.intp)
        else:
            firsts = ((found["year"].astype(np.int64) - YEAR_BASE) * 100 + 1).tolist()
            at = np.array([places[month] for month in firsts], np.intp)
        signs = found["sign"].astype(np.int64)[:, np.newaxis]
        codes, pairs = (found[name].astype(np.int64) * signs for name in ("codes", "pairs"))
        for combination, counted in counts.items():
            _add_sums(combination, counted, measure, (at, codes, pairs))


_OF_YEAR: Final = [("row", ">i4"), ("sign", ">i4"), ("year", ">i4")]


def _add_sums(
    combination: Combination, counted: Integers, measure: int, found: tuple[NDArray[np.intp], Integers, Integers]
) -> None:
    at, codes, pairs = found
    own = [dimension in dimensions_of(MEASURES[measure - 1]) for dimension in combination]
    if len(combination) == 1:
        if own[0]:
            np.add.at(counted[:, measure, 1:], at, codes[:, code_places(measure, combination[0])])
        return
    first, second = combination
    both: Integers = np.zeros((len(at), *counted.shape[2:]), np.int64)
    if all(own):
        both[:, 1:, 1:] = pairs[:, pair_places(measure, first, second)]
    if own[0]:
        both[:, 1:, 0] = codes[:, code_places(measure, first)] - both[:, 1:, 1:].sum(axis=2)
    if own[1]:
        both[:, 0, 1:] = codes[:, code_places(measure, second)] - both[:, 1:, 1:].sum(axis=1)
    np.add.at(counted[:, measure], at, both)


async def _add_pieces(
    snapshot: Snapshot,
    runs: _Runs,
    measures: Sequence[int],
    counts: Mapping[Combination, Integers],
    places: Mapping[int, int] | None,
) -> None:
    """Count what is not in whole years: by the sums of large pieces, by the facts of the others."""
    summed = [
        (at, run.unit, month_period(run.days.first), month_period(run.days.last), run.days.first.day, run.days.last.day)
        for at, run in enumerate(runs.days)
    ]
    new = [
        (at, run.unit, month_period(run.days.first), month_period(run.days.last))
        for at, run in enumerate(runs.new, start=len(summed))
    ]
    alone = all(len(combination) == 1 for combination in counts)
    asked = (*as_columns(summed, 6), SIZE if alone else _NO_SIZE, *as_columns(new, 4))
    every = [*runs.days, *runs.new]
    said, pieces = list[_Said](), list[AskedPiece]()
    for at, month, rows, sums, less in await snapshot.connection.fetch(_PIECES, *asked):
        run = every[at]
        row = run.row if places is None else places[month - MONTH_BASE]
        if rows is None:
            said.append(_Said(row, run.sign, sums, less or _NOTHING))
        else:
            pieces.append(AskedPiece(row, run.sign, days_of_month(run.days, month), rows))
    if said:
        _add_said(said, measures, counts)
    add_facts(pieces, measures, counts)


class _Said(NamedTuple):
    """What a large piece comes to up to a day, and up to another that is taken off; and which row it adds to."""

    row: int
    sign: int
    sums: bytes
    less: bytes


def _add_said(said: Sequence[_Said], measures: Sequence[int], counts: Mapping[Combination, Integers]) -> None:
    """Count by what large pieces come to; only of one dimension at a time."""
    sums, less = (
        np.frombuffer(b"".join(column), NUMBER).reshape(-1, STEP // NUMBER.itemsize).astype(np.int64)
        for column in ([each.sums for each in said], [each.less for each in said])
    )
    found = (sums - less) * np.array([each.sign for each in said], np.int64)[:, np.newaxis]
    at = np.array([each.row for each in said], np.intp)
    for measure in measures:
        codes = found[:, PARTS[measure]]
        for combination, counted in counts.items():
            _add_sums(combination, counted, measure, (at, codes, codes))
