"""Walks of the dated hierarchy in SQL: what is above a unit, below it, its children, those of a level below it.

Edges are raw: a dissolved unit stays between its successor (or last parent) and what was below it. A walk is a table of
a `WITH RECURSIVE`; its first column, ``unit``, is where it has come to, and above the root that is NULL.

It is text, as the projector and a rebuild run it; a query in SQLAlchemy Core takes it as a fragment with
`projections.store.reading.composed.walked`. How parameters are written is for the caller: ``$1``, or ``:name`` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from projections.store.calendar_sql import holds_on, holds_still, holds_within

LAST_KNOWN: Final = holds_still("edge")
"""The edges as last known (contract §4)."""
_NOTHING: Final[Mapping[str, str]] = {}


class Walk(NamedTuple):
    """A table of a `WITH RECURSIVE`, as which it is written: its name, its columns, the query that fills it."""

    name: str
    columns: tuple[str, ...]
    query: str

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.columns)}) AS (\n    {self.query}\n)"


def on(day: str) -> str:
    """Write which edges hold on a day."""
    return holds_on("edge", day)


def above(
    name: str,
    seed: str,
    edges: str = "true",
    carried: Mapping[str, str] = _NOTHING,
    *,
    here: str = "",
    there: str = "",
    where: str = "true",
    each_once: bool = False,
    table: str = "edge",
) -> Walk:
    """Write a table ``name`` of what is above the units of ``seed``, a query for ``unit`` and what is ``carried``.

    ``carried`` are further columns and what each becomes with every step. A step goes along the ``edges`` that hold, as
    long as ``where``; ``here`` is what it joins of the unit that it starts from, ``there`` of the one that it comes to.
    ``each_once``: a row that comes again is not followed again. ``table`` is what has the edges, where it is another.
    """
    step = f"""SELECT {", ".join((f"{table}.parent", *carried.values()))}
    FROM {name} {here} JOIN {table} ON {table}.unit = {name}.unit AND {edges} {there}
    WHERE {where}"""
    return _recursive(name, carried, seed, step, each_once=each_once)


def below(
    name: str,
    seed: str,
    edges: str = "true",
    carried: Mapping[str, str] = _NOTHING,
    *,
    here: str = "",
    there: str = "",
    where: str = "true",
    table: str = "edge",
) -> Walk:
    """Write a table ``name`` of what is below the units of ``seed``; the arguments are those of `above`."""
    step = f"""SELECT {", ".join((f"{table}.unit", *carried.values()))}
    FROM {name} {here} JOIN {table} ON {table}.parent = {name}.unit AND {edges} {there}
    WHERE {where}"""
    return _recursive(name, carried, seed, step)


def _recursive(name: str, carried: Mapping[str, str], seed: str, step: str, *, each_once: bool = False) -> Walk:
    query = f"""{seed}
    {"UNION" if each_once else "UNION ALL"}
    {step}"""
    return Walk(name, ("unit", *carried), query)


def below_on(name: str, unit: str, day: str) -> Walk:
    """Write a table of the units strictly below one on a day."""
    return below(name, f"SELECT edge.unit FROM edge WHERE edge.parent = {unit} AND {on(day)}", on(day))


def below_within(
    name: str,
    seeds: str,
    *,
    unit: str,
    days: tuple[str, str],
    kept: Mapping[str, str],
    only: str = "true",
    where: str = "true",
) -> Walk:
    """Write a table of the units strictly below seeds, with the days, ``first`` and ``last``, on which they were so.

    ``seeds`` is what is selected from: the ``unit`` in it, the first and the last of its ``days``, what else of it is
    ``kept``, and ``only`` which of them. From what is below them a step is taken as long as ``where``.
    """
    first, last = days
    seed = ("edge.unit", f"greatest(edge.since, {first})", f"least(edge.until - 1, {last})", *kept.values())
    return below(
        name,
        f"""SELECT {", ".join(seed)}
    FROM {seeds} JOIN edge ON edge.parent = {unit} AND {holds_within("edge", first, last)}
    WHERE {only}""",
        holds_within("edge", f"{name}.first", f"{name}.last"),
        {
            "first": f"greatest(edge.since, {name}.first)",
            "last": f"least(edge.until - 1, {name}.last)",
            **{column: f"{name}.{column}" for column in kept},
        },
        where=where,
    )


SEEDS: Final = "unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS seed(unit, first, last, sign)"


def below_seeds(seeds: str = SEEDS, where: str = "true") -> Walk:
    """Write a table ``below`` of each unit with the days on which it was strictly below a seed on the raw lineage.

    Its columns are those of the seeds, ``unit, first, last, sign``; ``seeds`` is what is selected from, as `SEEDS` is.
    A step is taken from what is below them as long as ``where``.
    """
    days = "seed.first", "seed.last"
    return below_within("below", seeds, unit="seed.unit", days=days, kept={"sign": "seed.sign"}, where=where)


def below_seeds_now(seeds: str = SEEDS) -> Walk:
    """Write the same on the raw lineage as last known, with the days of the seed."""
    return below(
        "below",
        f"SELECT edge.unit, seed.first, seed.last, seed.sign FROM {seeds} JOIN edge ON edge.parent = seed.unit"
        f" AND {LAST_KNOWN}",
        LAST_KNOWN,
        {"first": "below.first", "last": "below.last", "sign": "below.sign"},
    )


# From a child's dissolution on, its children are children too. Also those of other days than are asked for: a stay is
# told with all its days, which several edges may make together.
CHILDREN: Final = f"""{
    below(
        "descent",
        "SELECT edge.unit, edge.since, edge.until, unit.dissolved FROM edge JOIN unit ON unit.no = edge.unit"
        " WHERE edge.parent = $1",
        "edge.since < descent.until AND edge.until > greatest(descent.since, descent.dissolved)",
        {
            "since": "greatest(edge.since, descent.since, descent.dissolved)",
            "until": "least(edge.until, descent.until)",
            "dissolved": "unit.dissolved",
        },
        there="JOIN unit ON unit.no = edge.unit",
        where="descent.dissolved < descent.until",
    )
}, walk AS (
    SELECT unit, greatest(since, $2::date) AS first, least(until - 1, $3::date) AS last, since, until FROM descent
)"""
"""The children of a unit ($1): ``unit, first, last`` within the days from $2 to $3, and ``since, until`` in full."""

CHILDREN_NOW: Final = below(
    "walk",
    f"SELECT edge.unit FROM edge WHERE edge.parent = $1 AND {LAST_KNOWN}",
    LAST_KNOWN,
    here="JOIN unit ON unit.no = walk.unit AND unit.dissolved IS NOT NULL",
)
"""The children of a unit ($1) as last known: ``unit``."""

# A piece is the days on which one edge, one level and one side of the dissolution hold together. What is found is not
# walked any deeper while it stands; once dissolved it keeps its own facts only, and the walk goes on below it.
_PIECE: Final = """JOIN unit ON unit.no = edge.unit
    JOIN unit_level ON unit_level.unit = edge.unit
    CROSS JOIN LATERAL (VALUES
        (
            true,
            greatest(edge.since, pieces.first, unit_level.since),
            least(edge.until - 1, pieces.last, unit_level.until - 1, unit.dissolved - 1)
        ),
        (
            false,
            greatest(edge.since, pieces.first, unit_level.since, unit.dissolved),
            least(edge.until - 1, pieces.last, unit_level.until - 1)
        )
    ) AS piece(stands, first, last)"""


def _of_level(edges: str = "true", before: str = "") -> str:
    pieces = below(
        "pieces",
        "SELECT $1::integer, $2::date, $3::date, true, false",
        f"{holds_within('edge', 'pieces.first', 'pieces.last')} AND {edges}",
        {
            "first": "piece.first",
            "last": "piece.last",
            "stands": "piece.stands",
            "found": "unit_level.level = $4",
        },
        there=_PIECE,
        where="NOT (pieces.found AND pieces.stands) AND piece.first <= piece.last"
        " AND (piece.stands OR unit.dissolved IS NOT NULL)",
    )
    return f"""{before}{pieces}, walk AS (
    SELECT unit, first, last, NULL::date AS since, NULL::date AS until FROM pieces WHERE found
)"""


def _of_level_now(edges: str = "true", before: str = "") -> str:
    reached = below(
        "reached",
        "SELECT $1::integer, false",
        f"{LAST_KNOWN} AND {edges}",
        {"found": "unit.level = $2"},
        here="JOIN unit AS upper ON upper.no = reached.unit AND NOT (reached.found AND upper.dissolved IS NULL)",
        there="JOIN unit ON unit.no = edge.unit",
    )
    return f"""{before}{reached}, walk AS (
    SELECT unit FROM reached WHERE found
)"""


OF_MANY: Final = ("grassroots", "cell")
"""The levels that most units have: a walk down comes to them soon."""
SELDOM: Final = f"level NOT IN {OF_MANY}"
"""That a level is none of these, as the index of `unit_level` has it."""
# CASE, as the planner would join what is on the way to every step.
_ON_THE_WAY: Final = "CASE WHEN edge.unit IN (SELECT unit FROM way) THEN true END"


def _way(level: str, *, levels: str, edges: str) -> str:
    """Write a table of all units of a level and what is above them, on any of the days; it begins a query."""
    seed = f"SELECT unit FROM unit_level WHERE level = {level} AND {SELDOM} AND {levels}"
    return f"{above('way', seed, edges, where='edge.parent IS NOT NULL', each_once=True)}, "


OF_LEVEL: Final = _of_level()
"""The highest units of a level ($4) below a unit ($1): ``unit, first, last`` within the days from $2 to $3."""
OF_SELDOM_LEVEL: Final = _of_level(
    _ON_THE_WAY, _way("$4", levels=holds_within("unit_level", "$2", "$3"), edges=holds_within("edge", "$2", "$3"))
)
"""The same of a level that few units have: nowhere is walked to where there are none, as after a reform."""

OF_LEVEL_NOW: Final = _of_level_now()
"""The highest units of a level ($2) below a unit ($1) as last known: ``unit``."""
OF_SELDOM_LEVEL_NOW: Final = _of_level_now(_ON_THE_WAY, _way("$2", levels="true", edges=LAST_KNOWN))
"""The same of a level that few units have."""
