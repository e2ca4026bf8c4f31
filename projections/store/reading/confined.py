"""Lists that hold only what their asker may see: the rule of `projections.answers.access.readable` as a predicate.

It is a condition of the query itself, so that pages stay full. Without days the last known hierarchy decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import ARRAY, Boolean, Date, Integer, TextClause, bindparam, column, text

from projections.answers.access.needs import CLERK, KEEPER, OFFICER, ROLES, Need
from projections.answers.access.readable import AccessQuestion, may
from projections.answers.access.sight import Holder
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import holds_from
from projections.store.calendar_sql import OPEN
from projections.store.hierarchy_sql import LAST_KNOWN, above, below, below_on
from projections.store.reading.access import OF_ACCESS, held
from projections.store.reading.composed import Query
from projections.store.reading.snapshot import Snapshot
from projections.store.schema.tables import CODE

_HOLDER: Final = (
    bindparam("account", type_=CODE),
    bindparam("today", type_=Date),
    bindparam("only_roles", type_=ARRAY(CODE)),
    bindparam("only_units", type_=ARRAY(CODE)),
)

_ROOT: Final = "(SELECT unit FROM edge WHERE edge.parent IS NULL)"
_PUBLISHER: Final = "(SELECT no FROM unit WHERE unit.id = ledger.publisher)"
_CONCERNED: Final = f"coalesce((SELECT no FROM unit WHERE unit.id = ledger.subject), {_PUBLISHER}, {_ROOT})"
"""The unit that an event is about; where that is nobody's id its publisher, and where that is none either the root."""

_IS_OF_ACCESS: Final = f"starts_with(coalesce(ledger.type, ''), '{OF_ACCESS}')"


def values_of(holder: Holder | None) -> dict[str, object]:
    """Return the parameters that a predicate has; none for who may see everything."""
    if holder is None:
        return {}
    only = holder.only
    return {
        "account": holder.account,
        "today": holder.today,
        "only_roles": None if only is None else [each.role for each in only],
        "only_units": None if only is None else [each.unit for each in only],
    }


def _granted(over: str, roles: str) -> str:
    """Write whether one of the roles is held over one of the units of a query for their numbers: by all that limits."""
    return f"""(CAST(:account AS text) IS NULL OR EXISTS (
        SELECT FROM ({over}) AS over (no) CROSS JOIN LATERAL (
            SELECT DISTINCT ON (role) role, granted, until FROM access_grant
            WHERE access_grant.account = :account AND access_grant.unit = over.no ORDER BY role, position DESC
        ) AS said
        WHERE said.granted AND said.role = ANY({roles}) AND (said.until IS NULL OR said.until >= :today)
    )) AND (CAST(:only_roles AS text[]) IS NULL OR EXISTS (
        SELECT FROM ({over}) AS over (no) JOIN unit ON unit.no = over.no
        JOIN unnest(:only_roles, CAST(:only_units AS text[])) AS token (role, unit) ON token.unit = unit.id
        WHERE token.role = ANY({roles})
    ))"""


def _allowed(unit: str, roles: str) -> str:
    """Write whether one of ``roles`` (an array) reaches a unit (its number) as last known."""
    ever = above(
        "ever",
        f"SELECT now.unit, now.unit, '-infinity'::date, {OPEN}::date"
        f" FROM now JOIN unit ON unit.no = now.unit WHERE now.unit = {unit} OR unit.dissolved IS NULL",
        "edge.since < ever.until AND edge.until > ever.since",
        {
            "lower": "ever.lower",
            "since": "greatest(edge.since, ever.since)",
            "until": "least(edge.until, ever.until)",
        },
        where="edge.parent IS NOT NULL",
    )
    return f"""EXISTS (
    WITH RECURSIVE {above("now", f"SELECT {unit}", LAST_KNOWN)}, {ever}, reaching AS (
        SELECT DISTINCT unit.no FROM ever JOIN unit ON unit.no = ever.unit
        WHERE unit.no = {unit} OR CASE
            WHEN unit.dissolved IS NULL THEN ever.lower = {unit} AND ever.until = {OPEN}
            ELSE isfinite(unit.dissolved) AND unit.dissolved > ever.since AND unit.dissolved <= ever.until
        END
    )
    SELECT WHERE {_granted("SELECT no FROM reaching", roles)}
)"""


def _allowed_throughout(
    unit: str, roles: str, first: str = "CAST(:first AS date)", last: str = "CAST(:last AS date)"
) -> str:
    """Write whether one of the roles reached a unit as-was on every one of the days, from first to last."""
    ever = above(
        "ever",
        f"SELECT {unit}, {first}, {last} + 1",
        "edge.since < ever.until AND edge.until > ever.since",
        {"since": "greatest(edge.since, ever.since)", "until": "least(edge.until, ever.until)"},
        where="edge.parent IS NOT NULL",
    )
    return f"""EXISTS (
    WITH RECURSIVE {ever}, reaching AS (
        SELECT unit.no FROM ever JOIN unit ON unit.no = ever.unit
        WHERE unit.dissolved IS NULL OR unit.dissolved > ever.since
        GROUP BY unit.no
        HAVING range_agg(daterange(ever.since, least(ever.until, unit.dissolved)))
            @> daterange({first}, {last} + 1)
    )
    SELECT WHERE {_granted("SELECT no FROM reaching", roles)}
)"""


def _array(*roles: str) -> str:
    return f"'{{{','.join(sorted(roles))}}}'::text[]"


def _condition(condition: str) -> TextClause:
    return text(condition).bindparams(*_HOLDER)


_OF_EVENTS: Final = _allowed(_CONCERNED, f"CASE WHEN {_IS_OF_ACCESS} THEN {_array(KEEPER)} ELSE {_array(OFFICER)} END")

OF_EVENTS: Final = _condition(_OF_EVENTS)
"""Which rows of `ledger` an officer may see, and a keeper of what is on access."""
BUT_ACCESS: Final = _condition(f"(NOT {_IS_OF_ACCESS} OR {_allowed(_CONCERNED, _array(KEEPER))})")
"""Which rows of `ledger` may be seen where an officer's part is decided already: all but what is on access."""
OF_RECEIPTS: Final = _condition(
    f"""EXISTS (
    SELECT FROM ledger WHERE ledger.position = said.position
        AND ((NOT {_IS_OF_ACCESS} AND {_allowed(_PUBLISHER, _array(CLERK))}) OR {_OF_EVENTS})
)"""
)
"""Of which rows of what was decided (`said`) receipts may be seen: what a clerk's units sent, and single events."""
OF_PUBLISHERS: Final = _condition(
    _allowed(f"coalesce((SELECT no FROM unit WHERE unit.id = publisher_rejects.publisher), {_ROOT})", _array(OFFICER))
)
"""Which rows of `publisher_rejects` an officer may see."""

_SPEAKERS: Final = Query(
    text(f"""
SELECT speaker.id FROM unit AS speaker
WHERE speaker.id = ANY(CAST(:units AS text[])) AND {_allowed("speaker.no", _array(*ROLES[Need.SENDING]))}
""")
    .bindparams(*_HOLDER, bindparam("units", type_=ARRAY(CODE)))
    .columns(column("id", CODE))
)

# Of what was below the unit on the last day, all that is below it as last known may be seen with it where it may be
# seen so itself: only the others are looked at one by one.
_ASKED: Final = "(SELECT no FROM unit WHERE unit.id = :unit)"
_FIGURES: Final = _array(*ROLES[Need.FIGURES])
_WITH_IT: Final = f"SELECT edge.unit FROM edge WHERE :reached AND edge.parent = {_ASKED} AND {LAST_KNOWN}"
_HIDDEN: Final = Query(
    text(f"""
WITH RECURSIVE {below_on("standing", _ASKED, ":on")}, {below("with_it", _WITH_IT, LAST_KNOWN)}
SELECT others.unit FROM (SELECT unit FROM standing EXCEPT SELECT unit FROM with_it) AS others
WHERE NOT {_allowed("others.unit", _FIGURES)} AND NOT {_allowed_throughout("others.unit", _FIGURES)}
""")
    .bindparams(
        *_HOLDER,
        bindparam("unit", type_=CODE),
        bindparam("reached", type_=Boolean),
        *(bindparam(day, type_=Date) for day in ("on", "first", "last")),
    )
    .columns(column("unit", Integer))
)


_OFFICERS: Final = _array(*ROLES[Need.SINGLE_EVENTS])
_READABLE: Final = Query(
    text(f"""
SELECT asked.id, asked.day
FROM unnest(CAST(:ids AS text[]), CAST(:days AS date[])) AS asked (id, day) JOIN unit AS about ON about.id = asked.id
WHERE {_allowed("about.no", _OFFICERS)} OR {_allowed_throughout("about.no", _OFFICERS, "asked.day", "asked.day")}
""")
    .bindparams(*_HOLDER, bindparam("ids", type_=ARRAY(CODE)), bindparam("days", type_=ARRAY(Date)))
    .columns(column("id", CODE), column("day", Date))
)


async def readable(
    snapshot: Snapshot, holder: Holder, units: Collection[tuple[str, dt.date]]
) -> set[tuple[str, dt.date]]:
    """Return those of units, each on a day, whose single events of the day the asker may read."""
    asked = list(units)
    rows = await _READABLE.fetch(
        snapshot, **values_of(holder), ids=[unit for unit, _ in asked], days=[day for _, day in asked]
    )
    return {(row["id"], row["day"]) for row in rows}


async def speakers(snapshot: Snapshot, holder: Holder, units: Collection[str]) -> set[str]:
    """Return those of the units as which the asker may send; nobody but who may everything is one that isn't known."""
    rows = await _SPEAKERS.fetch(snapshot, **values_of(holder), units=list(units))
    return {row["id"] for row in rows}


async def hidden_below(snapshot: Snapshot, holder: Holder | None, unit: str, days: Days) -> list[int]:
    """Return the units below one on the last of the days whose figures of the days the asker may not see.

    They came from elsewhere meanwhile, and have gone again: the answer about the unit above leaves them out of lists
    that tell of all the days.
    """
    found = None if holder is None else await held(snapshot, holder.account or "", unit)
    if holder is None or found is None:
        return []
    grants = None if holder.account is None else found.grants
    asked = AccessQuestion(ROLES[Need.FIGURES], None, holder.today)
    reached = may(found.lineage, grants, holder.only, asked)
    rows = await _HIDDEN.fetch(
        snapshot,
        **values_of(holder),
        unit=unit,
        reached=reached,
        on=holds_from(days.last),
        first=days.first,
        last=days.last,
    )
    return [row["unit"] for row in rows]
