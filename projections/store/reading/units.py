"""Units themselves: one on a day with what is above and below it, and the search by name (contract §5)."""

from __future__ import annotations

import datetime as dt
import re
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from sqlalchemy import Integer, Text, bindparam, or_, select, tuple_

from projections.answers.report.report_answers import FoundUnit, UnitDay, UnitName, Validity
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.folded_names import fold_name
from projections.rules.hierarchy.unit import FOREVER
from projections.store.hierarchy_sql import LAST_KNOWN, above, below, on
from projections.store.reading.composed import Query, walked, written
from projections.store.reading.find_unit import find, named_on
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units_below import children
from projections.store.schema.tables import CODE, UNIT

_ABOVE = f"""
WITH RECURSIVE {
    above(
        "above",
        f"SELECT edge.parent, 1 FROM edge WHERE edge.unit = $1 AND {on('$2::date')}",
        on("$2::date"),
        {"step": "above.step + 1"},
    )
}
SELECT unit.id, named.name, levelled.level
FROM above JOIN unit ON unit.no = above.unit
{named_on("unit.no", "$2::date")}
WHERE unit.dissolved IS NULL OR unit.dissolved > $2
ORDER BY above.step DESC
"""

_SUCCESSOR = "SELECT id FROM unit WHERE no = $1"

# A unit is found by its best match. Of ids, those that hold the text; only where it could be part of one.
_FOUND = """
SELECT DISTINCT ON (unit) unit, matched, rank
FROM (
    SELECT unit, name AS matched, since, CASE
        WHEN folded = :folded THEN 0
        WHEN starts_with(folded, :folded) THEN 1
        WHEN position(' ' || :folded IN folded) > 0 THEN 2
        ELSE 3
    END AS rank
    FROM unit_name
    WHERE folded LIKE :pattern
    UNION ALL
    SELECT no, id, since, CASE WHEN id = :part THEN 0 WHEN starts_with(id, :part) THEN 1 ELSE 3 END
    FROM unit
    WHERE :part <> '' AND id LIKE :holding
) AS known
ORDER BY unit, rank, since DESC
"""
_found = written(
    "found",
    _FOUND,
    ("unit", "matched", "rank"),
    *(bindparam(name, type_=Text) for name in ("folded", "pattern", "part", "holding")),
    unit=Integer,
    rank=Integer,
)
_successor = UNIT.alias("successor")
_level = bindparam("level", type_=CODE)
_matches = (
    select(
        *UNIT.c["id", "name", "level", "since", "dissolved"],
        _successor.c.id.label("successor"),
        *_found.c["matched", "rank"],
    )
    .join_from(_found, UNIT, UNIT.c.no == _found.c.unit)
    .outerjoin(_successor, _successor.c.no == UNIT.c.successor)
    .where(
        or_(_level.is_(None), UNIT.c.level == _level),
        tuple_(_found.c.rank, UNIT.c.id)
        > tuple_(bindparam("after_rank", type_=Integer), bindparam("after_id", type_=CODE)),
    )
    .order_by(_found.c.rank, UNIT.c.id)
    .limit(bindparam("limit"))
)
_SEARCH = Query(_matches)
_within = walked(
    below("within", "SELECT no FROM unit WHERE id = :within", LAST_KNOWN),
    bindparam("within", type_=Text),
    unit=Integer,
)
_SEARCH_WITHIN = Query(_matches.where(UNIT.c.no.in_(select(_within.c.unit))))

# The neighbours in the order of ids begin as it does. Of names that hold the text or a half of it, a few are enough.
_NEAR = f"""
SELECT unit.id, unit.name, unit.level, unit.name AS matched FROM (
    (SELECT no FROM unit WHERE id < $1::text ORDER BY id DESC LIMIT {20})
    UNION
    (SELECT no FROM unit WHERE id >= $1 ORDER BY id LIMIT {20})
) AS near JOIN unit USING (no)
UNION ALL
SELECT unit.id, unit.name, unit.level, named.name
FROM unnest($2::text[]) AS part(held)
CROSS JOIN LATERAL (SELECT unit, name FROM unit_name WHERE folded LIKE part.held LIMIT {20}) AS named
JOIN unit ON unit.no = named.unit
"""

_ID_PART: Final = re.compile(r"[a-z0-9_-]{2,63}")

_SUGGESTED = 5
_ALIKE, _BEGINS = 0.6, 0.9
_COMPARED = 64
"""Letters that are compared: the time that takes grows with the product of both, and names may be of thousands."""
_SHORTEST = 3
"""Letters from which on a part is looked for in names: fewer are in nearly all of them."""


class SearchKey(NamedTuple):
    """Where a page of a search begins: after this rank and id."""

    rank: int = -1
    id: str = ""


async def unit_on(snapshot: Snapshot, unit: str, on: dt.date) -> UnitDay:
    """Return a unit as of a day; a unit that doesn't stand on it has no children. Raises UnknownUnitError."""
    found = await find(snapshot, unit, on)
    connection, place = snapshot.connection, found.place
    ancestors = [UnitName(*row) for row in await connection.fetch(_ABOVE, place.no, on)]
    active = found.stands(on)
    below = await children(snapshot, place, Days(on, on)) if active else []
    successor = await connection.fetchval(_SUCCESSOR, found.successor) if found.successor is not None else None
    return UnitDay(
        id=unit,
        name=found.name.name,
        level=found.name.level,
        on=on,
        active=active,
        parent=ancestors[-1] if ancestors else None,
        ancestors=ancestors,
        children=[stay.name for stay in below if stay.stood],
        validity=Validity(found.since, place.dissolved, successor),
        position=snapshot.position,
        as_of=snapshot.as_of,
    )


async def search(
    snapshot: Snapshot, text: str, level: str | None, within: str | None, *, after: SearchKey, limit: int
) -> tuple[list[FoundUnit], SearchKey | None]:
    """Return a page of the units that ever had such a name, and where the next begins.

    Exact matches come first, then by the name's beginning, by a word's, and the rest; by id in each. ``within``: only
    of a unit and what is below it as last known, the dissolved too. Raises UnknownUnitError.
    """
    folded = fold_name(text)
    part = text.strip().lower()
    if within is not None:
        await find(snapshot, within, FOREVER)
    query, confined = (_SEARCH, {}) if within is None else (_SEARCH_WITHIN, {"within": within})
    rows = await query.fetch(
        snapshot,
        **confined,
        folded=folded,
        pattern=like(folded),
        part=part if _ID_PART.fullmatch(part) else "",
        holding=like(part),
        level=level,
        after_rank=after.rank,
        after_id=after.id,
        limit=limit + 1,
    )
    units = [
        FoundUnit(r["id"], r["name"], r["level"], r["matched"], Validity(r["since"], r["dissolved"], r["successor"]))
        for r in rows[:limit]
    ]
    more = SearchKey(rows[limit - 1]["rank"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return units, more


async def suggestions(snapshot: Snapshot, asked: str) -> list[UnitName]:
    """Return a few units that may be meant by what is nobody's id (contract §9): alike by id or by name, best first."""
    folded = fold_name(asked.replace("-", " ").replace("_", " "))[:_COMPARED]
    guess = folded.replace(" ", "-")
    half = len(folded) // 2
    parts = [like(part) for part in (folded, folded[:half], folded[half:]) if len(part) >= _SHORTEST]
    rows = await snapshot.connection.fetch(_NEAR, guess, parts)
    best: dict[str, tuple[float, UnitName]] = {}
    for id_, name, level, matched in rows:
        alike = max(_likeness(guess, id_), _likeness(folded, fold_name(matched[:_COMPARED])))
        if alike >= _ALIKE and alike > best.get(id_, (0.0,))[0]:
            best[id_] = (alike, UnitName(id_, name, level))
    ranked = sorted(best.values(), key=lambda found: (-found[0], found[1].id))
    return [name for _, name in ranked[:_SUGGESTED]]


def like(folded: str) -> str:
    """Write the pattern of names that hold a folded text."""
    return "%" + folded.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"


def _likeness(one: str, other: str) -> float:
    """Tell how alike two texts are, 0 to 1; one that begins with the other is so whatever follows."""
    if one and other.startswith(one):
        return 1.0 if one == other else _BEGINS
    return SequenceMatcher(None, one, other).ratio()
