"""Reports by counting facts one by one (sections 3 to 5): each fact finds its own way up through the hierarchy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy
from tests.oracle.wording import CODES, FACTS, Event, code_of, day_of

Values = dict[str, int]
"""A number a measure."""

PERIODS = ("month", "quarter", "year")
"""The rows that stand for days."""


@dataclass(frozen=True)
class Question:
    """What a report asks; `first` and `last` are inclusive, `by` is written as in the address."""

    unit: str
    first: dt.date
    last: dt.date
    basis: str = "as-was"
    measures: tuple[str, ...] = ("admissions", "confirmations", "badges")
    by: str = "child"


@dataclass(frozen=True)
class Report:
    """`rows` by key: a unit's id, "own", "rest", a month, a quarter, a year or a code (two with a comma between them).

    Rows that are all zero: those in `must` are to be listed, those in `may` can be, others can't.
    """

    total: Values
    rows: dict[str, Values]
    must: frozenset[str]
    may: frozenset[str]

    def agrees_with(self, total: Values, rows: dict[str, Values]) -> bool:
        """Whether an answer of the system with these rows, none of which is left out, is this one."""
        if total != self.total or not self.must <= rows.keys():
            return False
        for key, values in rows.items():
            if values != self.rows.get(key) and not (key in self.may and not any(values.values())):
                return False
        return all(key in rows for key, values in self.rows.items() if any(values.values()))


@dataclass(frozen=True)
class Count:
    """One thing counted once: a transfer makes two."""

    position: int
    measure: str
    unit: str
    day: dt.date
    event: Event


def counts(facts: list[tuple[int, Event]]) -> list[Count]:
    """Everything that the facts count, in stream order."""
    found = []
    for position, event in facts:
        for measure in FACTS[event["type"]][0]:
            unit = event["data"]["to"] if measure == "transfers_in" else event["subject"]
            found.append(Count(position, measure, unit, day_of(event), event))
    return found


def _structure_day(question: Question, count_day: dt.date) -> dt.date:
    """Say the day whose hierarchy a fact of this day is counted by (section 4)."""
    return count_day if question.basis == "as-was" else LAST_KNOWN


def _way_down(question: Question, count: Count, h: Hierarchy) -> list[str] | None:
    """List the units strictly below the asked one down to the fact's own; None where the fact isn't counted there."""
    if not question.first <= count.day <= question.last or count.measure not in question.measures:
        return None
    up = [count.unit, *h.ancestors(count.unit, _structure_day(question, count.day))]
    if question.unit not in up:
        return None
    return up[: up.index(question.unit)][::-1]


def events_under(question: Question, facts: list[tuple[int, Event]], h: Hierarchy) -> list[int]:
    """List the positions that the total of the question's first measure counts, rising."""
    first = replace(question, measures=question.measures[:1])
    return [count.position for count in counts(facts) if _way_down(first, count, h) is not None]


def report(question: Question, facts: list[tuple[int, Event]], h: Hierarchy) -> Report:
    """Count the total and the rows; raises LookupError for a unit that isn't known."""
    if not h.is_known(question.unit):
        raise LookupError(question.unit)
    must, may = _listed(question, h)
    rows: dict[str, Values] = {key: dict.fromkeys(question.measures, 0) for key in must}
    total = dict.fromkeys(question.measures, 0)
    for count in counts(facts):
        way = _way_down(question, count, h)
        if way is None:
            continue
        total[count.measure] += 1
        if question.by != "none":
            key = _row_of(question, count, way, h)
            rows.setdefault(key, dict.fromkeys(question.measures, 0))[count.measure] += 1
    return Report(total, rows, frozenset(must), frozenset(may))


def _row_of(question: Question, count: Count, way: list[str], h: Hierarchy) -> str:
    by, _, what = question.by.partition(":")
    if by == "child":
        return way[0] if way else "own"
    if by in PERIODS:
        return _period(by, count.day)
    if by == "facet":
        return ",".join(code_of(count.event, dimension) for dimension in what.split(","))
    day = _structure_day(question, count.day)
    for unit in way:
        if h.level(unit, day) == what:
            return unit
    return "rest"


def _listed(question: Question, h: Hierarchy) -> tuple[set[str], set[str]]:
    """Find the rows that are listed even if they are zero, and those that may be."""
    by, _, what = question.by.partition(":")
    if by == "none":
        return set(), set()
    if by in PERIODS:
        return {_period(by, day) for day in _days(question)}, set()
    if by == "facet":
        codes = [(*CODES[dimension], "unknown") for dimension in what.split(",")]
        return {",".join(pair) for pair in product(*codes)}, set()
    turns = _turns(question, h)
    if by == "level":
        return {"rest"}, {u for u in h.units() for day in turns if h.level(u, day) == what}
    if by == "child":
        children = [(u, day) for u in h.units() for day in turns if h.parent(u, day) == question.unit]
        return {"own"} | {u for u, day in children if h.is_active(u, day)}, {u for u, _ in children}
    raise ValueError(by)


def _period(by: str, day: dt.date) -> str:
    if by == "quarter":
        return f"{day.year:04}-Q{'111222333444'[day.month - 1]}"
    return day.isoformat()[: 7 if by == "month" else 4]


def splits(
    question: Question, dimensions: tuple[str, ...], facts: list[tuple[int, Event]], h: Hierarchy
) -> dict[tuple[str, str, str, str], int]:
    """Count by row (`total` among them), measure, dimension and code (section 9); what isn't there is 0."""
    found: dict[tuple[str, str, str, str], int] = {}
    for count in counts(facts):
        way = _way_down(question, count, h)
        if way is not None:
            rows = ["total"] if question.by == "none" else ["total", _row_of(question, count, way, h)]
            for row, dimension in product(rows, dimensions):
                key = row, count.measure, dimension, code_of(count.event, dimension)
                found[key] = found.get(key, 0) + 1
    return found


def year_before(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """Say which days are a year before (section 9): a period that ends with a month is compared with such a one."""
    tomorrow = last + dt.timedelta(1)
    ends_a_month = tomorrow.day == 1
    end = tomorrow.replace(year=tomorrow.year - 1) - dt.timedelta(1) if ends_a_month else _a_year_back(last)
    return _a_year_back(first), end


def _a_year_back(day: dt.date) -> dt.date:
    return dt.date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


def was_there(unit: str, question: Question, h: Hierarchy) -> bool:
    """Whether a unit stood on any of the days."""
    turns = {s.since for s in h.statements if question.first <= s.since <= question.last}
    return any(h.is_active(unit, day) for day in [question.first, *turns])


def _days(question: Question) -> Iterator[dt.date]:
    """List every day of the range: as many as 2.9 million, so only where each of them matters."""
    for n in range((question.last - question.first).days + 1):
        yield question.first + dt.timedelta(n)


def _turns(question: Question, h: Hierarchy) -> list[dt.date]:
    """List the days to look at: the last known, or the first of the range and each in it on which anything changes."""
    if question.basis == "as-now":
        return [LAST_KNOWN]
    changes = {s.since for s in h.statements if question.first <= s.since <= question.last}
    return [question.first, *sorted(changes)]
