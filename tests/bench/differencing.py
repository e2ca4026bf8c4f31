"""`python -m tests.bench.differencing`: how often two answers that a reader may have give a small cell away together.

Decision 0014 quotes what it prints. Nothing is run but the rules: facts are those of the demonstration, and of small
worlds drawn at random, counted here one by one; what an answer hides is what the service's own functions hide.

A pair of answers is of nested questions: a period and a part of it, a unit and its children, now and a while before; or
of two bases, or of two measures. It *reveals* where somebody who takes one from the other finds a known code of 1 to
`smallest - 1` people who aren't in both.
"""

from __future__ import annotations

import argparse
import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, combinations
from random import Random
from typing import Any, Final, NamedTuple

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.suppression import hidden_codes, hidden_pairs
from projections.answers.report.codes import codes_of
from projections.rules.counting.periods import ONE_DAY, Days, month_of, quarters
from projections.rules.counting.periods import months as row_months
from services.demo.scenario import scenario
from services.settings import Settings
from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy, Statement
from tests.oracle.wording import FACTS, code_of, day_of

CELL: Final = Settings().smallest_cell
RULES: Final = {
    "small cells only": (False, Thresholds(CELL, 0)),
    "whole months": (True, Thresholds(CELL, 0)),
    "smallest table": (False, Thresholds(CELL, Settings().smallest_table)),
    "both": (True, Thresholds(CELL, Settings().smallest_table)),
}
"""Whether periods are of whole months, and from how many people on what is shown."""
DIMENSIONS: Final = ("sex", "ethnicity", "age_band", "education", "occupation")
PAIRS: Final = (("introductions", "trainings"), ("admissions", "confirmations"), ("transfers_in", "transfers_out"))
"""Measures that count much the same people."""
WORTH_ASKING: Final = 30
"""Facts of a measure that a unit has in all, to be asked about: of fewer nearly everything is hidden."""
KINDS: Final = (
    "periods that overlap",
    "a unit and its children",
    "two positions",
    "two bases",
    "two measures",
    "a quarter and its months",
    "two years and one of them",
)


class Fact(NamedTuple):
    """One thing counted: told on the day `told`, by its unit and those above it on its day and as last known."""

    day: dt.date
    told: dt.date
    measure: str
    codes: tuple[int, ...]
    was: tuple[str, ...]
    now: tuple[str, ...]


class Asked(NamedTuple):
    """A question for a breakdown; `told` is the last day whose events the answer knows."""

    unit: str
    days: Days
    measure: str
    dimension: int
    basis: str = "as-was"
    told: dt.date = dt.date.max


class World:
    """Facts, found by unit, basis and measure."""

    def __init__(self, name: str, facts: Iterable[Fact]) -> None:
        self.name = name
        self.children: dict[str, set[str]] = defaultdict(set)
        self.found: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
        for fact in sorted(facts):
            for basis, above in (("as-was", fact.was), ("as-now", fact.now)):
                for unit in above:
                    self.found[unit, basis, fact.measure].append(fact)
            for lower, upper in zip(fact.now, fact.now[1:], strict=False):
                self.children[upper].add(lower)
        self.asked = sorted(key for key, n in self.found.items() if key[1] == "as-was" and len(n) >= WORTH_ASKING)
        self.days = Days(min(f.day for f in facts), max(f.day for f in facts))

    def table(self, asked: Asked) -> list[int]:
        """Count a question's facts by code, `unknown` last."""
        facts = self.found.get((asked.unit, asked.basis, asked.measure), [])
        low = bisect_left(facts, asked.days.first, key=lambda fact: fact.day)
        high = bisect_right(facts, asked.days.last, key=lambda fact: fact.day)
        cells = [0] * len(codes_of(DIMENSIONS[asked.dimension]))
        for fact in facts[low:high]:
            cells[fact.codes[asked.dimension]] += fact.told <= asked.told
        return cells


def shown(cells: Sequence[int], thresholds: Thresholds) -> list[int | None]:
    """Hide of a table what its answer hides."""
    if sum(cells) < thresholds.table:
        return [None] * len(cells)
    hidden = hidden_codes(cells, thresholds.cell)
    return [None if place in hidden else n for place, n in enumerate(cells)]


def reveals(world: World, one: Asked, others: Sequence[Asked], thresholds: Thresholds) -> bool | None:
    """Tell whether one answer less others tells a small cell; None where there is none to tell."""
    tables = [world.table(asked) for asked in others]
    whole = world.table(one)
    left = [n - sum(table[code] for table in tables) for code, n in enumerate(whole)]
    small = [code for code, n in enumerate(left[:-1]) if 1 <= abs(n) < thresholds.cell]
    if not small:
        return None
    answers = [shown(whole, thresholds), *(shown(table, thresholds) for table in tables)]
    return any(all(answer[code] is not None for answer in answers) for code in small)


def pairs(world: World, kind: str, months: bool, random: Random) -> Iterator[tuple[Asked, list[Asked]]]:
    """Draw pairs of a kind without end."""
    while True:
        unit, _, measure = random.choice(world.asked)
        dimension = random.randrange(len(DIMENSIONS))
        days = _days(world, months, random)
        one = Asked(unit, days, measure, dimension)
        match kind:
            case "periods that overlap":
                part = _shorter(days, months, random)
                if part is not None:
                    yield one, [one._replace(days=part)]
            case "a unit and its children":
                one = one._replace(basis="as-now")
                below = sorted(world.children.get(unit, ()))
                if len(below) > 1:
                    left_out = random.choice(below)
                    yield one, [one._replace(unit=child) for child in below if child != left_out]
            case "two positions":
                told = days.last + random.randrange(40) * ONE_DAY
                yield one._replace(told=told), [one._replace(told=told - random.choice((1, 7, 30)) * ONE_DAY)]
            case "two bases":
                yield one, [one._replace(basis="as-now")]
            case "a quarter and its months":
                quarter = random.choice(list(quarters(_days(world, months=True, random=random))))
                parts = list(row_months(Days(quarter.first, month_of(quarter.last).last)))
                parts.remove(random.choice(parts))
                yield one._replace(days=quarter), [one._replace(days=part) for part in parts]
            case "two years and one of them":
                first = dt.date(random.randint(world.days.first.year, world.days.last.year), 1, 1)
                last = first.replace(month=12, day=31)
                both = Days(first.replace(year=first.year - 1), last)
                yield one._replace(days=both), [one._replace(days=Days(first, last))]
            case _:
                first, second = random.choice(PAIRS)
                yield one._replace(measure=first), [one._replace(measure=second)]


def _days(world: World, months: bool, random: Random) -> Days:
    span = (world.days.last - world.days.first).days
    first = world.days.first + random.randrange(span) * ONE_DAY
    last = min(first + random.choice((31, 92, 183, 366, 3 * 366)) * ONE_DAY, world.days.last)
    return Days(month_of(first).first, month_of(last).last) if months else Days(first, last)


def _shorter(days: Days, months: bool, random: Random) -> Days | None:
    last = days.last - random.randrange(1, 32) * ONE_DAY
    if months:
        last = month_of(days.last).first - ONE_DAY
    return Days(days.first, last) if days.first <= last else None


def demonstration() -> World:
    """Take all facts of the demonstration that aren't taken back, as if each held."""
    events = scenario()
    gone = {(e["data"]["source"], e["data"]["id"]) for e in events if e["type"] == "event.retracted"}
    held = [event for event in events if (event["source"], event["id"]) not in gone]
    said = [_statement(no, event) for no, event in enumerate(held) if event["type"].startswith("unit.")]
    return World("demonstration", list(_facts(held, Hierarchy(said))))


def _statement(no: int, event: dict[str, Any]) -> Statement:
    data = event["data"]
    named = {name: data.get(name) for name in ("parent", "name", "level", "successor")}
    return Statement(no, event["subject"], event["type"], dt.date.fromisoformat(data["since"]), **named)


def _facts(events: Iterable[dict[str, Any]], hierarchy: Hierarchy) -> Iterator[Fact]:
    changes = sorted({said.since for said in hierarchy.statements})

    @cache
    def above(unit: str, after: int) -> tuple[str, ...]:
        day = LAST_KNOWN if after == len(changes) else changes[max(after - 1, 0)]
        return (unit, *hierarchy.ancestors(unit, day))

    for event in events:
        if event["type"] not in FACTS:
            continue
        day, told = day_of(event), dt.date.fromisoformat(event["time"][:10])
        codes = tuple(codes_of(dimension).index(code_of(event, dimension)) for dimension in DIMENSIONS)
        for measure in FACTS[event["type"]][0]:
            unit = event["data"]["to"] if measure == "transfers_in" else event["subject"]
            if hierarchy.is_known(unit):
                was = above(unit, bisect_right(changes, day))
                yield Fact(day, told, measure, codes, was, above(unit, len(changes)))


def drawn(number: int, random: Random) -> World:
    """Draw a small world: a province, 4 districts, 24 communes, two years; then one district's communes go to another.

    Its measures count the same people, but for some: most of those introduced are trained, most of those admitted
    confirmed.
    """
    communes = {f"c{place}": f"d{place % 4}" for place in range(24)}
    reform, facts = dt.date(2023, 7, 1), []
    weights = [[random.random() ** 2 + 0.01 for _ in codes_of(dimension)[:-1]] for dimension in DIMENSIONS]
    for commune, district in communes.items():
        now = "d1" if district == "d0" else district
        for _ in range(int(random.expovariate(1 / 60))):
            day = dt.date(2022, 1, 1) + random.randrange(700) * ONE_DAY
            codes = tuple(random.choices(range(len(w)), w)[0] for w in weights)
            for measure in [pair[place] for pair in PAIRS for place in (0, 1) if not place or random.random() < 0.9]:
                was = (commune, now if day >= reform else district, "p")
                told = day + int(random.expovariate(1 / 10)) * ONE_DAY
                facts.append(Fact(day, told, measure, codes, was, (commune, now, "p")))
    return World(f"drawn {number}", facts)


def share_hidden(world: World, thresholds: Thresholds) -> tuple[int, int, int]:
    """Count a year's tables by two dimensions, their cells that aren't zero, and those of them that are hidden."""
    tables = cells = hidden = 0
    for (_, basis, _), facts in world.found.items():
        for year in range(world.days.first.year, world.days.last.year + 1) if basis == "as-was" else ():
            some = [fact for fact in facts if fact.day.year == year]
            for one, other in combinations(range(len(DIMENSIONS)), 2) if len(some) >= thresholds.table else ():
                width = len(codes_of(DIMENSIONS[other]))
                table = [[0] * width for _ in codes_of(DIMENSIONS[one])]
                for fact in some:
                    table[fact.codes[one]][fact.codes[other]] += 1
                block = hidden_pairs(table, thresholds.cell)
                tables += 1
                cells += sum(map(bool, chain(*table)))
                hidden += sum(bool(table[i][j]) for i in block.rows for j in block.columns)
    return tables, cells, hidden


def searched(worlds: Sequence[World], kind: str, rule: str, wanted: int, seed: int) -> tuple[int, int, int]:
    """Return how many pairs were looked at, in how many there was a small cell between them, and how many reveal it."""
    months, thresholds = RULES[rule]
    looked = between = told = 0
    for place, world in enumerate(worlds):
        random = Random(f"{seed} {place} {kind}")
        for (one, others), _ in zip(pairs(world, kind, months, random), range(wanted // len(worlds)), strict=False):
            found = reveals(world, one, others, thresholds)
            looked, between, told = looked + 1, between + (found is not None), told + bool(found)
    return looked, between, told


def main() -> None:
    """Search, and print a table for each kind of world."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.differencing", description=__doc__)
    parser.add_argument("--pairs", type=int, default=4000, help="pairs of each kind and rule (%(default)s)")
    parser.add_argument("--worlds", type=int, default=20, help="small worlds that are drawn (%(default)s)")
    parser.add_argument("--seed", type=int, default=14, help="the same seed finds the same (%(default)s)")
    parser.add_argument("--kind", choices=KINDS, action="append", help="one kind alone, or several")
    given = parser.parse_args()
    random = Random(given.seed)
    small = [drawn(number, random) for number in range(given.worlds)]
    for name, worlds in (("the demonstration", [demonstration()]), (f"{given.worlds} small worlds", small)):
        print(f"\n{name}: pairs that reveal a small cell, of {given.pairs} (of those with one between them)\n")
        print(f"| comparing | {' | '.join(RULES)} |\n|---|{'---|' * len(RULES)}")
        for kind in given.kind or KINDS:
            cells = []
            for rule in RULES:
                looked, between, told = searched(worlds, kind, rule, given.pairs, given.seed)
                cells.append(f"{100 * told / looked:.1f} % ({100 * told / max(between, 1):.0f} %)")
            print(f"| {kind} | {' | '.join(cells)} |", flush=True)
    if given.kind:
        return
    tables, some, hidden = share_hidden(demonstration(), RULES["both"][1])
    print(f"\n{tables} tables by two dimensions: {100 * hidden / some:.0f} % of the cells that aren't zero are hidden")


if __name__ == "__main__":
    main()
