"""Random worlds: dated units and their facts, told fact by fact and as the rows of the tables."""

from __future__ import annotations

import datetime as dt
import random
import struct
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import pytest
from asyncpg import Connection

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from events.facets import pack
from events.vocabulary import LEVELS, UNKNOWN
from projections.rules.counting.breakdown import FACT
from projections.rules.hierarchy.as_now_terms import PastEdges, Term
from projections.rules.hierarchy.folded_names import fold_name
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import UnitStatement
from projections.store.batch import breakdown_days
from projections.store.batch.breakdowns import sum_up
from projections.store.generations import enter_the_one_in_force
from projections.store.schema import tables

FIRST, LAST = dt.date(2020, 11, 1), dt.date(2023, 2, 20)
EVER = dt.date.max
ONE_DAY = dt.timedelta(1)
T = TypeVar("T")
TABLES = ("ledger", "worker", *tables.GENERATION.tables)


@dataclass
class Unit:
    no: int
    since: dt.date
    large: bool
    parents: dict[dt.date, int | None]
    names: dict[dt.date, str]
    levels: dict[dt.date, str]
    dissolved: dt.date | None = None
    successor: int | None = None

    @property
    def id(self) -> str:
        return "trung-uong" if self.no == 1 else f"unit-{self.no:03}"

    def gone(self, day: dt.date) -> bool:
        return self.dissolved is not None and self.dissolved <= day

    def active(self, day: dt.date) -> bool:
        return self.since <= day and not self.gone(day)

    def raw_parent(self, day: dt.date) -> int | None:
        if self.gone(day) and self.successor is not None:
            return self.successor
        return held(self.parents, day)

    def edges(self) -> list[tuple[dt.date, dt.date, int | None]]:
        said = {d: p for d, p in self.parents.items() if self.successor is None or d < self.dissolved}  # type: ignore[operator]
        if self.successor is not None:
            said[self.dissolved] = self.successor  # type: ignore[index]
        return spans(said)


@dataclass
class Fact:
    unit: int
    day: dt.date
    measure: str
    position: int
    codes: dict[str, str]


def named_at(position: int) -> str:
    """Say whom the event at a position names: of seven people each in turn."""
    return f"m-{position % 7}"


def body_of(position: int) -> bytes:
    """Write an event of which only time and references are read; some in other fields, some with escapes."""
    field = ("member", "candidate", "as")[position % 3]
    written = named_at(position).replace("-", "\\u002d" if position % 4 == 0 else "-")
    others = f'"id": "m-{position % 5}", "time": "2023-01-01T08:00:00+07:00"'
    return f'{{{others}, "data": {{"{field}": "{written}"}}}}'.encode()


def held(said: dict[dt.date, T], day: dt.date) -> T | None:
    known = [since for since in said if since <= day]
    return said[max(known)] if known else None


def spans(said: dict[dt.date, T]) -> list[tuple[dt.date, dt.date, T]]:
    days = sorted(said)
    return [(since, until, said[since]) for since, until in zip(days, [*days[1:], EVER], strict=True)]


@dataclass
class World:
    units: dict[int, Unit] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def raw_lineage(self, unit: int, day: dt.date) -> list[int]:
        chain = []
        up = self.units[unit].raw_parent(day)
        while up is not None:
            chain.append(up)
            up = self.units[up].raw_parent(day)
        return chain

    def above(self, unit: int, day: dt.date) -> list[int]:
        """Return the units above, the nearest first."""
        return [no for no in self.raw_lineage(unit, day) if not self.units[no].gone(day)]

    @cached_property
    def paths(self) -> list[tuple[Fact, list[int]]]:
        """Each fact with its own unit and those above it."""
        return [(fact, [fact.unit, *self.above(fact.unit, fact.day)]) for fact in self.facts]

    @cached_property
    def paths_now(self) -> list[tuple[Fact, list[int]]]:
        """The same on the last known hierarchy."""
        return [(fact, [fact.unit, *self.above(fact.unit, EVER)]) for fact in self.facts]

    def terms(self) -> list[Term]:
        """Return the terms as the projector keeps them; what they must add up to is counted fact by fact."""
        hierarchy = Hierarchy()
        position = 0
        for unit in self.units.values():
            (since, parent), *moves = sorted(unit.parents.items())
            position += 1
            hierarchy.establish(unit.id, UnitStatement(position, unit.no, "established", since, parent))
            for day, to in moves:
                position += 1
                hierarchy.add(UnitStatement(position, unit.no, "moved", day, to))
            if unit.dissolved is not None:
                gone = UnitStatement(position + 1, unit.no, "dissolved", unit.dissolved, successor=unit.successor)
                position += 1
                hierarchy.add(gone)
        past = PastEdges(hierarchy)
        for no in self.units:
            past.refresh(hierarchy.by_no[no])
        return [term for no in self.units for term in past.terms(no)]

    async def write(self, connection: Connection) -> None:
        """Put the tables as a projector would leave them that had read all of it."""
        await enter_the_one_in_force(connection)
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        counters: Counter[tuple[int, int, int]] = Counter()
        below: list[tuple[int, int, bytes]] = []
        for fact in self.facts:
            measure = MEASURES.index(fact.measure) + 1
            year, month, day = fact.day.timetuple()[:3]
            for no in self.raw_lineage(fact.unit, fact.day):
                counters[no, year * 10000 + month * 100 + day, measure] += 1
                if self.units[no].large:
                    counters[no, 200_000_000 + year * 100 + month, measure] += 1
                    counters[no, 100_000_000 + year, measure] += 1
                    row = struct.pack(">qh", pack(fact.codes), measure << 5 | day)
                    below.append((no, 200_000_000 + year * 100 + month, row))
        units = self.units.values()
        await self._copy(
            connection,
            "unit",
            "no id established since dissolved successor name level large vast",
            [
                (
                    u.no,
                    u.id,
                    u.no,
                    u.since,
                    u.dissolved,
                    u.successor,
                    held(u.names, EVER),
                    held(u.levels, EVER),
                    u.large,
                    u.large,
                )
                for u in units
            ],
        )
        await self._copy(connection, "edge", "unit since until parent", [(u.no, *e) for u in units for e in u.edges()])
        await self._copy(connection, "as_now_term", " ".join(Term._fields), [tuple(term) for term in self.terms()])
        names = [(u.no, *span, fold_name(span[2])) for u in units for span in spans(u.names)]
        await self._copy(connection, "unit_name", "unit since until name folded", names)
        levels = [(u.no, *span) for u in units for span in spans(u.levels)]
        await self._copy(connection, "unit_level", "unit since until level", levels)
        facts = [(f.unit, f.day, MEASURES.index(f.measure) + 1, f.position, pack(f.codes)) for f in self.facts]
        await self._copy(connection, "fact", "unit day measure position facets", facts)
        await self._copy(connection, "counter", "unit period measure n", [(*key, n) for key, n in counters.items()])
        await self._copy(connection, "breakdown", "unit month rows", below[::2])
        await sum_up(connection)  # the rest is as batches leave it
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(breakdown_days, "WORTH", FACT.itemsize)
            await breakdown_days.add_days(connection, len(below))
        await self._copy(connection, "breakdown", "unit month rows", below[1::2])
        now = dt.datetime(2023, 2, 20, 1, 2, 3, tzinfo=dt.UTC)
        ledger = [
            (position, now, "trung-uong", f"e{position}", "member.admitted", True, body_of(position))
            for position in sorted({fact.position for fact in self.facts})
        ]
        columns = "position published_at publisher id type first body"
        await self._copy(connection, "ledger", columns, ledger)
        await connection.execute("UPDATE checkpoint SET position = $1, as_of = $2", len(ledger), now)
        await connection.execute("ANALYZE")

    @staticmethod
    async def _copy(connection: Connection, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
        await connection.copy_records_to_table(table, columns=columns.split(), records=rows)


def random_world(seed: int, size: int) -> World:
    """Make a world of some units; parents and successors are of lower numbers, so that none is ever above itself."""
    choose = random.Random(seed)
    world = World()

    def some_day(first: dt.date, last: dt.date = LAST) -> dt.date:
        return first + dt.timedelta(choose.randrange(max((last - first).days, 0) + 1))

    def standing(below: int, day: dt.date) -> list[int]:
        found = [no for no in range(1, below) if world.units[no].active(day)]
        return found[-8:] if choose.random() < 0.6 else found

    for no in range(1, size + 1):
        since = FIRST if no <= 6 or choose.random() < 0.6 else some_day(FIRST)
        parent = None if no == 1 else choose.choice(standing(no, since))
        unit = Unit(no, since, choose.random() < 0.5, {since: parent}, {since: f"Chi bộ {no}"}, {})
        unit.levels[since] = choose.choice(LEVELS)
        world.units[no] = unit
        if no == 1:
            continue
        for _ in range(choose.choice((0, 0, 1, 3))):
            day = some_day(since + ONE_DAY)
            unit.parents[day] = choose.choice(standing(no, day))
        for _ in range(choose.choice((0, 0, 1, 2))):
            unit.levels[some_day(since)] = choose.choice(LEVELS)
            unit.names[some_day(since)] = f"Đảng ủy {no}-{choose.randrange(99)}"
        if choose.random() < 0.35:
            unit.dissolved = some_day(since)
            if choose.random() < 0.6:
                unit.successor = choose.choice(standing(no, unit.dissolved))
    for position in range(1, size * 12):
        world.facts += _random_event(choose, world, position)
    return world


def _random_event(choose: random.Random, world: World, position: int) -> list[Fact]:
    unit = choose.choice(list(world.units.values()))
    day = unit.since + choose.randrange((LAST - unit.since).days + 1) * ONE_DAY
    measure = choose.choice(MEASURES)
    if measure.startswith("transfers"):
        other = choose.choice([u for u in world.units.values() if u.since <= day])
        return [Fact(unit.no, day, "transfers_out", position, {}), Fact(other.no, day, "transfers_in", position, {})]
    codes = {d: choose.choice(DIMENSIONS[d]) for d in dimensions_of(measure) if choose.random() < 0.7}
    return [Fact(unit.no, day, measure, position, {d: code for d, code in codes.items() if code != UNKNOWN})]
