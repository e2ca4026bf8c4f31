"""Who said nothing, who declared zero, whose declared totals differ from what is counted (domain: Zero is not silence).

A fact belongs to the units that were above its unit on its day, a declaration to those that were so on the last day
that it shares with the days asked for.

One statement finds it all, set by set: what is looked at, what was declared, who was heard, and four lists. At the root
all that stands is below it; elsewhere the units below are walked down to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from events.catalogue import MEASURE_NUMBERS, MEASURES
from projections.answers.past.structure_answers import Source
from projections.answers.plans.silence_answers import (
    DeclaredZero,
    Differing,
    DifferingFigures,
    NamedUnits,
    Silence,
    UnitOfZeros,
    UnitsOfZeros,
)
from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import QuestionPart
from projections.rules.counting.periods import Days, cover, day_period
from projections.rules.hierarchy.unit import EVER, holds_from
from projections.store.calendar_sql import OPEN, holds_on
from projections.store.hierarchy_sql import above, below_on, below_within, on
from projections.store.reading.find_unit import KnownUnit, find, names_on
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up

if TYPE_CHECKING:
    from asyncpg import Record

LISTS: Final = ("silent", "declared_zero", "differing", "admitted_nobody")

FEW: Final = 200_000
"""Facts that are read at once sooner than the units below the root are looked up one by one."""

# What is hashed and sorted is some hundred thousand rows; and the days decide which plan is good.
_ROOM: Final = "SET LOCAL work_mem = '64MB'; SET LOCAL plan_cache_mode = force_custom_plan"

_ZEROS: Final = """
SELECT said.unit, said.figure, said.first, said.last, ledger.position, ledger.publisher, ledger.id, ledger.type
FROM standing_declaration AS said JOIN ledger USING (position)
WHERE said.unit = ANY($1::integer[]) AND said.first <= $3::date AND said.last >= $2::date
    AND said.value = 0 AND said.figure = ANY($4::text[])
ORDER BY said.unit, array_position($4, said.figure), said.first, said.last
"""

_DIFFERING: Final = """
SELECT said.unit, said.figure, said.first, said.last, said.value,
    ledger.position, ledger.publisher, ledger.id, ledger.type
FROM unnest($1::bigint[]) WITH ORDINALITY AS page(position, number)
JOIN declaration AS said USING (position)
JOIN ledger USING (position)
ORDER BY page.number
"""


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
    for at_once, mark, lookup in (
        (edges_at_once, _MARK_OVER, _FIND_OVER),
        (admissions_at_once, _MARK_ADMITTED, _FIND_ADMITTED),
    ):
        if at_once:
            marks.append(mark)
        else:
            bits.append(lookup)
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


_PERIODS: Final = """
SELECT DISTINCT first, last FROM declaration WHERE first >= $1 AND last BETWEEN $1 AND $2 AND figure = ANY($3::text[])
"""
_PERIODS_BELOW: Final = f"""
WITH RECURSIVE {below_on("walk", "$4", "$5")}
SELECT DISTINCT declared.first, declared.last
FROM walk CROSS JOIN LATERAL (
    SELECT first, last FROM declaration
    WHERE declaration.unit = walk.unit AND first >= $1 AND last BETWEEN $1 AND $2 AND figure = ANY($3::text[])
    OFFSET 0
) AS declared
"""
"""The periods of the declared totals within the days ($1 and $2): of all, or of what is below a unit ($4) on a day."""


def _at_the_root(*, few_facts: bool, few_admissions: bool) -> str:
    """Write the statement for the unit that everything is below; ``few``: so many that they are best read at once."""
    looked = _looked(edges_at_once=True, admissions_at_once=few_admissions)
    lists = _LISTS.format(facts=_FACTS_AT_ONCE if few_facts else _FACTS_OF_EACH)
    return f"WITH RECURSIVE {_EVERYBODY}, {looked}, {_UP}, {lists}"


def _elsewhere() -> str:
    """Write the statement for any other unit."""
    looked = _looked(edges_at_once=False, admissions_at_once=False)
    return f"WITH RECURSIVE {_UNDER}, {looked}, {_DOWN}, {_LISTS.format(facts=_FACTS_OF_EACH)}"


class UnitKey(NamedTuple):
    """Where a page of a list of units begins: after this id."""

    list: str
    id: str


class FigureKey(NamedTuple):
    """Where a page of the differing totals begins: after this unit, measure (by its number) and period."""

    list: str
    id: str
    measure: int
    first: dt.date
    last: dt.date


SilenceKey = UnitKey | FigureKey


class SilenceQuestion(NamedTuple):
    """Who is asked about: the units of a level (all without it) below a unit. ``list``: the only one to be shown."""

    unit: str
    days: Days
    level: str | None
    list: str | None
    limit: int
    after: SilenceKey | None


async def silence(
    snapshot: Snapshot, question: SilenceQuestion, cursor: Callable[[SilenceKey], str | None], few: int = FEW
) -> Silence:
    """Answer from one snapshot; ``cursor`` writes where a next page begins. Raises UnknownUnitError."""
    unit = await find(snapshot, question.unit, question.days.last)
    on = holds_from(question.days.last)  # from the last day of all on nothing is otherwise than the day before
    found = await _found(snapshot, unit, on, question, few) if unit.stands(on) else None
    return await _Pages(snapshot, question, cursor).answer(unit.name, found)


async def _found(
    snapshot: Snapshot, unit: KnownUnit, on: dt.date, question: SilenceQuestion, few: int
) -> Record | None:
    connection, days, no = snapshot.connection, question.days, unit.place.no
    await connection.execute(_ROOM)
    if unit.root:
        held = (await add_up(snapshot, [QuestionPart(0, unit.place, days)], MEASURES, 1))[0]
        statement = _at_the_root(few_facts=sum(held.values()) <= few, few_admissions=held["admissions"] <= few)
        periods = await connection.fetch(_PERIODS, *days, list(MEASURES))
    else:
        statement = _elsewhere()
        periods = await connection.fetch(_PERIODS_BELOW, *days, list(MEASURES), no, on)
    runs = [
        (first, last, large, run.low, run.high, run.sign)
        for first, last in periods
        for large in (True, False)
        for run in cover(first, last, large=large)
    ]
    after = question.after
    key = after if isinstance(after, FigureKey) else FigureKey("", after.id if after else "", 0, EVER, EVER)
    return await connection.fetchrow(
        statement,
        *(no, on, *days, *map(day_period, days), MEASURE_NUMBERS["admissions"], list(MEASURES), question.level),
        *([list(column) for column in zip(*runs, strict=True)] or [[]] * 6),
        [question.limit + 1 if question.list in {None, name} else 0 for name in LISTS],
        *key[1:],
    )


class _Pages:
    """The four lists, laid out from what was found; each page is one row longer where there is a next one."""

    def __init__(
        self, snapshot: Snapshot, question: SilenceQuestion, cursor: Callable[[SilenceKey], str | None]
    ) -> None:
        self._snapshot = snapshot
        self._question = question
        self._cursor = cursor
        self._names: dict[int, UnitName] = {}

    async def answer(self, unit: UnitName, found: Record | None) -> Silence:
        """Write the answer; nothing was looked at where nothing is found."""
        count = {name: found[name] if found is not None else 0 for name in ("asked", *LISTS)}
        page = {name: list(found[f"{name}_page"]) if found is not None else [] for name in LISTS}
        question, snapshot = self._question, self._snapshot
        totals = await self._differing(count["differing"], page.pop("differing"))
        zeros = await self._zeros(page["declared_zero"])
        await self._name({no for units in page.values() for no in units})
        return Silence(
            unit=unit,
            first=question.days.first,
            last=question.days.last,
            level=question.level,
            position=snapshot.position,
            as_of=snapshot.as_of,
            asked=count["asked"],
            silent=self._units("silent", count, page),
            declared_zero=UnitsOfZeros(
                count["declared_zero"],
                [UnitOfZeros(self._names[no], zeros[no]) for no in page["declared_zero"][: question.limit]],
                self._next("declared_zero", page["declared_zero"]),
            ),
            differing=totals,
            admitted_nobody=self._units("admitted_nobody", count, page),
        )

    def _units(self, name: str, count: dict[str, int], page: dict[str, list[int]]) -> NamedUnits:
        shown = [self._names[no] for no in page[name][: self._question.limit]]
        return NamedUnits(count[name], shown, self._next(name, page[name]))

    def _next(self, name: str, units: Sequence[int]) -> str | None:
        limit = self._question.limit
        return self._cursor(UnitKey(name, self._names[units[limit - 1]].id)) if len(units) > limit else None

    async def _name(self, units: set[int]) -> None:
        last = self._question.days.last
        for (no, _), name in (await names_on(self._snapshot, {(no, last) for no in units})).items():
            self._names[no] = name

    async def _zeros(self, units: list[int]) -> dict[int, list[DeclaredZero]]:
        found: dict[int, list[DeclaredZero]] = {}
        if units:
            asked = (units, *self._question.days, list(MEASURES))
            for unit, figure, first, last, *said in await self._snapshot.connection.fetch(_ZEROS, *asked):
                found.setdefault(unit, []).append(DeclaredZero(figure, first, last, Source(*said)))
        return found

    async def _differing(self, count: int, page: list[tuple[int, int]]) -> DifferingFigures:
        limit = self._question.limit
        counted = dict(page)
        rows = await self._snapshot.connection.fetch(_DIFFERING, list(counted)) if counted else []
        await self._name({row["unit"] for row in rows})
        figures = [
            Differing(
                self._names[unit],
                figure,
                first,
                last,
                declared=value,
                counted=counted[position],
                difference=value - counted[position],
                said=Source(position, *said),
            )
            for unit, figure, first, last, value, position, *said in rows[:limit]
        ]
        following = None
        if len(rows) > limit:
            end = figures[-1]
            key = FigureKey("differing", end.unit.id, MEASURE_NUMBERS[end.figure], end.first, end.last)
            following = self._cursor(key)
        return DifferingFigures(count, figures, following)
