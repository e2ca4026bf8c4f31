"""A report by the codes of two dimensions together: counted from the facts, as breakdowns hold one at a time (0011)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.catalogue import MEASURES
from projections.answers.past.contributions import CodedCount
from projections.answers.report.codes import packed_mask, row_of_codes, rows_of_codes, unpacked_codes
from projections.answers.report.report_answers import Row
from projections.answers.report.report_question import QuestionPart
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
    if parts:
        facts += await own_counts(snapshot, [part for part in parts if part.own], asked, detail)
        facts += await counts_below(snapshot, below_of(parts), asked, detail, root=root)
    *pairs, unknown = rows_of_codes(detail)
    counts = {pair: dict.fromkeys(measures, 0) for pair in pairs}
    for _, _, number, packed, n in facts:
        if packed:
            counts[unpacked_codes(detail, packed)][MEASURES[number - 1]] += n
    # What is unknown in both is what the others leave of the total, so that the rows sum to it.
    counts[unknown] = {m: total[m] - sum(values[m] for values in counts.values()) for m in measures}
    return total, [row_of_codes(detail, codes, values) for codes, values in counts.items()]
