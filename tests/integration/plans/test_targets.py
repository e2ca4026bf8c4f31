"""Targets over HTTP: counted up to a day, superseded, handed down; each number worked out by hand."""

from __future__ import annotations

from tests.integration.plans.telling import Asked, admissions, target
from tests.oracle.telling import ROOT, declared, moved, retracted


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
    await asked.tell(silent, declared("tp", "admissions", ("2021-01-01", "2021-03-31"), 0, "zero"))
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


async def test_both_bases(asked: Asked) -> None:
    year = ("2021-01-01", "2021-12-31")
    await asked.tell(
        *admissions("a", ["2021-02-01"] * 3, "ad"),
        target("tp", "admissions", year, 4, "t"),
        declared("a", "admissions", year, 3, "d"),
        moved("a", ROOT, "2022-01-01", "mv"),
    )
    was, now = (await asked.of("tp", "2022-06-01")), (await asked.of("tp", "2022-06-01", basis="as-now"))
    assert (was["targets"][0]["value"], now["targets"][0]["value"]) == (3, 0)
    assert [f["children"]["said"] for f in was["figures"] if f["figure"] == "admissions"] == [1]
    assert not [f for f in now["figures"] if f["figure"] == "admissions"]


async def test_what_can_not_be_asked(asked: Asked) -> None:
    await asked.tell()
    reader = asked.reader
    await reader.get("/v1/units/nobody/indicators", status=404)
    await reader.get("/v1/units/nobody/targets", status=404)
    problem = await reader.get("/v1/units/tp/indicators", {"on": "2022-02-30"}, status=422)
    assert problem["parameter"] == "on"
    problem = await reader.get("/v1/units/tp/targets", {"by": "month"}, status=422)
    assert problem["parameter"] == "by"
