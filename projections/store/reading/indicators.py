"""The indicators of a unit and the allocation of its targets, each from one snapshot (contract §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from events.vocabulary import STOCKS
from projections.answers.plans.declared_figures import stock_days, window
from projections.answers.plans.indicators import indicators as worked
from projections.answers.plans.indicators import needed
from projections.answers.plans.known_plans import Assigned, Children, CountOf, Known, PlanKey
from projections.answers.plans.members import opening_day
from projections.answers.plans.plan_answers import Allocation, Allocations, Indicators
from projections.answers.plans.targets import Allocating
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Basis
from projections.answers.words.plan_words import NO_TARGET
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import EVER
from projections.store.hierarchy_sql import above, on
from projections.store.reading.counts import counts
from projections.store.reading.find_unit import LAST_KNOWN, find
from projections.store.reading.plans import declarations_of, declared_by, latest_days, targets_of, totals_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units_below import children, children_now

# Whether units came to what is below a unit, or went: on a day it is on one alone of two raw lineages, that of the day
# and that of the day before. An establishment has no edge before it.
_REORGANISED = f"""
WITH RECURSIVE moved AS (
    SELECT edge.unit, edge.since AS day, before.parent AS old, edge.parent AS new
    FROM edge JOIN edge AS before ON before.unit = edge.unit AND before.until = edge.since
    WHERE edge.since > $2::date AND edge.since <= $3::date
), {
    above(
        "up",
        "SELECT old, unit, day, false FROM moved UNION ALL SELECT new, unit, day, true FROM moved",
        on("up.day - 1 + up.later::integer"),
        {"moved": "up.moved", "day": "up.day", "later": "up.later"},
        where="up.unit <> $1::integer",
    )
}
SELECT EXISTS (SELECT FROM up WHERE unit = $1 GROUP BY moved, day HAVING count(DISTINCT later) = 1)
    OR EXISTS (SELECT FROM unit WHERE no = $1 AND dissolved > $2 AND dissolved <= $3)
"""


async def indicators(snapshot: Snapshot, unit: str, on: dt.date, basis: Basis) -> Indicators:
    """Answer the indicators of a unit as of a day. Raises UnknownUnitError."""
    asked, below = await _asked(snapshot, unit, on, basis)
    no = asked.place.no
    targets = await targets_of(snapshot, [no], on)
    declared = await declarations_of(snapshot, no, on)
    days = stock_days(declared)
    parts: dict[PlanKey, dict[int, int]] = {}
    if below.stays:
        missing = [figure for figure in STOCKS if figure not in days]
        days |= await latest_days(snapshot, below.spans(on), missing)
        parts = await declared_by(snapshot, {stay.place.no for stay in below.stays}, days, window(on))
    since = opening_day(declared)
    known = Known(
        on,
        targets.get(no, []),
        declared,
        below,
        parts,
        since is not None and await reorganised(snapshot, asked, since, on),
    )
    wanted = needed([no], lambda count_of: worked(known, count_of[no]))
    count_of = await counts(snapshot, {no: asked.place}, wanted, basis)
    found = worked(known, count_of[no])
    return Indicators(asked.name, on, basis, snapshot.position, snapshot.as_of, *found)


async def allocations(snapshot: Snapshot, unit: str, on: dt.date, basis: Basis) -> Allocations:
    """Answer the targets of a unit as of a day beside those of its children. Raises UnknownUnitError."""
    asked, below = await _asked(snapshot, unit, on, basis)
    places = {asked.place.no: asked.place, **{stay.place.no: stay.place for stay in below.stays}}
    targets = await targets_of(snapshot, places, on)
    own = targets.pop(asked.place.no, [])
    declared = await totals_of(snapshot, places, on)
    parts: dict[PlanKey, dict[int, Assigned]] = {}
    for no, given in targets.items():
        for target in given:
            parts.setdefault((target.measure, target.first, target.last), {})[no] = target

    def work(count_of: Mapping[int, CountOf]) -> list[Allocation]:
        return Allocating(on, asked.place.no, below, declared, count_of).all(own, parts)

    found = work(await counts(snapshot, places, needed(places, work), basis))
    reason = None if found else NO_TARGET
    return Allocations(asked.name, on, basis, snapshot.position, snapshot.as_of, found, reason)


async def reorganised(snapshot: Snapshot, unit: KnownUnit, since: dt.date, on: dt.date) -> bool:
    """Tell whether units came to what is below one, or went, after a day, up to another."""
    if unit.root:  # everything is below the root, on every day
        return False
    found: bool = await snapshot.connection.fetchval(_REORGANISED, unit.place.no, since, on)
    return found


async def _asked(snapshot: Snapshot, unit: str, on: dt.date, basis: Basis) -> tuple[KnownUnit, Children]:
    asked = await find(snapshot, unit, on if basis == "as-was" else LAST_KNOWN)
    find_children = children if basis == "as-was" else children_now
    stays = await find_children(snapshot, asked.place, Days(EVER, on))
    return asked, Children(stays, now=basis == "as-now")
