"""Who said nothing, by looking at every fact and every declaration for every unit (domain: Zero is not silence)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tests.oracle.figures import Count, counts
from tests.oracle.oracle import Oracle
from tests.oracle.wording import MEASURES


@dataclass(frozen=True)
class Declared:
    """A declared figure that stands; a stock's day is both `first` and `last`."""

    position: int
    unit: str
    figure: str
    first: dt.date
    last: dt.date
    value: int


@dataclass(frozen=True)
class Quiet:
    """What is to be found of the units looked at: ids in their order; zeros and differing totals by what they are."""

    asked: int
    silent: list[str]
    only_zero: list[str]
    """Heard of, but by zeros alone."""
    zeros: list[tuple[str, list[tuple[str, str, str, int]]]]
    """Each unit with its zeros: figure, first, last, position."""
    differing: list[tuple[str, str, str, str, int, int, int]]
    """Unit, figure, first, last, declared, counted, position."""
    admitted_nobody: list[str]


def declared(oracle: Oracle) -> list[Declared]:
    """List the declared figures that hold and that no later one of the same unit, figure and days stands in for."""
    standing: dict[tuple[str, str, dt.date, dt.date], Declared] = {}
    for entry in oracle.entries:
        if entry.holds and entry.event is not None and entry.event["type"] == "figure.declared":
            data, unit = entry.event["data"], entry.event["subject"]
            first, last = (dt.date.fromisoformat(data.get("on") or data[field]) for field in ("from", "to"))
            said = Declared(entry.position, unit, data["figure"], first, last, data["value"])
            standing[unit, said.figure, first, last] = said  # entries are in stream order
    return list(standing.values())


def quiet(oracle: Oracle, unit: str, first: dt.date, last: dt.date, level: str | None) -> Quiet:
    """Find what the answer must say."""
    h = oracle.hierarchy()
    facts = counts([(e.position, e.event) for e in oracle.entries if e.outcome == "counted" and e.event is not None])
    said = declared(oracle)

    def reached(subject: str, day: dt.date) -> set[str]:
        return {subject, *h.ancestors(subject, day)}

    def holds(count: Count, who: str) -> bool:
        return who in reached(count.unit, count.day)

    looked = sorted(
        u
        for u in h.units()
        if h.is_active(u, last)
        and h.is_active(unit, last)
        and unit in h.ancestors(u, last)
        and level in {None, h.level(u, last)}
    )
    heard: set[str] = set()
    figures: set[str] = set()
    admitting: set[str] = set()
    for count in facts:
        if first <= count.day <= last:
            heard |= reached(count.unit, count.day)
            figures |= reached(count.unit, count.day)
            admitting |= reached(count.unit, count.day) if count.measure == "admissions" else set()
    overlapping = [d for d in said if d.first <= last and d.last >= first]
    for one in overlapping:
        heard |= reached(one.unit, min(one.last, last))
        figures |= reached(one.unit, min(one.last, last)) if one.value else set()
    zeros, differing = [], []
    for who in looked:
        own = sorted(
            (d for d in overlapping if d.unit == who and d.figure in MEASURES),
            key=lambda d: (_NUMBERS.index(d.figure), d.first, d.last),
        )
        nothing = [(d.figure, str(d.first), str(d.last), d.position) for d in own if d.value == 0]
        zeros += [(who, nothing)] if nothing else []
        for d in own:
            if first <= d.first and d.last <= last:
                n = sum(c.measure == d.figure and d.first <= c.day <= d.last and holds(c, who) for c in facts)
                if n != d.value:
                    differing.append((who, d.figure, str(d.first), str(d.last), d.value, n, d.position))
    return Quiet(
        len(looked),
        [who for who in looked if who not in heard],
        [who for who in looked if who in heard - figures],
        zeros,
        differing,
        [who for who in looked if who not in admitting],
    )


_NUMBERS = (
    "admissions",
    "confirmations",
    "badges",
    "departures",
    "transfers_out",
    "transfers_in",
    "introductions",
    "trainings",
    "restorations",
)
"""The measures in the order in which answers list them."""
