"""How far a question reaches: units below a unit, names that hold a text, counted as far as it matters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from events.identifiers import is_unit_id
from projections.rules.hierarchy.folded_names import fold_name
from projections.store.hierarchy_sql import below
from projections.store.reading.cost import MOST, Work, steps_to
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units import like

if TYPE_CHECKING:
    from asyncpg import Record

_UNIT: Final = "SELECT no, level, vast FROM unit WHERE id = $1"

_NOT_PAST_VAST: Final = "JOIN unit ON unit.no = below.unit AND NOT unit.vast"


def _counted(here: str = "") -> str:
    """Count what is below a unit, as far as the limit: no further is walked. Edges of all days: it is an estimate."""
    walk = below(
        "below",
        "SELECT unit, 1 FROM edge WHERE parent = $1",
        carried={"step": "below.step + 1"},
        here=here,
        where="below.step < $2",
    )
    return f"WITH RECURSIVE {walk} SELECT count(*) FROM (SELECT FROM below LIMIT $3) AS reached"


_BELOW: Final = _counted()
_BELOW_BUT_VAST: Final = _counted(_NOT_PAST_VAST)

_PLANNED: Final = "EXPLAIN (FORMAT JSON) SELECT FROM unit_name WHERE folded LIKE $1"


async def reach(snapshot: Snapshot, work: Work) -> int:
    """Count what a question walks over, about MOST at the most; of a unit that isn't known, nothing."""
    names = 0 if work.text is None else await _names(snapshot, work.text)
    return names + await _units(snapshot, work)


async def _units(snapshot: Snapshot, work: Work) -> int:
    """Count the units that it walks over, at the most MOST."""
    if work.unit is None or not is_unit_id(work.unit):
        return 0
    unit: Record | None = await snapshot.connection.fetchrow(_UNIT, work.unit)
    if unit is None:
        return 0
    if unit["vast"] and not work.past_vast and not work.of_rows:
        return 0
    steps = work.steps if work.level is None else steps_to(work.level, unit["level"])
    query = _BELOW if work.past_vast else _BELOW_BUT_VAST
    found: int = await snapshot.connection.fetchval(query, unit["no"], steps, MOST)
    return found


async def _names(snapshot: Snapshot, text: str) -> int:
    """Ask the planner, who knows from its statistics, how many names hold a text."""
    planned = await snapshot.connection.fetchval(_PLANNED, like(fold_name(text)))
    return int(json.loads(planned)[0]["Plan"]["Plan Rows"])
