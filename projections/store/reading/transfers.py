"""Transfers by province: whether a member came from, or went to, a unit of the same one (domain: Forms, 1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import Date, bindparam, func, select

from events.catalogue import MEASURES
from projections.answers.forms.template import TRANSFERS
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Basis
from projections.rules.counting.periods import Days
from projections.store import hierarchy_sql
from projections.store.calendar_sql import holds_on
from projections.store.reading.composed import Query, among
from projections.store.reading.facts_under import Under, of_everybody, of_members, parameters_of
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import numbers
from projections.store.schema.tables import FACT


def _between(under: Under) -> Query:
    """Count the transfers of a unit by both ends; the two facts of one have its position.

    The days are said of the facts too, beside those of each unit: of a large unit they are found by day.
    """
    other = FACT.alias("other")
    both = (other.c.position == FACT.c.position, other.c.measure != FACT.c.measure, among(other.c.measure, "measures"))
    of_days = FACT.c.day.between(bindparam("first", type_=Date), bindparam("last", type_=Date))
    ends = (FACT.c.measure, FACT.c.unit, other.c.unit.label("other"), FACT.c.day)
    return Query(
        select(*ends, func.count().label("n"))
        .select_from(under.looked.join(FACT, under.where[0]).join(other, both[0]))
        .where(*under.where[1:], *both[1:], of_days, among(FACT.c.measure, "measures"))
        .group_by(*ends)
    )


_UNDER: Final = {"as-was": _between(of_members("as-was")), "as-now": _between(of_members("as-now"))}
_EVERYWHERE: Final = _between(of_everybody())


def _provinces(edges: str, province: str) -> str:
    """Write the province of each unit on a day: itself, or the nearest above it that stands."""
    walk = hierarchy_sql.above(
        "up",
        "SELECT unit, unit, day, 0 FROM unnest($1::integer[], $2::date[]) AS asked(unit, day)",
        edges,
        {"of": "up.of", "day": "up.day", "step": "up.step + 1"},
    )
    return f"""
WITH RECURSIVE {walk}
SELECT DISTINCT ON (up.of, up.day) up.of, up.day, up.unit
FROM up JOIN unit ON unit.no = up.unit {province}
ORDER BY up.of, up.day, up.step
"""


_THEN: Final = _provinces(
    hierarchy_sql.on("up.day"),
    f"""JOIN unit_level ON unit_level.unit = up.unit AND {holds_on("unit_level", "up.day")}
WHERE unit_level.level = 'province' AND (unit.dissolved IS NULL OR unit.dissolved > up.day)""",
)
_NOW: Final = _provinces(hierarchy_sql.LAST_KNOWN, "WHERE unit.level = 'province' AND unit.dissolved IS NULL")


async def transfers_by_province(
    snapshot: Snapshot, unit: KnownUnit, days: Days, basis: Basis
) -> dict[tuple[str, str], int]:
    """Count the transfers of a unit by measure, and by whether both units were of one province: `same` or `other`.

    What is of no province is of no same one. As-was the province is that of the day, as-now that of the last known
    hierarchy.
    """
    query = _EVERYWHERE if unit.root else _UNDER[basis]
    rows = await query.fetch(snapshot, **parameters_of(unit.place, days, basis), measures=numbers(TRANSFERS))
    ends = {(end, day) for _, mine, other, day, _ in rows for end in (mine, other)}
    provinces = await _provinces_of(snapshot, ends, basis)
    found = {(measure, which): 0 for measure in TRANSFERS for which in ("same", "other")}
    for number, mine, other, day, n in rows:
        here, there = provinces.get((mine, day)), provinces.get((other, day))
        found[MEASURES[number - 1], "same" if here is not None and here == there else "other"] += n
    return found


async def _provinces_of(
    snapshot: Snapshot, ends: Collection[tuple[int, dt.date]], basis: Basis
) -> dict[tuple[int, dt.date], int]:
    asked = [unit for unit, _ in ends], [day for _, day in ends]
    rows = await snapshot.connection.fetch(_THEN if basis == "as-was" else _NOW, *asked)
    return {(of, day): province for of, day, province in rows}
