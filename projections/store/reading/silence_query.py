"""The one statement that finds who is silent: what is looked at, what was declared, who was heard, and four lists.

Everything is found set by set. At the root all that stands is below it; elsewhere the units below are walked down to.
"""

from __future__ import annotations

from typing import Final

from projections.store.calendar_sql import OPEN, holds_on
from projections.store.hierarchy_sql import above, below_on, below_within, on

# $1 the unit, $2 the day of the hierarchy, $3 and $4 the days, $5 and $6 the same as periods of the counters, $7 the
# number of admissions, $8 the measures in the order of their numbers, $9 the level or NULL; $10-$15 the runs of periods
# that cover each declared period; $16 the lengths of the four pages, $17-$20 after what they begin.

# The last known level is that of the day, unless it began later.
_STANDS: Final = f"""
LEFT JOIN (
    SELECT unit_level.unit, unit_level.level FROM unit_level
    WHERE $9::text IS NOT NULL AND {holds_on("unit_level", "$2::date")} AND unit_level.until < {OPEN}
) AS levelled ON levelled.unit = unit.no
WHERE unit.no <> $1::integer AND unit.since <= $2 AND (unit.dissolved IS NULL OR unit.dissolved > $2)
    AND ($9 IS NULL OR levelled.level = $9 OR (unit.level = $9 AND levelled.unit IS NULL))
"""

_SAID: Final = "declared.position, declared.unit, declared.figure, declared.first, declared.last, declared.value"
_OVERLAPS: Final = "declared.first <= $4::date AND declared.last >= $3::date"
_HELD: Final = "fact.day BETWEEN $3 AND $4"
_COUNTED: Final = "counter.period BETWEEN $5::integer AND $6::integer AND counter.n <> 0"


_EVERYBODY: Final = f"""
standing AS NOT MATERIALIZED (SELECT unit.no, unit.id, unit.large FROM unit {_STANDS}),
said AS MATERIALIZED (SELECT {_SAID} FROM standing_declaration AS declared WHERE {_OVERLAPS})
"""
_UNDER: Final = f"""
{below_on("walk", "$1", "$2")},
standing AS MATERIALIZED (SELECT unit.no, unit.id, unit.large FROM walk JOIN unit ON unit.no = walk.unit {_STANDS}),
said AS MATERIALIZED (
    SELECT {_SAID}
    FROM standing CROSS JOIN LATERAL (
        SELECT * FROM standing_declaration AS declared WHERE declared.unit = standing.no AND {_OVERLAPS} OFFSET 0
    ) AS declared
)
"""

# What is known of a unit, as bits: so one pass over all that marks units serves for all of it. OFFSET 0 keeps the
# planner from scanning for a lookup, and from doing one twice.
_OVER, _ADMITTED, _SPOKE, _ZERO = 1, 2, 4, 8
_MARK_OVER: Final = f"SELECT DISTINCT edge.parent AS unit, {_OVER} AS bits FROM edge"
_MARK_ADMITTED: Final = f"SELECT fact.unit, {_ADMITTED} FROM fact WHERE {_HELD} AND fact.measure = $7::smallint"
_MARK_SAID: Final = f"""
SELECT said.unit, CASE WHEN said.value = 0 AND said.figure = ANY($8::text[]) THEN {_SPOKE | _ZERO} ELSE {_SPOKE} END
    AS bits
FROM said
"""
_FIND_OVER: Final = f"""
CASE WHEN EXISTS (SELECT FROM edge WHERE edge.parent = standing.no OFFSET 0) THEN {_OVER} ELSE 0 END
"""
_FIND_ADMITTED: Final = f"""
CASE WHEN EXISTS (
    SELECT FROM fact WHERE fact.unit = standing.no AND {_HELD} AND fact.measure = $7::smallint OFFSET 0
) THEN {_ADMITTED} ELSE 0 END
"""
_FACTS_AT_ONCE: Final = f"SELECT FROM fact WHERE fact.unit = quiet.no AND {_HELD}"
_FACTS_OF_EACH: Final = f"{_FACTS_AT_ONCE} OFFSET 0"


def _looked(*, edges_at_once: bool, admissions_at_once: bool) -> str:
    """Write what is known of each unit that is looked at: read at once for all, or looked up for each."""
    marks, bits = [_MARK_SAID], ["coalesce(mark.bits, 0)"]
    for at_once, mark, find in (
        (edges_at_once, _MARK_OVER, _FIND_OVER),
        (admissions_at_once, _MARK_ADMITTED, _FIND_ADMITTED),
    ):
        if at_once:
            marks.append(mark)
        else:
            bits.append(find)
    return f"""
looked AS MATERIALIZED (
    SELECT no, id, large, bits & {_OVER} <> 0 AS over, bits & {_SPOKE} <> 0 AS spoke, bits & {_ZERO} <> 0 AS zero,
        bits & {_ADMITTED} <> 0 OR CASE WHEN bits & {_OVER} <> 0 THEN EXISTS (
            SELECT FROM counter WHERE counter.unit = marked.no AND counter.measure = $7::smallint AND {_COUNTED}
            OFFSET 0
        ) ELSE false END AS admitted
    FROM (
        SELECT standing.*, {" | ".join(bits)} AS bits
        FROM standing LEFT JOIN (
            SELECT unit, bit_or(bits) AS bits FROM ({" UNION ALL ".join(marks)}) AS known GROUP BY unit
        ) AS mark ON mark.unit = standing.no
        OFFSET 0
    ) AS marked
)
"""


# A unit that admitted somebody isn't silent, and of one that admitted nobody the admissions need no counting.
_LISTS: Final = f"""
quiet AS MATERIALIZED (SELECT no, id, over FROM looked WHERE NOT admitted AND NOT spoke ORDER BY no),
mute AS MATERIALIZED (
    SELECT no, id, over FROM quiet WHERE NOT EXISTS ({{facts}})
        AND NOT (over AND EXISTS (SELECT FROM counter WHERE counter.unit = quiet.no AND {_COUNTED} OFFSET 0))
),
silent AS MATERIALIZED (
    SELECT no, id FROM mute WHERE NOT over
    UNION ALL
    SELECT no, id FROM mute WHERE over AND NOT EXISTS (SELECT FROM voiced WHERE voiced.unit = mute.no)
),
run AS MATERIALIZED (
    SELECT * FROM unnest($10::date[], $11::date[], $12::boolean[], $13::integer[], $14::integer[], $15::integer[])
        AS run(first, last, large, low, high, sign)
),
total AS MATERIALIZED (
    SELECT said.*,
        CASE WHEN measure = $7 AND NOT admitted THEN 0 ELSE (
            SELECT count(*) FROM fact
            WHERE fact.unit = said.unit AND fact.day BETWEEN said.first AND said.last AND fact.measure = said.measure
        ) END + CASE WHEN over THEN coalesce((
            SELECT sum(run.sign * counted.n)
            FROM run CROSS JOIN LATERAL (
                SELECT counter.n FROM counter
                WHERE counter.unit = said.unit AND counter.period BETWEEN run.low AND run.high
                    AND counter.measure = said.measure
                OFFSET 0
            ) AS counted
            WHERE run.first = said.first AND run.last = said.last AND run.large = said.large
        ), 0) ELSE 0 END AS counted
    FROM (
        SELECT said.position, said.unit, looked.id, array_position($8, said.figure) AS measure, said.first, said.last,
            said.value, looked.large, looked.over, looked.admitted
        FROM said JOIN looked ON looked.no = said.unit AND looked.spoke
        WHERE said.first >= $3 AND said.last <= $4 AND said.figure = ANY($8)
        ORDER BY said.unit
    ) AS said
),
differing AS NOT MATERIALIZED (SELECT position, id, measure, first, last, counted FROM total WHERE value <> counted)
SELECT
    asked.n AS asked, asked.zero AS declared_zero,
    ARRAY(SELECT no FROM looked WHERE zero AND id > $17::text ORDER BY id LIMIT ($16::integer[])[2])
        AS declared_zero_page,
    (SELECT count(*) FROM silent) AS silent,
    ARRAY(SELECT no FROM silent WHERE id > $17 ORDER BY id LIMIT ($16)[1]) AS silent_page,
    (SELECT count(*) FROM differing) AS differing,
    ARRAY(
        SELECT ROW(position, counted) FROM differing
        WHERE (id, measure, first, last) > ($17, $18::integer, $19::date, $20::date)
        ORDER BY id, measure, first, last LIMIT ($16)[3]
    ) AS differing_page,
    asked.nobody AS admitted_nobody,
    ARRAY(SELECT no FROM looked WHERE NOT admitted AND id > $17 ORDER BY id LIMIT ($16)[4]) AS admitted_nobody_page
FROM (
    SELECT count(*) AS n, count(*) FILTER (WHERE zero) AS zero, count(*) FILTER (WHERE NOT admitted) AS nobody
    FROM looked
) AS asked
"""

# A unit with others below it, none of which has a fact, may have had one below it that declared something: on the last
# day that the declaration shares with the days asked for. PostgreSQL walks only where there is such a unit.
_UP: Final = f"""
{
    above(
        "above",
        f"SELECT edge.parent, spoken.day"
        f" FROM (SELECT DISTINCT said.unit, least(said.last, $2) AS day FROM said) AS spoken"
        f" JOIN edge ON edge.unit = spoken.unit AND {on('spoken.day')}",
        on("above.day"),
        {"day": "above.day"},
        each_once=True,
    )
},
voiced AS (SELECT DISTINCT above.unit FROM above)
"""
_DOWN: Final = f"""
{below_within("below", "mute", unit="mute.no", days=("$3", "$2"), kept={"upper": "mute.no"}, only="mute.over")},
voiced AS (
    SELECT DISTINCT below.upper AS unit
    FROM below CROSS JOIN LATERAL (
        SELECT FROM declaration AS declared
        WHERE declared.unit = below.unit AND {_OVERLAPS}
            AND least(declared.last, $2) BETWEEN below.first AND below.last
        LIMIT 1
    ) AS declared
)
"""


PERIODS: Final = """
SELECT DISTINCT first, last FROM declaration WHERE first >= $1 AND last BETWEEN $1 AND $2 AND figure = ANY($3::text[])
"""
PERIODS_BELOW: Final = f"""
WITH RECURSIVE {below_on("walk", "$4", "$5")}
SELECT DISTINCT declared.first, declared.last
FROM walk CROSS JOIN LATERAL (
    SELECT first, last FROM declaration
    WHERE declaration.unit = walk.unit AND first >= $1 AND last BETWEEN $1 AND $2 AND figure = ANY($3::text[])
    OFFSET 0
) AS declared
"""
"""The periods of the declared totals within the days ($1 and $2): of all, or of what is below a unit ($4) on a day."""


def at_the_root(*, few_facts: bool, few_admissions: bool) -> str:
    """Write the statement for the unit that everything is below; ``few``: so many that they are best read at once."""
    looked = _looked(edges_at_once=True, admissions_at_once=few_admissions)
    lists = _LISTS.format(facts=_FACTS_AT_ONCE if few_facts else _FACTS_OF_EACH)
    return f"WITH RECURSIVE {_EVERYBODY}, {looked}, {_UP}, {lists}"


def elsewhere() -> str:
    """Write the statement for any other unit."""
    looked = _looked(edges_at_once=False, admissions_at_once=False)
    return f"WITH RECURSIVE {_UNDER}, {looked}, {_DOWN}, {_LISTS.format(facts=_FACTS_OF_EACH)}"
