"""What a report must say, by letting each fact find its own way up (contract §3-§5)."""

from __future__ import annotations

import datetime as dt
from itertools import product

from events.catalogue import DIMENSIONS
from projections.store.reading.report import Question
from tests.integration.reading.world import EVER, ONE_DAY, Fact, World, held

Values = dict[str, int]


def counted(world: World, question: Question) -> list[tuple[Fact, list[int]]]:
    """Find the facts that the total counts, each with the units strictly below the asked one, the highest first."""
    asked = next(u.no for u in world.units.values() if u.id == question.unit)
    found = []
    for fact, path in world.paths if question.basis == "as-was" else world.paths_now:
        in_range = question.days.first <= fact.day <= question.days.last
        if in_range and fact.measure in question.measures and asked in path:
            found.append((fact, path[: path.index(asked)][::-1]))
    return found


def rows(world: World, question: Question) -> tuple[Values, dict[str, Values], set[str]]:
    """Return the total, the rows by key, and the keys that must be there though they are zero."""
    total = dict.fromkeys(question.measures, 0)
    by_key: dict[str, Values] = {}
    for fact, way in counted(world, question):
        total[fact.measure] += 1
        if question.by != "none":
            row = by_key.setdefault(_key(world, question, fact, way), dict.fromkeys(question.measures, 0))
            row[fact.measure] += 1
    return total, by_key, _listed(world, question)


def splits(world: World, question: Question) -> dict[tuple[str, str, str, str], int]:
    """Count by row (`total` among them), measure, dimension and code; what isn't there is 0."""
    found: dict[tuple[str, str, str, str], int] = {}
    for fact, way in counted(world, question):
        rows_of = ["total", *([] if question.by == "none" else [_key(world, question, fact, way)])]
        for row, dimension in product(rows_of, question.split):
            key = row, fact.measure, dimension, fact.codes.get(dimension, "unknown")
            found[key] = found.get(key, 0) + 1
    return found


def _key(world: World, question: Question, fact: Fact, way: list[int]) -> str:
    match question.by:
        case "child":
            return world.units[way[0]].id if way else "own"
        case "month" | "quarter" | "year":
            return _period(question.by, fact.day)
        case "facet":
            return ",".join(fact.codes.get(dimension, "unknown") for dimension in question.detail.split(","))
    of_level = (
        world.units[no]
        for no in way
        if held(world.units[no].levels, _structure_day(question, fact.day)) == question.detail
    )
    return next((unit.id for unit in of_level), "rest")


def _period(by: str, day: dt.date) -> str:
    return {
        "month": f"{day.year}-{day.month:02}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        "year": f"{day.year}",
    }[by]


def _structure_day(question: Question, day: dt.date) -> dt.date:
    return day if question.basis == "as-was" else EVER


def _days(question: Question) -> list[dt.date]:
    return [question.days.first + n * ONE_DAY for n in range((question.days.last - question.days.first).days + 1)]


def _listed(world: World, question: Question) -> set[str]:
    match question.by:
        case "none":
            return set()
        case "month" | "quarter" | "year":
            return {_period(question.by, day) for day in _days(question)}
        case "facet":
            return {",".join(codes) for codes in product(*(DIMENSIONS[d] for d in question.detail.split(",")))}
    found = {"own" if question.by == "child" else "rest"}
    if question.basis == "as-now":
        return found | {world.units[no].id for no in _rows_of(world, question, EVER)}
    changes = {day for unit in world.units.values() for day in (*unit.parents, *unit.levels, unit.dissolved)}
    for day in {question.days.first} | {day for day in _days(question) if day in changes}:
        found |= {world.units[no].id for no in _rows_of(world, question, day)}
    return found


def _rows_of(world: World, question: Question, day: dt.date) -> list[int]:
    """Return the active units that have a row of their own on a day."""
    asked = next(u for u in world.units.values() if u.id == question.unit)

    def has_level(no: int) -> bool:
        return held(world.units[no].levels, day) == question.detail

    found = []
    for unit in world.units.values():
        above = world.above(unit.no, day) if unit.active(day) else []
        if asked.no in above:
            between = above[: above.index(asked.no)]
            of_level = question.by == "level" and has_level(unit.no) and not any(map(has_level, between))
            if of_level or (question.by == "child" and not between):
                found.append(unit.no)
    return found


def standing_stays(world: World, question: Question, unit: str) -> list[tuple[dt.date, dt.date | None]]:
    """Return since when and until when a unit stood as a child of the asked one, of stays on any of the days."""
    child = next(u for u in world.units.values() if u.id == unit)
    asked = next(u for u in world.units.values() if u.id == question.unit)
    turns = {day for u in world.units.values() for day in (*u.parents, u.dissolved) if day is not None}
    stays: list[tuple[dt.date, dt.date | None]] = []
    for day in sorted(turns):
        is_child = child.active(day) and asked.active(day) and world.above(child.no, day)[:1] == [asked.no]
        inside = bool(stays) and stays[-1][1] is None
        if is_child and not inside:
            stays.append((day, None))
        elif inside and not is_child:
            stays[-1] = (stays[-1][0], day)
    first, last = question.days
    return [(since, until) for since, until in stays if since <= last and (until is None or until > first)]


def last_name(world: World, question: Question, unit: str) -> str:
    """Return the name of a child as of the last day on which it was one, dissolved or not."""
    child = next(u for u in world.units.values() if u.id == unit)
    asked = next(u for u in world.units.values() if u.id == question.unit)
    for day in reversed(_days(question)) if question.basis == "as-was" else (EVER,):
        if day >= child.since and asked.active(day) and world.above(child.no, day)[:1] == [asked.no]:
            return held(child.names, day) or ""
    raise AssertionError(f"{unit} was never a child of {question.unit}")
