"""A report by the codes of two dimensions together (decision 0053)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from events.catalogue import MEASURES
from events.vocabulary import UNKNOWN
from projections.answers.past.contributions import CodedCount
from projections.answers.report.codes import (
    Codes,
    codes_of,
    dimensions_asked,
    packed_mask,
    row_of_codes,
    rows_of_codes,
    unpacked_codes,
)
from projections.answers.report.report_answers import Row
from projections.answers.report.report_question import QuestionPart
from projections.store.reading.breakdowns import count_below
from projections.store.reading.facet_counts import below_of, counts_below, own_counts
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up

if TYPE_CHECKING:
    from asyncpg import Record


async def pair_rows(
    snapshot: Snapshot, parts: list[QuestionPart], measures: tuple[str, ...], detail: str, *, root: bool
) -> tuple[dict[str, int], list[Row]]:
    """Return the total and a row a pair of codes in the catalogue's order; what a measure doesn't have is unknown.

    ``root``: the only part is of the unit that has everything below it.
    """
    total = (await add_up(snapshot, parts, measures, 1))[0]
    asked = list(measures)
    facts: list[Record | CodedCount] = []
    if snapshot.known is not None:
        facts += await snapshot.known.coded_rest(parts, asked, packed_mask(detail), by_month=False)
        parts, snapshot = await snapshot.known.of_now(parts), snapshot.known.today
    *pairs, unknown = rows_of_codes(detail)
    counts = {pair: dict.fromkeys(measures, 0) for pair in pairs}
    if parts:
        facts += await own_counts(snapshot, [part for part in parts if part.own], asked, detail)
        below = below_of(parts)
        walked = [part for part in below if not part.place.vast]
        facts += await counts_below(snapshot, walked, asked, detail, root=root) if walked else []
        vast = [part for part in below if part.place.vast]
        if vast:
            await _add_vast(snapshot, vast, asked, detail, counts)
    for _, _, number, packed, n in facts:
        if packed:
            counts[unpacked_codes(detail, packed)][MEASURES[number - 1]] += n
    # What is unknown in both is what the others leave of the total, so that the rows sum to it.
    counts[unknown] = {m: total[m] - sum(values[m] for values in counts.values()) for m in measures}
    return total, [row_of_codes(detail, codes, values) for codes, values in counts.items()]


async def _add_vast(
    snapshot: Snapshot,
    vast: list[QuestionPart],
    measures: list[str],
    detail: str,
    counts: dict[Codes, dict[str, int]],
) -> None:
    """Add what is below vast units, from their breakdowns."""
    pair = dimensions_asked(detail)
    _, found = await count_below(snapshot, vast, measures, [pair])
    counted = found[pair].sum(axis=0)
    codes = [(UNKNOWN, *codes_of(dimension)[:-1]) for dimension in pair]
    for measure, *numbers in np.argwhere(counted).tolist():
        if any(numbers):
            named = tuple(names[number] for names, number in zip(codes, numbers, strict=True))
            counts[named][MEASURES[measure - 1]] += int(counted[measure, *numbers])
