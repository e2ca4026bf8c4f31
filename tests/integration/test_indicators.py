"""Targets, declared figures, the stock of members and rates over HTTP, each number worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, retracted, root, say, transferred
from tests.property.reading import Reader, reader_of
from tests.property.system import System, system_on


def target(unit: str, measure: str, days: tuple[str, str], at_least: int, event_id: str, **more: Any) -> Said:
    data = {"measure": measure, "from": days[0], "to": days[1], "at_least": at_least, "resolution": "NQ 05"} | more
    return say(ROOT, event_id, "target.assigned", unit, data)


def stock(unit: str, figure: str, day: str, value: int, event_id: str, **more: Any) -> Said:
    return say(unit, event_id, "figure.declared", unit, {"figure": figure, "on": day, "value": value} | more)


def total(unit: str, measure: str, days: tuple[str, str], value: int, event_id: str) -> Said:
    data = {"figure": measure, "from": days[0], "to": days[1], "value": value}
    return say(unit, event_id, "figure.declared", unit, data)


TREE = [
    root(event_id="r", since="2000-01-01"),
    founded("tp", ROOT, "2000-01-01", "upper", event_id="tp"),
    founded("a", "tp", "2000-01-01", "cell", event_id="a"),
    founded("b", "tp", "2000-01-01", "cell", event_id="b"),
    founded("c", "tp", "2022-03-01", "cell", event_id="c"),
]


class Asked:
    """A log delivered, and its answers."""

    def __init__(self, system: System, reader: Reader) -> None:
        self._system = system
        self._reader = reader

    async def tell(self, *log: Said) -> None:
        said = [*TREE, *log]
        await self._system.deliver(said, [(0, len(said), False)])
        outcomes = {outcome for _, outcome, _ in await self._system.outcomes()}
        assert outcomes <= {"counted", "applied", "retracted"}, await self._system.outcomes()

    async def of(self, unit: str, on: str, what: str = "indicators", **more: str) -> dict[str, Any]:
        return await self._reader.get(f"/v1/units/{unit}/{what}", {"on": on} | more)

    async def rate(self, name: str, unit: str, on: str, **more: str) -> dict[str, Any]:
        (found,) = [rate for rate in (await self.of(unit, on, **more))["rates"] if rate["rate"] == name]
        return found

    async def figure(self, name: str, unit: str, on: str, **more: str) -> dict[str, Any]:
        (found,) = [each for each in (await self.of(unit, on, **more))["figures"] if each["figure"] == name]
        return found


@pytest.fixture
async def asked(database: str) -> Any:
    async with system_on(database) as system, reader_of(database) as reader:
        yield Asked(system, reader)


def admissions(unit: str, days: Sequence[str], series: str) -> list[Said]:
    return [admitted(unit, day, f"{series}{n}") for n, day in enumerate(days)]


async def test_a_target_counts_up_to_the_day_and_never_past_its_deadline(asked: Asked) -> None:
    days = ["2021-02-01", "2021-03-01", "2021-10-31", "2021-11-01"]
    await asked.tell(
        *admissions("a", days, "ad"), target("tp", "admissions", ("2021-01-01", "2021-10-31"), 4, "t", at_most=8)
    )
    (early,) = (await asked.of("tp", "2021-03-01"))["targets"]
    assert (early["value"], early["until"], early["days_left"]) == (2, "2021-03-01", 244)
    assert early["attainment"] == {"at_least": 50.0, "at_most": 25.0}
    assert early["remaining"] == {"at_least": 2, "at_most": 6}
    assert early["pace"] == {"so_far": 1.0, "needed": 0.2}  # 2 in 60 days; 2 in 244
    assert early["resolution"] == "NQ 05"
    assert (early["said"]["publisher"], early["said"]["id"]) == (ROOT, "t")
    (late,) = (await asked.of("tp", "2021-12-31"))["targets"]
    assert (late["value"], late["until"], late["days_left"]) == (3, "2021-10-31", 0)
    assert late["attainment"] == {"at_least": 75.0, "at_most": 37.5}
    assert late["pace"]["needed"] is None
    before = await asked.of("tp", "2020-12-31")
    assert before["targets"] == []
    assert "chưa được giao chỉ tiêu" in before["targets_reason"]


async def test_the_later_target_of_a_period_stands_until_it_is_taken_back(asked: Asked) -> None:
    first = target("tp", "badges", ("2021-01-01", "2021-12-31"), 10, "t1")
    later = target("tp", "badges", ("2021-01-01", "2021-12-31"), 20, "t2")
    other = target("tp", "badges", ("2021-01-01", "2025-12-31"), 99, "t3")
    await asked.tell(first, later, other)
    assert [t["at_least"] for t in (await asked.of("tp", "2021-06-01"))["targets"]] == [99, 20]
    await asked.tell(first, later, other, retracted(ROOT, "back", "t2"))
    assert [t["at_least"] for t in (await asked.of("tp", "2021-06-01"))["targets"]] == [99, 10]


async def test_silence_is_not_zero(asked: Asked) -> None:
    year = ("2021-01-01", "2021-12-31")
    silent = target("tp", "admissions", year, 10, "t")
    await asked.tell(silent)
    (found,) = (await asked.of("tp", "2021-06-01"))["targets"]
    assert (found["value"], found["attainment"]["at_least"]) == (0, None)
    assert "không kết luận là 0" in found["reason"]
    assert (await asked.rate("admissions_of_target", "tp", "2021-06-01"))["percent"] is None
    await asked.tell(silent, total("tp", "admissions", ("2021-01-01", "2021-03-31"), 0, "zero"))
    (found,) = (await asked.of("tp", "2021-06-01"))["targets"]
    assert (found["attainment"]["at_least"], found["reason"]) == (0.0, None)
    assert (await asked.rate("admissions_of_target", "tp", "2021-06-01"))["percent"] == 0.0
    (handed_down,) = (await asked.of("tp", "2021-06-01", "targets"))["targets"]
    assert handed_down["attainment"]["at_least"] == 0.0


async def test_a_target_of_zero_has_no_percentage(asked: Asked) -> None:
    await asked.tell(
        *admissions("a", ["2021-02-01"], "ad"), target("tp", "admissions", ("2021-01-01", "2021-12-31"), 0, "t")
    )
    (found,) = (await asked.of("tp", "2021-06-01"))["targets"]
    assert found["attainment"] == {"at_least": None, "at_most": None}
    assert found["reason"]


async def test_a_declared_total_stands_beside_the_count_and_what_the_children_declare(asked: Asked) -> None:
    year = ("2021-01-01", "2021-12-31")
    await asked.tell(
        *admissions("a", ["2021-02-01"] * 3, "ad"),
        total("tp", "admissions", year, 5, "d1"),
        total("a", "admissions", year, 4, "d2"),
        total("b", "admissions", ("2021-01-01", "2021-06-30"), 7, "d3"),
    )
    found = await asked.of("tp", "2022-02-01")
    whole, half = [figure for figure in found["figures"] if figure["figure"] == "admissions"]
    assert (whole["from"], whole["to"], whole["on"]) == (*year, None)
    assert (whole["declared"], whole["computed"], whole["computed_by"], whole["difference"]) == (5, 3, "count", 2)
    assert whole["children"] == {"declared": 4, "said": 1, "silent": 1, "difference": 1}
    assert (half["declared"], half["computed"], half["difference"]) == (None, 3, None)
    assert half["children"] == {"declared": 7, "said": 1, "silent": 1, "difference": None}
    assert half["reason"]
    assert not [f for f in (await asked.of("tp", "2021-06-29"))["figures"] if f["figure"] == "admissions"]
    assert not [f for f in (await asked.of("tp", "2023-01-01"))["figures"] if f["figure"] == "admissions"]


async def test_a_stock_of_the_children_is_of_the_same_day(asked: Asked) -> None:
    await asked.tell(
        stock("tp", "staff", "2022-01-01", 30, "s1"),
        stock("a", "staff", "2022-01-01", 12, "s2"),
        stock("b", "staff", "2021-12-31", 13, "s3"),
        stock("b", "key_posts", "2022-02-01", 3, "s4"),
        stock("c", "key_posts", "2022-03-01", 1, "s5"),
    )
    staff = await asked.figure("staff", "tp", "2022-06-01")
    assert (staff["on"], staff["declared"], staff["computed"], staff["difference"]) == ("2022-01-01", 30, 12, 18)
    assert staff["children"] == {"declared": 12, "said": 1, "silent": 1, "difference": 18}
    posts = await asked.figure("key_posts", "tp", "2022-06-01")
    assert (posts["on"], posts["declared"], posts["computed"]) == ("2022-03-01", None, 1)
    assert posts["children"] == {"declared": 1, "said": 1, "silent": 2, "difference": None}
    good = await asked.figure("rated_good", "tp", "2022-06-01")
    assert (good["on"], good["declared"], good["computed"]) == (None, None, None)
    assert good["reason"]


async def test_subordinate_units_are_counted_on_the_hierarchy(asked: Asked) -> None:
    await asked.tell(
        stock("tp", "subordinate_units", "2022-02-28", 3, "s1"), stock("tp", "subordinate_units", "2022-03-01", 3, "s2")
    )
    early = await asked.figure("subordinate_units", "tp", "2022-02-28")
    assert (early["declared"], early["computed"], early["computed_by"], early["difference"]) == (3, 2, "units", 1)
    assert (await asked.figure("subordinate_units", "tp", "2022-03-01"))["difference"] == 0


async def test_the_stock_of_members_goes_on_from_a_declared_figure(asked: Asked) -> None:
    await asked.tell(
        stock("tp", "members", "2021-12-31", 100, "m1"),
        *admissions("a", ["2021-12-31", "2022-01-01", "2022-02-01"], "ad"),  # the first is in the figure already
        transferred("a", "b", "2022-01-05", "x1"),
        transferred("a", ROOT, "2022-01-06", "x2"),
        stock("tp", "members", "2022-01-31", 99, "m2"),
    )
    early = (await asked.of("tp", "2022-01-30"))["stock"]
    assert early["opening"]["to"] == "2021-12-31"
    assert early["flows"] == {"admissions": 1, "transfers_in": 1, "departures": 0, "transfers_out": 2}
    assert (early["computed"], early["check"]) == (100, None)
    late = (await asked.of("tp", "2022-02-15"))["stock"]
    assert (late["opening"]["value"], late["computed"]) == (99, 100)
    assert late["check"]["computed"] == 100
    assert late["check"]["difference"] == -1
    assert late["reorganised"] is False
    nothing = (await asked.of("tp", "2021-12-30"))["stock"]
    assert (nothing["opening"], nothing["computed"]) == (None, None)
    assert nothing["reason"]


async def test_a_reorganisation_is_told_beside_the_stock(asked: Asked) -> None:
    opening = stock("tp", "members", "2021-12-31", 100, "m1")
    await asked.tell(opening, moved("b", ROOT, "2022-02-01", "mv"))
    assert (await asked.of("tp", "2022-01-31"))["stock"]["reorganised"] is False
    assert (await asked.of("tp", "2022-02-01"))["stock"]["reorganised"] is True
    await asked.tell(opening, dissolved("b", "2022-02-01", "a", event_id="end"))
    assert (await asked.of("tp", "2022-02-01"))["stock"]["reorganised"] is False


async def test_rates_of_declared_figures_are_of_one_day(asked: Asked) -> None:
    await asked.tell(
        stock("tp", "members", "2022-07-07", 16, "m1"),
        stock("tp", "staff", "2022-07-07", 19, "s1"),
        stock("tp", "members", "2022-08-01", 17, "m2"),
        stock("tp", "key_posts", "2022-08-02", 9, "k"),
    )
    rate = await asked.rate("members_of_staff", "tp", "2022-12-31")
    assert (rate["numerator"]["value"], rate["denominator"]["value"], rate["percent"]) == (16, 19, 84.2)
    assert rate["denominator"]["said"][0]["id"] == "s1"
    assert rate["name"] == "tỷ lệ đảng viên trên tổng số cán bộ, viên chức, người lao động"
    posts = await asked.rate("key_posts_of_members", "tp", "2022-12-31")
    assert (posts["numerator"], posts["denominator"], posts["percent"]) == (None, None, None)
    assert "cùng một ngày" in posts["reason"]
    assert "chưa khai báo" in (await asked.rate("rated_good_of_members", "tp", "2022-12-31"))["reason"]


async def test_rates_of_the_stock_name_its_day(asked: Asked) -> None:
    await asked.tell(
        stock("tp", "members", "2020-12-31", 50, "m1"),
        stock("tp", "members", "2021-01-01", 60, "m2"),
        *admissions("a", ["2020-06-01", "2021-01-01", "2021-05-01", "2021-06-30"], "ad"),
        target("tp", "admissions", ("2020-06-01", "2025-05-31"), 1000, "term"),
    )
    year = await asked.rate("admissions_of_stock_at_start_of_year", "tp", "2021-06-29")
    assert (year["numerator"]["value"], year["denominator"]["value"], year["percent"]) == (2, 60, 3.3)
    assert year["denominator"]["how"] == "declared"
    last = await asked.rate("admissions_of_stock_at_end_of_last_year", "tp", "2021-06-29")
    assert (last["denominator"]["value"], last["denominator"]["to"], last["percent"]) == (50, "2020-12-31", 4.0)
    term = await asked.rate("admissions_of_stock_at_start_of_term", "tp", "2021-06-29")
    assert (term["numerator"]["from"], term["numerator"]["value"], term["denominator"]) == ("2020-06-01", 3, None)
    assert term["reason"]
    next_year = await asked.rate("admissions_of_stock_at_start_of_year", "tp", "2022-06-29")
    assert next_year["denominator"]["how"] == "opening_and_flows"
    assert (next_year["denominator"]["value"], next_year["denominator"]["to"]) == (62, "2021-12-31")


async def test_last_year_is_counted_to_the_same_day(asked: Asked) -> None:
    await asked.tell(*admissions("a", ["2019-02-28", "2019-03-01", "2020-02-29"], "ad"))
    rate = await asked.rate("admissions_of_last_year", "tp", "2020-02-29")
    assert (rate["numerator"]["value"], rate["denominator"]["value"], rate["percent"]) == (1, 1, 100.0)
    assert rate["denominator"]["to"] == "2019-02-28"
    none = await asked.rate("badges_of_last_year", "tp", "2020-02-29")
    assert (none["denominator"]["value"], none["percent"]) == (0, None)
    assert none["reason"]
    assert not [r for r in (await asked.of("tp", "2020-02-29"))["rates"] if "confirmations_of_admissions" in r["rate"]]


async def test_both_bases(asked: Asked) -> None:
    year = ("2021-01-01", "2021-12-31")
    await asked.tell(
        *admissions("a", ["2021-02-01"] * 3, "ad"),
        target("tp", "admissions", year, 4, "t"),
        total("a", "admissions", year, 3, "d"),
        moved("a", ROOT, "2022-01-01", "mv"),
    )
    was, now = (await asked.of("tp", "2022-06-01")), (await asked.of("tp", "2022-06-01", basis="as-now"))
    assert (was["targets"][0]["value"], now["targets"][0]["value"]) == (3, 0)
    assert [f["children"]["said"] for f in was["figures"] if f["figure"] == "admissions"] == [1]
    assert not [f for f in now["figures"] if f["figure"] == "admissions"]


async def test_targets_handed_down(asked: Asked) -> None:
    year = ("2022-01-01", "2022-12-31")
    await asked.tell(
        *admissions("a", ["2022-02-01"] * 3, "ad"),
        target("tp", "admissions", year, 250, "t"),
        target("a", "admissions", year, 100, "ta"),
        target("b", "admissions", year, 140, "tb", at_most=150),
        target("c", "badges", ("2022-03-01", "2022-12-31"), 9, "tc"),
    )
    found = await asked.of("tp", "2022-06-01", "targets", by="child")
    admissions_, badges = found["targets"]
    assert (admissions_["at_least"], admissions_["sum_at_least"], admissions_["difference"]) == (250, 240, 10)
    assert (admissions_["adds_up"], admissions_["with_target"], admissions_["without_target"]) == (False, 2, 1)
    assert admissions_["sum_at_most"] is None
    rows = {row["unit"]["id"]: (row["at_least"], row["value"]) for row in admissions_["rows"]}
    assert rows == {"a": (100, 3), "b": (140, 0), "c": (None, 0)}
    assert admissions_["rows"][0]["attainment"] == {"at_least": 3.0, "at_most": None}
    assert (badges["at_least"], badges["adds_up"], badges["sum_at_least"]) == (None, None, 9)
    assert badges["reason"]
    nothing = await asked.of("a", "2021-06-01", "targets")
    assert nothing["targets"] == []
    assert nothing["reason"]


async def test_what_can_not_be_asked(asked: Asked) -> None:
    await asked.tell()
    reader = asked._reader
    await reader.get("/v1/units/nobody/indicators", status=404)
    await reader.get("/v1/units/nobody/targets", status=404)
    problem = await reader.get("/v1/units/tp/indicators", {"on": "2022-02-30"}, status=422)
    assert problem["parameter"] == "on"
    problem = await reader.get("/v1/units/tp/targets", {"by": "month"}, status=422)
    assert problem["parameter"] == "by"
