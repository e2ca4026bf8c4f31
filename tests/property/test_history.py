"""Units through time are told as the contract's statements say, on every day on which anything changes."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.hierarchy import Hierarchy
from tests.oracle.telling import Said
from tests.property.examples import examples
from tests.property.reading import Reader, reader_of
from tests.property.strategies import cuttings, logs
from tests.property.system import Batch, oracle_of, system_on

delivered = logs.flatmap(lambda log: st.tuples(st.just(log), cuttings(len(log)), st.randoms(use_true_random=True)))
LATEST = dt.date(9999, 1, 1)


def held(spans: list[dict[str, Any]], day: dt.date) -> dict[str, Any] | None:
    found = [s for s in spans if s["since"] <= str(day) and (s["until"] is None or str(day) < s["until"])]
    assert len(found) <= 1, spans
    return found[0] if found else None


def id_of(unit: dict[str, Any] | None) -> str | None:
    return None if unit is None else str(unit["id"])


@examples(12)
@given(delivered)
async def test_histories_and_trees_are_those_of_the_contract(
    database: str, example: tuple[list[Said], list[Batch], Random]
) -> None:
    log, batches, random = example
    hierarchy = oracle_of(log).hierarchy()
    turns = sorted({s.since for s in hierarchy.statements})
    async with system_on(database) as system, reader_of(database) as reader:
        await system.deliver(log, batches)
        for unit in hierarchy.units():
            answer = await reader.get(f"/v1/units/{unit}/history")
            for day in (*turns, LATEST):
                check_day(hierarchy, unit, answer, day)
            check_successions(hierarchy, unit, answer)
            check_changes(hierarchy, unit, await reader.get(f"/v1/units/{unit}/changes"))
        for day in random.sample(turns, min(len(turns), 3)):
            for unit in hierarchy.units():
                await check_tree(reader, hierarchy, unit, day, random.randint(1, 4))
                told = await reader.get(f"/v1/units/{unit}/then-and-now", {"on": str(day)})
                check_then_and_now(hierarchy, unit, day, told["children"])


def check_day(hierarchy: Hierarchy, unit: str, answer: dict[str, Any], day: dt.date) -> None:
    name, level = held(answer["names"], day), held(answer["levels"], day)
    assert (name and name["name"]) == hierarchy.name(unit, day)
    assert (level and level["level"]) == hierarchy.level(unit, day)
    told = held(answer["parents"], day)
    founded = hierarchy.founded(unit)
    assert founded is not None
    assert (told is None) == (day < founded)
    if told is not None:
        parent, raw = hierarchy.parent(unit, day), hierarchy.raw_parent(unit, day)
        assert id_of(told["parent"]) == parent
        assert id_of(told["raw"]) == (raw if raw != parent else None)
    for spans in (answer["names"], answer["levels"], answer["parents"]):
        for span in spans:
            assert span["said"]
            said = {s.position for s in hierarchy.statements}
            assert {source["position"] for source in span["said"]} <= said


def check_successions(hierarchy: Hierarchy, unit: str, answer: dict[str, Any]) -> None:
    ends = {other: hierarchy.dissolution(other) for other in hierarchy.units()}
    end = ends[unit]
    assert (answer["dissolved"] and answer["dissolved"]["since"]) == (end and str(end.since))
    if answer["dissolved"] is not None:
        assert id_of(answer["dissolved"]["successor"]) == (end and end.successor)
    dissolved = {(p["unit"]["id"], p["since"]) for p in answer["predecessors"] if p["child"] is None}
    assert dissolved == {(other, str(e.since)) for other, e in ends.items() if e is not None and e.successor == unit}
    came, went = set(), set()
    for child in hierarchy.units():
        for day in {s.since for s in hierarchy.statements if s.unit == child and s.kind == "unit.moved"}:
            e = ends[child]
            if e is not None and e.successor is not None and day >= e.since:
                continue
            before, after = hierarchy.raw_parent(child, day - dt.timedelta(1)), hierarchy.raw_parent(child, day)
            if before != after and before is not None:
                if after == unit:
                    came.add((before, child, str(day)))
                if before == unit:
                    went.add((after, child, str(day)))
    for key, expected in (("predecessors", came), ("successors", went)):
        assert {(s["unit"]["id"], s["child"]["id"], s["since"]) for s in answer[key] if s["child"]} == expected


async def check_tree(reader: Reader, hierarchy: Hierarchy, unit: str, day: dt.date, depth: int) -> None:
    answer = await reader.get(f"/v1/units/{unit}/tree", {"on": str(day), "depth": str(depth)})

    def grow(upper: str, steps: int) -> dict[str, Any]:
        standing = hierarchy.is_active(upper, day) and steps
        below = [
            u
            for u in hierarchy.units()
            if standing and hierarchy.is_active(u, day) and hierarchy.parent(u, day) == upper
        ]
        return {"id": upper, "children": [grow(child, steps - 1) for child in sorted(below)]}

    def bare(branch: dict[str, Any]) -> dict[str, Any]:
        return {"id": branch["id"], "children": [bare(child) for child in branch["children"]]}

    assert bare(answer["tree"]) == grow(unit, depth)
    assert answer["complete"]


def check_changes(hierarchy: Hierarchy, unit: str, answer: dict[str, Any]) -> None:
    concerned: dict[str, set[tuple[str, str]]] = {}
    for s in hierarchy.statements:
        days = (s.since - dt.timedelta(1), s.since)
        if s.unit == unit or any(unit in hierarchy.ancestors(s.unit, day) for day in days):
            concerned.setdefault(str(s.since), set()).add((s.unit, s.kind.removeprefix("unit.")))
    found = {each.pop("on"): sum(each.values()) for each in answer["days"]}
    assert found == {day: len(changed) for day, changed in concerned.items()}
    assert list(found) == sorted(found)


def check_then_and_now(hierarchy: Hierarchy, unit: str, day: dt.date, told: list[dict[str, Any]]) -> None:
    def children_on(when: dt.date) -> set[str]:
        return {
            each
            for each in hierarchy.units()
            if hierarchy.is_active(unit, when)
            and hierarchy.is_active(each, when)
            and hierarchy.parent(each, when) == unit
        }

    def place(each: str, when: dt.date) -> tuple[str | None, str | None, str | None] | None:
        if not hierarchy.is_active(each, when):
            return None
        return hierarchy.name(each, when), hierarchy.level(each, when), hierarchy.parent(each, when)

    were, are = children_on(day), children_on(LATEST)
    assert [each["id"] for each in told] == sorted(were | are)
    for each in told:
        assert (each["was_child"], each["is_child"]) == (each["id"] in were, each["id"] in are)
        for key, when in (("then", day), ("now", LATEST)):
            found = each[key] and (each[key]["name"], each[key]["level"], id_of(each[key]["parent"]))
            assert found == place(each["id"], when)
        end = hierarchy.dissolution(each["id"])
        assert id_of(each["successor"]) == (end and end.successor)
        assert id_of(each["heir"]) == (end and hierarchy.parent(each["id"], LATEST))
