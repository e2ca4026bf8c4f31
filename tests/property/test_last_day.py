"""The last day that there is: what is dated so holds, a unit stays in one place, and sums hold."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.oracle.figures import Question
from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, releveled, root
from tests.property.reading import BASES, Reader
from tests.property.system import System, oracle_of

LAST, BEFORE = "9999-12-31", "9999-12-30"
RANGES = (("2023-01-01", LAST), ("2023-01-01", "2023-12-31"), (BEFORE, LAST), (LAST, LAST))
TREE = [
    root(),
    *(founded(unit, ROOT, "2010-01-01") for unit in ("a", "b")),
    founded("xa", "a", "2010-01-01"),
    *(founded(cell, "xa", "2010-01-01", "cell") for cell in ("c1", "c2", "c3")),
    *(admitted(unit, day, f"{unit}-{day}") for unit in ("xa", "c1", "a") for day in ("2023-05-01", BEFORE, LAST)),
]
CHANGES = {
    "moved": [moved("xa", "b", LAST, "move")],
    "moved twice": [moved("xa", "b", LAST, "move"), moved("xa", ROOT, BEFORE, "again")],
    "dissolved": [dissolved("a", LAST, "b")],
    "dissolved without a successor": [dissolved("a", LAST)],
    "releveled": [releveled("xa", "section", LAST, "level")],
    "founded": [founded("late", "a", LAST), admitted("late", LAST, "late-1"), moved("late", "b", LAST, "move")],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("told", ["late", "early"])
async def test_sums_hold(system: System, reader: Reader, change: str, told: str) -> None:
    log: list[Said] = [*TREE, *CHANGES[change]] if told == "late" else [*TREE[:7], *CHANGES[change], *TREE[7:]]
    await system.deliver(log, [(0, len(log), False)])
    oracle = oracle_of(log)
    for unit in oracle.hierarchy().units():
        for first, last in RANGES:
            for basis in BASES:
                for by in ("child", "level:section"):
                    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
                    question = Question(unit, *days, basis=basis, by=by)
                    total, rows = await reader.report(question)
                    right = oracle.report(question)
                    assert right.agrees_with(total, rows), (question, total, rows, right)


async def test_a_unit_stands_in_one_place(system: System, reader: Reader) -> None:
    log = [*TREE, *CHANGES["moved"]]
    await system.deliver(log, [(0, len(log), False)])
    for on, above in (("9999-12-29", "a"), (BEFORE, "b"), (LAST, "b")):
        unit = await reader.get("/v1/units/xa", {"on": on})
        assert [each["id"] for each in unit["ancestors"]] == [ROOT, above]
        assert [each["id"] for each in unit["children"]] == ["c1", "c2", "c3"]
        tree = (await reader.get(f"/v1/units/{ROOT}/tree", {"on": on, "depth": "3"}))["tree"]
        below = {each["id"]: [child["id"] for child in each["children"]] for each in tree["children"]}
        assert below == {"a": [], "b": []} | {above: ["xa"]}
