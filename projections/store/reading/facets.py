"""Counts by the codes of dimensions: what is below vast units from their breakdowns, the rest from the facts.

A report by facet is one row of this by one dimension; a split is several rows by several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from events.catalogue import MEASURES, dimensions_of
from events.facets import field
from projections.answers.past.contributions import CodedCount
from projections.answers.report.codes import codes_of, packed_mask
from projections.answers.report.report_answers import Row
from projections.answers.report.report_question import Figures, QuestionPart
from projections.answers.report.splits import Splits, require_fewer_cells
from projections.store.reading.breakdowns import count_below
from projections.store.reading.facet_counts import below_of, counts_below, own_counts
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up

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
    figures = await add_up(snapshot, parts, asked.measures, rows)
    splits = Splits(asked.measures, asked.dimensions)
    broken = _broken(asked)
    if broken:
        await _count(snapshot, coded, broken, asked, splits)
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


async def _count(
    snapshot: Snapshot, coded: list[QuestionPart], measures: list[str], asked: CodesAsked, splits: Splits
) -> None:
    """Add to the splits what the parts have of codes; unknown is left to what these leave."""
    by_month = asked.row_of_month is not None
    dimensions = ",".join(asked.dimensions)
    facts = await own_counts(snapshot, [part for part in coded if part.own], measures, dimensions, by_month=by_month)
    below = below_of(coded)
    walked = [part for part in below if not part.place.vast]
    if walked:
        facts += await counts_below(snapshot, walked, measures, dimensions, root=asked.root, by_month=by_month)
    _add_packed(facts, asked, splits)
    vast = [part for part in below if part.place.vast]
    if vast:
        alone = [(dimension,) for dimension in asked.dimensions]
        rows, counts = await count_below(snapshot, vast, measures, alone, asked.row_of_month)
        for (dimension,), counted in counts.items():
            known = counted[:, :, 1:]
            for at, measure in np.argwhere(known.any(axis=2)).tolist():
                splits.add_all(rows[at], MEASURES[measure - 1], dimension, known[at, measure].tolist())


def _add_packed(counts: Iterable[CodedCount | Record], asked: CodesAsked, splits: Splits) -> None:
    """Add ``(row, month, measure, packed, n)`` to the splits, code by code."""
    by_month = asked.row_of_month
    fields = [(dimension, field(dimension), codes_of(dimension)) for dimension in asked.dimensions]
    for part_row, month, measure, packed, n in counts:
        row = part_row if by_month is None else by_month[month]
        for dimension, (shift, mask), codes in fields:
            if number := (packed >> shift) & mask:
                splits.add(row, MEASURES[measure - 1], dimension, codes[number - 1], n)
