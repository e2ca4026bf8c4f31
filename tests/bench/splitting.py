"""`python -m tests.bench.splitting`: how much of a province's split by commune a reader still sees.

Decision 0046 quotes what it prints. Nothing is run but the rules: what an answer hides is what the service's own
functions hide. The worlds are the demonstration, each unit that has children in each of its years; and a country drawn
at random as it is since 2025: 34 provinces of some hundred communes and bodies, whose numbers of people spread widely.

*Rows* are communes with anybody in them; *people* are those in rows that are split; *cells* are those that aren't zero,
of all rows. The last column is of the totals.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from math import exp
from random import Random
from typing import Final, NamedTuple

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.split_report import Table, hidden_together
from projections.answers.report.codes import codes_of
from services.settings import Settings
from tests.bench.differencing import DIMENSIONS, World, demonstration

BY: Final = Thresholds(Settings().smallest_cell, Settings().smallest_table)
PROVINCES: Final = 34
COMMUNES: Final = (60, 170)
"""Communes and bodies directly below a province, from the smallest to the largest."""
A_YEAR: Final = {"admissions": 55.0, "confirmations": 50.0, "badges": 90.0, "transfers": 25.0}
"""People of a commune in a year, on average: some 190,000 admissions in the whole country."""
SPREAD: Final = 0.7
"""Of the logarithm: one commune in six has more than twice the median, or less than half of it."""
SHARES: Final = {
    "sex": (0.46, 0.54),
    "ethnicity": (0.85, 0.15),
    "age_band": (0.62, 0.29, 0.075, 0.014, 0.001),
    "education": (0.01, 0.2, 0.12, 0.13, 0.47, 0.068, 0.002),
    "occupation": (0.14, 0.22, 0.17, 0.2, 0.08, 0.06, 0.05, 0.01, 0.07),
}
"""How many of a hundred have which code, as the reports of provinces tell of new members."""
UNKNOWN: Final = 0.03


class Seen(NamedTuple):
    """What a reader sees of tables: rows, people and cells in them, and of each how many are shown."""

    rows: int = 0
    rows_shown: int = 0
    people: int = 0
    people_shown: int = 0
    cells: int = 0
    cells_shown: int = 0
    totals: int = 0
    totals_shown: int = 0

    def plus(self, other: Seen) -> Seen:
        """Add up two."""
        return Seen(*map(sum, zip(self, other, strict=True)))

    def said(self) -> str:
        """Write the shares as a line of a table."""
        pairs = (
            (self.rows_shown, self.rows),
            (self.people_shown, self.people),
            (self.cells_shown, self.cells),
            (self.totals_shown, self.totals),
        )
        return " | ".join(f"{100 * shown / max(whole, 1):.0f} %" for shown, whole in pairs)


def seen_of(periods: Sequence[Table]) -> Seen:
    """Count what is seen of this year's table, alone or beside that of the year before."""
    table, found = periods[0], hidden_together(periods, BY)
    rows = [place for place, row in enumerate(table) if any(row)]
    split = [place for place in rows if place not in found.rows[0]]
    total = [sum(column) for column in zip(*table, strict=True)]
    hidden_of_total = range(len(total)) if found.total is None else found.total
    return Seen(
        len(rows),
        len(split),
        sum(map(sum, table)),
        sum(sum(table[place]) for place in split),
        sum(bool(n) for row in table for n in row),
        sum(bool(n) and code not in found.cells[place] for place in split for code, n in enumerate(table[place])),
        sum(map(bool, total)),
        sum(bool(n) and code not in hidden_of_total for code, n in enumerate(total)),
    )


def drawn(random: Random, measure: str, years: float) -> list[dict[str, Table]]:
    """Draw provinces: of each dimension a table of its communes by codes."""
    provinces = []
    for _ in range(PROVINCES):
        tables: dict[str, Table] = {dimension: [] for dimension in DIMENSIONS}
        leaning = {d: [share * exp(random.gauss(0, 0.5)) for share in SHARES[d]] for d in DIMENSIONS}
        for _ in range(random.randint(*COMMUNES)):
            mean = A_YEAR[measure] * years * exp(random.gauss(-(SPREAD**2) / 2, SPREAD))
            people = max(round(random.gauss(mean, mean**0.5)), 0)
            for dimension in DIMENSIONS:
                places = range(len(codes_of(dimension)))
                weights = leaning[dimension]
                known = 1 - UNKNOWN
                shares = [known * each / sum(weights) for each in weights]
                cells = [0] * len(places)
                for code in random.choices(places, [*shares, UNKNOWN], k=people):
                    cells[code] += 1
                tables[dimension].append(cells)
        provinces.append(tables)
    return provinces


def told(world: World) -> Iterator[tuple[str, Table]]:
    """Give of the demonstration each unit's tables by child, in each year, with the dimension."""
    for unit, below in sorted(world.children.items()):
        measures = {measure for asked, basis, measure in world.asked if asked == unit and basis == "as-was"}
        for measure in sorted(measures):
            for year in range(world.days.first.year, world.days.last.year + 1):
                for place, dimension in enumerate(DIMENSIONS):
                    rows = [_row(world, (child, measure, year), place) for child in sorted(below)]
                    if sum(map(sum, rows)):
                        yield dimension, rows


def _row(world: World, asked: tuple[str, str, int], place: int) -> list[int]:
    unit, measure, year = asked
    cells = [0] * len(codes_of(DIMENSIONS[place]))
    for fact in world.found.get((unit, "as-was", measure), ()):
        if fact.day.year == year:
            cells[fact.codes[place]] += 1
    return cells


def main() -> None:
    """Count, and print a table for each world."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.splitting", description=__doc__)
    parser.add_argument("--seed", type=int, default=16, help="the same seed finds the same (%(default)s)")
    random = Random(parser.parse_args().seed)
    head = "| | rows | people | cells | total |\n|---|---|---|---|---|"
    print(f"the demonstration, years by child\n\n{head}")
    found = dict.fromkeys(DIMENSIONS, Seen())
    for dimension, table in told(demonstration()):
        found[dimension] = found[dimension].plus(seen_of([table]))
    for dimension, seen in found.items():
        print(f"| {dimension} | {seen.said()} |")
    print(f"\na country, {PROVINCES} provinces by commune, admissions of a year\n\n{head}")
    provinces = drawn(random, "admissions", 1)
    for dimension in DIMENSIONS:
        print(f"| {dimension} | {sum_of([[tables[dimension]] for tables in provinces]).said()} |")
    print(f"\nthe same by measure and period, all dimensions\n\n{head}")
    for measure in A_YEAR:
        for name, years in (("a quarter", 0.25), ("a year", 1.0), ("five years", 5.0)):
            of_measure = drawn(random, measure, years)
            alone = [[tables[dimension]] for tables in of_measure for dimension in DIMENSIONS]
            print(f"| {measure}, {name} | {sum_of(alone).said()} |", flush=True)
    before = drawn(random, "admissions", 1)
    both = [
        [one[d], _as_long(other[d], one[d])] for one, other in zip(provinces, before, strict=True) for d in DIMENSIONS
    ]
    print(f"| admissions, a year, beside the year before | {sum_of(both).said()} |")


def sum_of(tables: Sequence[Sequence[Table]]) -> Seen:
    """Count what is seen of several."""
    found = Seen()
    for periods in tables:
        found = found.plus(seen_of(periods))
    return found


def _as_long(table: Table, other: Table) -> Table:
    """Cut or lengthen a table, so that it has as many rows as another."""
    return [table[place % len(table)] for place in range(len(other))]


if __name__ == "__main__":
    main()
