"""Many counts of units on many days at once: one statement for all that an answer about plans needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from events.catalogue import MEASURE_NUMBERS
from projections.answers.plans.known_plans import CountOf
from projections.answers.report.report_question import Basis, Place, QuestionPart, made_of, within
from projections.rules.counting.periods import Days
from projections.store.reading.as_now import terms_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up

Wanted = Mapping[int, Collection[tuple[str, Days]]]
"""The measures and days to count, by the number of the unit."""


async def counts(snapshot: Snapshot, places: Mapping[int, Place], wanted: Wanted, basis: Basis) -> dict[int, CountOf]:
    """Count what is wanted; the counts answer for nothing else."""
    rows: dict[tuple[int, Days], int] = {}
    for no, asked in wanted.items():
        for _, days in asked:
            rows.setdefault((no, days), len(rows))
    terms = await _terms(snapshot, rows) if basis == "as-now" else None
    parts: list[QuestionPart] = []
    for (no, days), row in rows.items():
        made = made_of(places[no], days, None if terms is None else terms.get(no, ()))
        parts += within(made, row, days)
    measures = {measure for asked in wanted.values() for measure, _ in asked}
    figures = await add_up(snapshot, parts, tuple(sorted(measures, key=MEASURE_NUMBERS.__getitem__)), len(rows))

    def count_of(no: int) -> CountOf:
        return lambda measure, days: figures[rows[no, days]][measure]

    return {no: count_of(no) for no in wanted}


async def _terms(snapshot: Snapshot, rows: Collection[tuple[int, Days]]) -> dict[int, list[QuestionPart]]:
    if not rows:
        return {}
    days = Days(min(d.first for _, d in rows), max(d.last for _, d in rows))
    return await terms_of(snapshot, {no for no, _ in rows}, days)
