"""Declared figures and the stock of members over HTTP, beside what is counted; each number worked out by hand."""

from __future__ import annotations

from tests.integration.plans.telling import Asked, admissions
from tests.oracle.telling import ROOT, declared, dissolved, moved, transferred


async def test_a_declared_total_stands_beside_the_count_and_what_the_children_declare(asked: Asked) -> None:
    year = ("2021-01-01", "2021-12-31")
    await asked.tell(
        *admissions("a", ["2021-02-01"] * 3, "ad"),
        declared("tp", "admissions", year, 5, "d1"),
        declared("a", "admissions", year, 4, "d2"),
        declared("b", "admissions", ("2021-01-01", "2021-06-30"), 7, "d3"),
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
        declared("tp", "staff", "2022-01-01", 30, "s1"),
        declared("a", "staff", "2022-01-01", 12, "s2"),
        declared("b", "staff", "2021-12-31", 13, "s3"),
        declared("b", "key_posts", "2022-02-01", 3, "s4"),
        declared("c", "key_posts", "2022-03-01", 1, "s5"),
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
        declared("tp", "subordinate_units", "2022-02-28", 3, "s1"),
        declared("tp", "subordinate_units", "2022-03-01", 3, "s2"),
    )
    early = await asked.figure("subordinate_units", "tp", "2022-02-28")
    assert (early["declared"], early["computed"], early["computed_by"], early["difference"]) == (3, 2, "units", 1)
    assert (await asked.figure("subordinate_units", "tp", "2022-03-01"))["difference"] == 0


async def test_the_stock_of_members_goes_on_from_a_declared_figure(asked: Asked) -> None:
    await asked.tell(
        declared("tp", "members", "2021-12-31", 100, "m1"),
        *admissions("a", ["2021-12-31", "2022-01-01", "2022-02-01"], "ad"),  # the first is in the figure already
        transferred("a", "b", "2022-01-05", "x1"),
        transferred("a", ROOT, "2022-01-06", "x2"),
        declared("tp", "members", "2022-01-31", 99, "m2"),
    )
    early = (await asked.of("tp", "2022-01-30"))["stock"]
    assert early["opening"]["to"] == "2021-12-31"
    assert early["flows"] == {
        "admissions": 1,
        "transfers_in": 1,
        "restorations": 0,
        "departures": 0,
        "transfers_out": 2,
    }
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
    opening = declared("tp", "members", "2021-12-31", 100, "m1")
    await asked.tell(opening, moved("b", ROOT, "2022-02-01", "mv"))
    assert (await asked.of("tp", "2022-01-31"))["stock"]["reorganised"] is False
    assert (await asked.of("tp", "2022-02-01"))["stock"]["reorganised"] is True
    await asked.tell(opening, dissolved("b", "2022-02-01", "a", event_id="end"))
    assert (await asked.of("tp", "2022-02-01"))["stock"]["reorganised"] is False
