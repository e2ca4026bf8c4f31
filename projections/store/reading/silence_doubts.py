"""What silence leaves in doubt, looked up day by day: of units below which something moved on the days asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from events.catalogue import MEASURES
from projections.answers.report.report_question import Figures, QuestionPart
from projections.rules.counting.periods import Days
from projections.store.hierarchy_sql import below_within
from projections.store.reading.find_unit import places_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up

_VOICED: Final = f"""
WITH RECURSIVE mute AS (SELECT no FROM unnest($1::integer[]) AS asked (no)), {
    below_within("below", "mute", unit="mute.no", days=("$2::date", "$4::date"), kept={"upper": "mute.no"})
}
SELECT below.upper, bool_or(said.some) FROM below CROSS JOIN LATERAL (
    SELECT bool_or(declared.value <> 0) AS some FROM standing_declaration AS declared
    WHERE declared.unit = below.unit AND declared.first <= $3::date AND declared.last >= $2::date
        AND least(declared.last, $4::date) BETWEEN below.first AND below.last
    HAVING count(*) > 0
) AS said
GROUP BY below.upper
"""


class DoubtedTotal(NamedTuple):
    """What a declared total is of: the number of its unit, and of its measure, and the days."""

    unit: int
    measure: int
    days: Days


class HeardBelow(NamedTuple):
    """Units of which, or below which, something was heard; and those of them where that is more than zeros."""

    of: set[int]
    figures: set[int]


async def heard(snapshot: Snapshot, units: Sequence[int], days: Days, on: dt.date) -> HeardBelow:
    """Return those of the units of which, or below which, a fact or a declaration was heard.

    ``on`` is the day of the hierarchy. None of them declared anything itself but zeros.
    """
    figures = await _counted(snapshot, units, days, tuple(MEASURES))
    of = set(figures)
    mute = [unit for unit in units if unit not in of]
    if mute:
        for upper, some in await snapshot.connection.fetch(_VOICED, mute, min(days.first, on), days.last, on):
            of.add(upper)
            if some:
                figures.add(upper)
    return HeardBelow(of, figures)


async def admitting(snapshot: Snapshot, units: Sequence[int], days: Days) -> set[int]:
    """Return those of the units that, or below which somebody, admitted somebody."""
    return await _counted(snapshot, units, days, ("admissions",))


async def counted(snapshot: Snapshot, totals: Sequence[DoubtedTotal]) -> list[int]:
    """Return what is counted for each total, of the unit and below it."""
    measures = tuple(MEASURES[number - 1] for number in sorted({total.measure for total in totals}))
    figures = await _figures(snapshot, [(total.unit, total.days) for total in totals], measures)
    return [figures[row][MEASURES[total.measure - 1]] for row, total in enumerate(totals)]


async def _counted(snapshot: Snapshot, units: Sequence[int], days: Days, measures: tuple[str, ...]) -> set[int]:
    figures = await _figures(snapshot, [(unit, days) for unit in units], measures)
    return {unit for row, unit in enumerate(units) if any(figures[row].values())}


async def _figures(snapshot: Snapshot, asked: Sequence[tuple[int, Days]], measures: tuple[str, ...]) -> Figures:
    if not asked:
        return Figures(measures, 0)
    places = await places_of(snapshot, {unit for unit, _ in asked})
    parts = [QuestionPart(row, places[unit], days) for row, (unit, days) in enumerate(asked)]
    return await add_up(snapshot, parts, measures, len(asked))
