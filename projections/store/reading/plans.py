"""The plans that stand: targets and declared figures of a unit, and those of its children (contract §1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from events.catalogue import MEASURES
from events.vocabulary import STOCKS
from projections.answers.past.structure_answers import Source
from projections.answers.plans.known_plans import Assigned, Declared, PlanKey
from projections.rules.counting.periods import Days
from projections.store.reading.snapshot import Snapshot

if TYPE_CHECKING:
    from asyncpg import Record

_SAID = "ledger.position, ledger.publisher, ledger.id, ledger.type"

_TARGETS = f"""
SELECT plan.unit, plan.measure, plan.first, plan.last, plan.at_least, plan.at_most, plan.resolution, {_SAID}
FROM standing_target AS plan JOIN ledger USING (position)
WHERE plan.unit = ANY($1::integer[]) AND plan.first <= $2
"""

_DECLARED = f"""
SELECT plan.unit, plan.figure, plan.first, plan.last, plan.value, plan.note, {_SAID}
FROM standing_declaration AS plan JOIN ledger USING (position)
WHERE plan.unit = ANY($1::integer[]) AND plan.last <= $2 AND plan.figure = ANY($3::text[])
ORDER BY plan.last, plan.first, plan.figure
"""

# One look into the index for each stay and figure.
_LATEST = """
SELECT figure.name, max(found.first) AS day
FROM unnest($1::integer[], $2::date[], $3::date[]) AS stay(unit, first, last)
CROSS JOIN unnest($4::text[]) AS figure(name)
CROSS JOIN LATERAL (
    SELECT declaration.first FROM declaration
    WHERE declaration.unit = stay.unit AND declaration.figure = figure.name
        AND declaration.first BETWEEN stay.first AND stay.last
    ORDER BY declaration.first DESC LIMIT 1
) AS found
GROUP BY figure.name
"""

# One row a figure and period: there may be thousands of declarations, and a row each costs more than the search.
_OF_UNITS = """
SELECT figure, first, last, array_agg(unit) AS units, array_agg(value) AS values
FROM standing_declaration WHERE unit = ANY($1::integer[]) AND figure = ANY($2::text[]) AND {days}
GROUP BY figure, first, last
"""
_STOCKS_OF = _OF_UNITS.format(days="first = ANY($3::date[]) AND last = first")
_PERIODS_OF = _OF_UNITS.format(days="last BETWEEN $3 AND $4")


async def targets_of(snapshot: Snapshot, units: Collection[int], on: dt.date) -> dict[int, list[Assigned]]:
    """Return the standing targets of units that began by a day, in no order."""
    found: dict[int, list[Assigned]] = {}
    for unit, measure, first, last, least, most, resolution, *said in await snapshot.connection.fetch(
        _TARGETS, list(units), on
    ):
        target = Assigned(MEASURES[measure - 1], first, last, least, most, resolution, Source(*said))
        found.setdefault(unit, []).append(target)
    return found


async def declarations_of(snapshot: Snapshot, unit: int, on: dt.date) -> list[Declared]:
    """Return the standing declared figures of a unit of days and periods up to a day, by last day."""
    return (await _declared(snapshot, [unit], on, (*STOCKS, *MEASURES))).get(unit, [])


async def totals_of(snapshot: Snapshot, units: Collection[int], on: dt.date) -> dict[int, list[Declared]]:
    """Return the standing declared totals of measures of units, of periods up to a day, by last day."""
    return await _declared(snapshot, list(units), on, MEASURES)


async def _declared(
    snapshot: Snapshot, units: list[int], on: dt.date, figures: Collection[str]
) -> dict[int, list[Declared]]:
    found: dict[int, list[Declared]] = {}
    rows = await snapshot.connection.fetch(_DECLARED, units, on, list(figures))
    for unit, figure, first, last, value, note, *said in rows:
        found.setdefault(unit, []).append(Declared(figure, first, last, value, note, Source(*said)))
    return found


async def latest_days(
    snapshot: Snapshot, spans: Iterable[tuple[int, Days]], figures: Collection[str]
) -> dict[str, dt.date]:
    """Return for each stock the latest day on which one of the units declared it, of those that are given with it."""
    if not figures:
        return {}
    units, firsts, lasts = zip(*((unit, *days) for unit, days in spans), strict=True)
    rows = await snapshot.connection.fetch(_LATEST, units, firsts, lasts, list(figures))
    return {row["name"]: row["day"] for row in rows}


async def declared_by(
    snapshot: Snapshot, units: Collection[int], stocks: dict[str, dt.date], periods: Days
) -> dict[PlanKey, dict[int, int]]:
    """Return what units declare: each of the stocks for its day, and measures for periods that end on the days."""
    fetch = snapshot.connection.fetch
    numbers = list(units)
    found: dict[PlanKey, dict[int, int]] = {}

    def keep(rows: Iterable[Record]) -> None:
        for figure, first, last, declaring, values in rows:
            if stocks.get(figure, last) == last:
                found[figure, first, last] = dict(zip(declaring, values, strict=True))

    if stocks:
        keep(await fetch(_STOCKS_OF, numbers, list(stocks), list(set(stocks.values()))))
    keep(await fetch(_PERIODS_OF, numbers, list(MEASURES), *periods))
    return found
