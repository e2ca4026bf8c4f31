"""The plans that stand: targets and declared figures of a unit, and those of its children (contract §1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Date, Integer, Text, bindparam, func, select, true

from events.catalogue import MEASURES
from events.vocabulary import STOCKS
from projections.answers.past.structure_answers import Source
from projections.answers.plans.known_plans import Assigned, Declared, PlanKey
from projections.rules.counting.periods import Days
from projections.store.reading.composed import Query, among, unnested
from projections.store.reading.snapshot import Snapshot
from projections.store.schema.tables import DECLARATION, LEDGER, STANDING_DECLARATION, STANDING_TARGET

if TYPE_CHECKING:
    from asyncpg import Record

_SAID = LEDGER.c["position", "publisher", "id", "type"]

_target = STANDING_TARGET.alias("plan")
_TARGETS = Query(
    select(*_target.c["unit", "measure", "first", "last", "at_least", "at_most", "resolution"], *_SAID)
    .join(LEDGER, LEDGER.c.position == _target.c.position)
    .where(among(_target.c.unit, "units"), _target.c.first <= bindparam("on"))
)

_plan = STANDING_DECLARATION.alias("plan")
_DECLARED = Query(
    select(*_plan.c["unit", "figure", "first", "last", "value", "note"], *_SAID)
    .join(LEDGER, LEDGER.c.position == _plan.c.position)
    .where(among(_plan.c.unit, "units"), _plan.c.last <= bindparam("on"), among(_plan.c.figure, "figures"))
    .order_by(_plan.c.last, _plan.c.first, _plan.c.figure)
)

# One look into the index for each stay and figure.
_stay = unnested("stay", unit=Integer, first=Date, last=Date)
_figure = unnested("figure", name=Text)
_said_last = (
    select(DECLARATION.c.first)
    .where(
        DECLARATION.c.unit == _stay.c.unit,
        DECLARATION.c.figure == _figure.c.name,
        DECLARATION.c.first.between(_stay.c.first, _stay.c.last),
    )
    .order_by(DECLARATION.c.first.desc())
    .limit(1)
    .lateral("found")
)
_LATEST = Query(
    select(_figure.c.name, func.max(_said_last.c.first).label("day"))
    .select_from(_stay.join(_figure, true()).join(_said_last, true()))
    .group_by(_figure.c.name)
)

# One row a figure and period: there may be thousands of declarations, and a row each costs more than the search.
_standing = STANDING_DECLARATION
_OF_UNITS = (
    select(
        *_standing.c["figure", "first", "last"],
        func.array_agg(_standing.c.unit).label("units"),
        func.array_agg(_standing.c.value).label("values"),
    )
    .where(among(_standing.c.unit, "units"), among(_standing.c.figure, "figures"))
    .group_by(_standing.c.figure, _standing.c.first, _standing.c.last)
)
_STOCKS_OF = Query(_OF_UNITS.where(among(_standing.c.first, "days"), _standing.c.last == _standing.c.first))
_PERIODS_OF = Query(_OF_UNITS.where(_standing.c.last.between(bindparam("first"), bindparam("last"))))


async def targets_of(snapshot: Snapshot, units: Collection[int], on: dt.date) -> dict[int, list[Assigned]]:
    """Return the standing targets of units that began by a day, in no order."""
    found: dict[int, list[Assigned]] = {}
    rows = await _TARGETS.fetch(snapshot, units=list(units), on=on)
    for unit, measure, first, last, least, most, resolution, *said in rows:
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
    rows = await _DECLARED.fetch(snapshot, units=units, on=on, figures=list(figures))
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
    rows = await _LATEST.fetch(snapshot, stay_unit=units, stay_first=firsts, stay_last=lasts, figure_name=list(figures))
    return {row["name"]: row["day"] for row in rows}


async def declared_by(
    snapshot: Snapshot, units: Collection[int], stocks: dict[str, dt.date], periods: Days
) -> dict[PlanKey, dict[int, int]]:
    """Return what units declare: each of the stocks for its day, and measures for periods that end on the days."""
    numbers = list(units)
    found: dict[PlanKey, dict[int, int]] = {}

    def keep(rows: Iterable[Record]) -> None:
        for figure, first, last, declaring, values in rows:
            if stocks.get(figure, last) == last:
                found[figure, first, last] = dict(zip(declaring, values, strict=True))

    if stocks:
        days = list(set(stocks.values()))
        keep(await _STOCKS_OF.fetch(snapshot, units=numbers, figures=list(stocks), days=days))
    first, last = periods
    keep(await _PERIODS_OF.fetch(snapshot, units=numbers, figures=list(MEASURES), first=first, last=last))
    return found
