"""Silence and zero over HTTP, on a hand-made log: who said nothing, who said zero, whose totals differ, in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest

from projections.rules.counting.periods import Days
from projections.store.reading.silence import SilenceQuestion, silence
from projections.store.reading.snapshot import snapshot
from services.api.parameters import cursor_of
from tests.oracle.given import day
from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, releveled, retracted, root, say
from tests.property.reading import Reader, reader_of
from tests.property.system import system_on

YEAR = {"from": "2023-01-01", "to": "2023-12-31"}
LISTS = ("silent", "only_zero", "declared_zero", "differing", "admitted_nobody")


def total(unit: str, event_id: str, value: int, figure: str = "admissions", **period: str) -> Said:
    """Declare a total of the year, or of the days `first` to `last`."""
    days = {"from": period.get("first", YEAR["from"]), "to": period.get("last", YEAR["to"])}
    return say(unit, event_id, "figure.declared", unit, {"figure": figure, "value": value, **days})


def stock(unit: str, event_id: str, on: str) -> Said:
    return say(unit, event_id, "figure.declared", unit, {"figure": "members", "value": 12, "on": on})


LOG = [
    root(),
    founded("tinh", ROOT, "2000-01-01", "province"),
    founded("huyen", "tinh", "2000-01-01", "upper"),
    founded("xa-a", "huyen", "2000-01-01", "grassroots"),
    founded("xa-b", "huyen", "2000-01-01", "grassroots"),
    founded("xa-c", "huyen", "2000-01-01", "grassroots"),
    founded("tinh-2", ROOT, "2000-01-01", "province"),
    *(founded(f"a{n}", "xa-a", "2000-01-01", "cell") for n in range(1, 7)),
    founded("b1", "xa-b", "2000-01-01", "cell"),
    founded("b2", "xa-b", "2000-01-01", "cell"),
    founded("c1", "xa-c", "2000-01-01", "cell"),
    # a1 is told of by the unit above it; a2 says zero; a3 says zero and then one; a4's zero is taken back; a5 says
    # how many members it has; a6 says nothing at all. b1 says nothing itself, b2 has a fact that isn't an admission.
    admitted("a1", "2023-03-05", "a1-1", by="xa-a"),
    admitted("a1", "2022-12-31", "a1-0", by="xa-a"),
    total("a2", "a2-1", 0),
    total("a3", "a3-1", 0),
    total("a3", "a3-2", 1),
    total("a4", "a4-1", 0),
    retracted("a4", "a4-2", "a4-1"),
    stock("a5", "a5-1", "2023-06-30"),
    say("b2", "b2-1", "badge.awarded", "b2", {"member": "m-1", "awarded_on": "2023-05-19", "grade": 30}),
    # Totals: the one of xa-a is right; xa-b's is not, and its later one for half a year is; huyen overstates.
    total("xa-a", "xa-a-1", 1),
    total("xa-b", "xa-b-1", 7, "badges"),
    total("xa-b", "xa-b-2", 1, "badges", last="2023-06-30"),
    total("huyen", "huyen-1", 3),
]


async def delivered(database: str, log: list[Said]) -> None:
    async with system_on(database) as system:
        await system.deliver(log, [(0, len(log), False)])


@pytest.fixture
async def reader(database: str) -> AsyncIterator[Reader]:
    await delivered(database, LOG)
    async with reader_of(database) as opened:
        yield opened


async def ask(reader: Reader, unit: str, **parameters: str) -> dict[str, Any]:
    return await reader.get(f"/v1/units/{unit}/silence", {**YEAR, **parameters})


def ids(page: dict[str, Any]) -> list[str]:
    assert page["count"] >= len(page["units"])
    return [row.get("unit", row)["id"] for row in page["units"]]


async def test_silence_is_not_zero(reader: Reader) -> None:
    answer = await ask(reader, "huyen", level="cell")
    assert (answer["level"], answer["asked"], answer["position"]) == ("cell", 9, len(LOG))
    assert ids(answer["silent"]) == ["a4", "a6", "b1", "c1"]
    assert ids(answer["only_zero"]) == ["a2"]
    assert ids(answer["declared_zero"]) == ["a2"]
    assert ids(answer["admitted_nobody"]) == ["a2", "a3", "a4", "a5", "a6", "b1", "b2", "c1"]
    (zero,) = answer["declared_zero"]["units"]
    assert zero["figures"] == [
        {
            "figure": "admissions",
            **YEAR,
            "said": {"position": 19, "publisher": "a2", "id": "a2-1", "type": "figure.declared"},
        }
    ]


async def test_declared_totals_stand_beside_what_is_counted(reader: Reader) -> None:
    answer = await ask(reader, ROOT)
    shown = [
        (row["unit"]["id"], row["figure"], row["declared"], row["counted"], row["difference"], row["said"]["id"])
        for row in answer["differing"]["figures"]
    ]
    assert shown == [
        ("a3", "admissions", 1, 0, 1, "a3-2"),
        ("huyen", "admissions", 3, 1, 2, "huyen-1"),
        ("xa-b", "badges", 7, 1, 6, "xa-b-1"),
    ]
    assert answer["asked"] == 15
    assert ids(answer["silent"]) == ["a4", "a6", "b1", "c1", "tinh-2", "xa-c"]


@pytest.mark.parametrize(
    ("first", "last", "differing"),
    [("2023-01-01", "2023-12-30", []), ("2023-01-02", "2023-12-31", []), ("2022-01-01", "2024-12-31", ["a3", "xa-b"])],
)
async def test_a_total_is_held_against_its_own_period_within_the_days(
    reader: Reader, first: str, last: str, differing: list[str]
) -> None:
    answer = await reader.get("/v1/units/huyen/silence", {"from": first, "to": last})
    assert [row["unit"]["id"] for row in answer["differing"]["figures"]] == differing
    assert ids(answer["declared_zero"]) == ["a2"]  # its period meets the days, and need not lie within them


async def test_what_is_said_below_breaks_the_silence_of_those_above(reader: Reader) -> None:
    half = {"from": "2023-06-30", "to": "2023-06-30"}
    answer = await ask(reader, ROOT, **half)
    assert ids(answer["silent"]) == ["a1", "a4", "a6", "b1", "b2", "c1", "tinh-2", "xa-c"]
    later = {"from": "2024-01-01", "to": "2024-01-31"}
    assert (await ask(reader, ROOT, **later))["silent"]["count"] == 15


async def test_the_root_and_a_unit_that_all_is_below_say_the_same(reader: Reader) -> None:
    root_says, says = await ask(reader, ROOT, level="grassroots"), await ask(reader, "tinh", level="grassroots")
    assert {name: root_says[name] for name in LISTS} == {name: says[name] for name in LISTS}
    assert root_says["asked"] == 3


@pytest.mark.parametrize("packed", [False, True])
async def test_tables_and_what_is_packed_say_the_same(reader: Reader, database: str, packed: bool) -> None:
    answer = await ask(reader, ROOT)
    question = SilenceQuestion(ROOT, Days(day(YEAR["from"]), day(YEAR["to"])), None, None, 100, None)
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool, snapshot(pool) as opened:
        found = await silence(opened, question, cursor_of, packed=packed)
    assert msgspec.to_builtins(found, builtin_types=()) == answer


@pytest.mark.parametrize("limit", ["1", "2", "3"])
@pytest.mark.parametrize("name", LISTS)
async def test_each_list_goes_on_by_itself(reader: Reader, name: str, limit: str) -> None:
    whole = await ask(reader, ROOT)
    rows = "figures" if name == "differing" else "units"
    page = (await ask(reader, ROOT, limit=limit))[name]
    found = list(page[rows])
    while page["next"] is not None:
        assert len(page[rows]) == int(limit)
        answer = await ask(reader, ROOT, limit=limit, list=name, cursor=page["next"])
        for other in LISTS:
            assert answer[other]["count"] == whole[other]["count"]
            if other != name:
                assert (answer[other].get("units") or answer[other].get("figures")) in (None, [])
                assert answer[other]["next"] is None
        page = answer[name]
        found += page[rows]
    assert found == whole[name][rows]


async def test_units_are_those_that_stand_on_the_last_day(database: str) -> None:
    log = [
        *LOG[:18],
        founded("moi", "xa-a", "2023-09-01", "cell"),
        founded("sau", "xa-a", "2024-02-01", "cell"),
        dissolved("a6", "2023-08-01"),
        releveled("a5", "group", "2023-07-01", "level-a5"),
        # What was below xa-b is below huyen from its end on, and c1 goes to another province with what it said.
        dissolved("xa-b", "2023-07-01"),
        total("b1", "b1-1", 0, "badges", first="2023-08-01", last="2023-08-31"),
        moved("c1", "tinh-2", "2023-10-01", "move-c1"),
        total("c1", "c1-1", 0, "badges", first="2023-03-01", last="2023-03-31"),
        stock("c1", "c1-2", "2023-10-02"),
    ]
    await delivered(database, log)
    async with reader_of(database) as reader:
        cells = await ask(reader, ROOT, level="cell")
        assert ids(cells["silent"]) == ["a2", "a3", "a4", "b2", "moi"]
        assert ids(cells["only_zero"]) == ["b1"]  # c1 declared how many members it has, too
        assert ids((await ask(reader, ROOT, level="group"))["silent"]) == ["a5"]
        in_june = await ask(reader, ROOT, level="cell", to="2023-06-30")
        assert ids(in_june["silent"]) == ["a2", "a3", "a4", "a5", "a6", "b1", "b2"]
        # A unit that is dissolved is passed through, and isn't looked at.
        assert ids((await ask(reader, "huyen"))["silent"]) == ["a2", "a3", "a4", "a5", "b2", "moi"]
        # c1 spoke in March below xa-c, and in October below tinh-2.
        assert ids((await ask(reader, ROOT, to="2023-09-30", level="province"))["silent"]) == ["tinh-2"]
        assert ids((await ask(reader, ROOT, level="province"))["silent"]) == []
        assert ids((await ask(reader, ROOT, **{"from": "2023-10-01"}, level="grassroots"))["silent"]) == [
            "xa-a",
            "xa-c",
        ]
        gone = await ask(reader, "xa-b")
        assert (gone["asked"], [gone[name]["count"] for name in LISTS]) == (0, [0] * len(LISTS))


@pytest.mark.parametrize("unit", [ROOT, "tinh"])
async def test_a_fact_that_is_taken_back_was_never_said(database: str, unit: str) -> None:
    log = [*LOG[:16], admitted("c1", "2023-03-05", "c1-1"), retracted("c1", "c1-2", "c1-1")]
    async with system_on(database) as system, reader_of(database) as reader:
        await system.deliver(log, [(0, len(log) - 1, False), (len(log) - 1, len(log), False)])
        answer = await ask(reader, unit, level="grassroots")
        assert ids(answer["silent"]) == ids(answer["admitted_nobody"]) == ["xa-a", "xa-b", "xa-c"]


async def test_an_empty_database_has_no_such_unit(database: str) -> None:
    async with reader_of(database) as reader:
        await reader.get(f"/v1/units/{ROOT}/silence", status=404)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"level": "village"}, "level"),
        ({"list": "all"}, "list"),
        ({"limit": "0"}, "limit"),
        ({"from": "2024-01-01"}, "from"),
        ({"basis": "as-now"}, "basis"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "W10", "list": "silent"}, "cursor"),
    ],
)
async def test_a_bad_parameter_is_named(reader: Reader, parameters: dict[str, str], named: str) -> None:
    answer = await reader.get(f"/v1/units/{ROOT}/silence", {**YEAR, **parameters}, status=422)
    assert answer["parameter"] == named
    await reader.get("/v1/units/nobody/silence", status=404)


async def test_a_cursor_is_of_its_list(reader: Reader) -> None:
    pages = await ask(reader, ROOT, limit="1")
    for name in LISTS:
        for other in LISTS:
            if other != name:
                asked = {**YEAR, "list": other, "cursor": pages[name]["next"]}
                assert pages[name]["next"] or name in {"only_zero", "declared_zero"}
                if asked["cursor"]:
                    answer = await reader.get(f"/v1/units/{ROOT}/silence", asked, status=422)
                    assert answer["parameter"] == "cursor"
    alone = {**YEAR, "cursor": pages["silent"]["next"]}
    assert (await reader.get(f"/v1/units/{ROOT}/silence", alone, status=422))["parameter"] == "list"
    for odd in (["silent", "a\0"], ["silent", "A"], ["differing", "a1", 10, "2023-01-01", "2023-01-31"]):
        asked = {**YEAR, "list": odd[0], "cursor": cursor_of(odd)}
        assert (await reader.get(f"/v1/units/{ROOT}/silence", asked, status=422))["parameter"] == "cursor"


async def test_the_ends_of_the_calendar_can_be_asked_for(reader: Reader) -> None:
    answer = await ask(reader, ROOT, **{"from": "0001-01-01", "to": "9999-12-31"}, level="cell")
    assert (answer["asked"], ids(answer["silent"])) == (9, ["a4", "a6", "b1", "c1"])
    before = await ask(reader, ROOT, **{"from": "0001-01-01", "to": "0001-01-01"})
    assert (before["asked"], before["silent"]["count"]) == (0, 0)
