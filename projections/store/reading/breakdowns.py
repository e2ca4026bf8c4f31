"""Counts by codes of what is below vast units: whole years from their sums, other days and what is new from pieces.

A combination is one dimension, or two of which each pair of codes is counted. Counting is the same for all rows of an
answer at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURE_NUMBERS, MEASURES, dimensions_of
from projections.answers.report.report_question import QuestionPart
from projections.rules.counting.breakdown import (
    FACT,
    LAYOUTS,
    NUMBER,
    Integers,
    code_places,
    numbers_of,
    pair_places,
    tally,
)
from projections.rules.counting.periods import (
    DAY_BITS,
    MONTH_BASE,
    MONTHS,
    ONE_DAY,
    YEAR_BASE,
    Days,
    common,
    days_of_month,
    month_period,
)
from projections.store.reading.snapshot import Snapshot

Combination = tuple[str, ...]
Counts = Mapping[Combination, Integers]
"""Of each combination an array of the shape (rows, measures, codes) or (rows, measures, codes, codes).

Rows are places among those asked for, measures those of the catalogue. Codes go by their numbers (`events.facets`);
where one dimension is asked for by itself, nothing is said of 0, unknown: it is what the others leave.
"""

AT_ONCE: Final = 200_000
"""Facts that are counted at once."""
_WIDTH: Final = len(MEASURES) + 1


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
_PIECES: Final = """
SELECT run.at, piece.month, piece.rows
FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS run(at, unit, low, high)
CROSS JOIN LATERAL (
    SELECT month, rows FROM breakdown WHERE unit = run.unit AND month BETWEEN run.low AND run.high
    OFFSET 0
) AS piece
UNION ALL
SELECT run.at, piece.month, piece.rows
FROM unnest($5::integer[], $6::integer[], $7::integer[], $8::integer[]) AS run(at, unit, low, high)
CROSS JOIN LATERAL (
    SELECT month, rows FROM breakdown WHERE unit = run.unit AND month BETWEEN run.low AND run.high AND NOT summed
    OFFSET 0
) AS piece
"""


class _Run(NamedTuple):
    """Days of a vast unit; ``whole`` where they are whole years, whose sums are kept."""

    row: int
    sign: int
    unit: int
    days: Days
    whole: bool


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
    shapes = {each: (len(rows), _WIDTH, *(len(DIMENSIONS[name]) for name in each)) for each in combinations}
    counts = {each: np.zeros(shape, np.int64) for each, shape in shapes.items()}
    place = {row: at for at, row in enumerate(rows)}
    runs = [run for part in parts for run in _runs(part, row_of_month)]
    numbers = [MEASURE_NUMBERS[measure] for measure in measures]
    places = None if row_of_month is None else {month: place[row] for month, row in row_of_month.items()}
    runs = [run._replace(row=0 if places is not None else place[run.row]) for run in runs]
    await _add_years(snapshot, [run for run in runs if run.whole], numbers, counts, places)
    await _add_pieces(snapshot, runs, numbers, counts, places)
    return rows, counts


def _runs(part: QuestionPart, row_of_month: Mapping[int, int] | None) -> Iterator[_Run]:
    """Cover a part's days by whole years and what they have too little, or too much: whichever is fewer days."""
    first, last = part.days
    if last < first:
        return

    def run(days: Days, sign: int = 1, *, whole: bool = False) -> _Run:
        return _Run(part.row, part.sign * sign, part.place.no, days, whole)

    by_period = row_of_month is not None
    whole, apart = list[Days](), list[Days]()
    for year in range(first.year, last.year + 1) if by_period else sorted({first.year, last.year}):
        every = Days(dt.date(year, 1, 1), dt.date(year, 12, 31))
        inside = common(part.days, every)
        alike = row_of_month is None or row_of_month.get(year * 100 + 1) == row_of_month.get(year * 100 + MONTHS)
        if alike and (inside == every or (not by_period and 2 * _length(inside) > _length(every))):
            whole.append(every)
            if every.first < inside.first:
                yield run(Days(every.first, inside.first - ONE_DAY), -1)
            if inside.last < every.last:
                yield run(Days(inside.last + ONE_DAY, every.last), -1)
        else:
            apart.append(inside)
    if not by_period and last.year - first.year > 1:
        whole.append(Days(dt.date(first.year + 1, 1, 1), dt.date(last.year - 1, 12, 31)))
    for days in _joined(whole):
        yield run(days, whole=True)
    for days in _joined(apart):
        yield run(days)


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
    runs: Sequence[_Run],
    measures: Sequence[int],
    counts: Mapping[Combination, Integers],
    places: Mapping[int, int] | None,
) -> None:
    """Count facts of days that are no whole years, and of these what is not summed up yet."""
    asked: tuple[list[list[int]], list[list[int]]] = ([[], [], [], []], [[], [], [], []])
    for at, run in enumerate(runs):
        values = at, run.unit, month_period(run.days.first), month_period(run.days.last)
        for column, value in zip(asked[run.whole], values, strict=True):
            column.append(value)
    for pieces in _in_parts(await snapshot.connection.fetch(_PIECES, *asked[0], *asked[1])):
        facts = np.frombuffer(b"".join(rows for *_, rows in pieces), FACT)
        sizes = [len(rows) // FACT.itemsize for *_, rows in pieces]
        month, of = [month for _, month, _ in pieces], [runs[at] for at, *_ in pieces]
        what = facts["what"].astype(np.int16)
        lost = bool((what < 0).any())
        plain = np.abs(what) if lost else what
        within = [days_of_month(run.days, each) for run, each in zip(of, month, strict=True)]
        some = np.flatnonzero(_kept(plain, sizes, within, measures))
        rows = [run.row if places is None else places[each - MONTH_BASE] for run, each in zip(of, month, strict=True)]
        cells = _of_each([row * _WIDTH for row in rows], sizes, some) + (plain[some] >> DAY_BITS).astype(np.int64)
        sign = _of_each([run.sign for run in of], sizes, some)
        if lost:
            sign = sign * np.sign(what[some])
        _add_facts(cells, sign, facts["facets"][some].astype(np.int64), counts)


def _kept(
    plain: NDArray[np.int16], sizes: Sequence[int], within: Sequence[tuple[int, int]], measures: Sequence[int]
) -> NDArray[np.bool_]:
    """Tell of facts, piece by piece, whether they are of the measures and on the days of their piece, by a table."""
    kinds = list(dict.fromkeys(within))
    table = np.zeros((len(kinds), 1 << 16 - DAY_BITS, 1 << DAY_BITS), np.bool_)
    for place, (first, last) in enumerate(kinds):
        table[place, measures, first : last + 1] = True
    kind = _of_each([kinds.index(each) for each in within], sizes, slice(None))
    found: NDArray[np.bool_] = table.reshape(-1)[(kind << 16) + plain] if len(kinds) > 1 else table.reshape(-1)[plain]
    return found


def _of_each(of_pieces: Sequence[int], sizes: Sequence[int], some: NDArray[np.intp] | slice) -> Integers | int:
    """Return what pieces have for some of their facts; one number where all have the same, as nearly always."""
    if len({*of_pieces}) == 1:
        return of_pieces[0]
    return np.repeat(np.array(of_pieces, np.int64), sizes)[some]


def _in_parts(pieces: Sequence[Any]) -> Iterator[Sequence[Any]]:
    begin, amount = 0, 0
    for end, (*_, rows) in enumerate(pieces, start=1):
        amount += len(rows) // FACT.itemsize
        if amount >= AT_ONCE or end == len(pieces):
            yield pieces[begin:end]
            begin, amount = end, 0


def _add_facts(at: Integers, sign: Integers | int, facets: Integers, counts: Mapping[Combination, Integers]) -> None:
    """Count facts by their codes; ``at`` is the place of a fact's row and measure."""
    numbers = {name: numbers_of(facets, name) for name in {*chain.from_iterable(counts)}}
    for combination, counted in counts.items():
        cells = at
        for dimension in combination:
            cells = cells * len(DIMENSIONS[dimension]) + numbers[dimension]
        np.add(counted, tally(cells, sign, counted.size).reshape(counted.shape), out=counted)
