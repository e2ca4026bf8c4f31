"""Document 000, Chi bộ 4 of a province's social insurance, 07/07/2022: one to introduce, 16 members of 19 staff."""

from __future__ import annotations

import pytest

from events.catalogue import MEASURES
from tests.acceptance.country import Country, share

CELL, DAY = "chi-bo-4-bhxh", "2022-07-07"
SO_FAR = ("2022-01-01", DAY)


async def test_one_is_to_be_introduced_by_a_resolution_of_its_party_committee(country: Country) -> None:
    (target,) = (await country.targets(CELL, DAY)).values()
    assert (target["measure"], target["from"], target["to"]) == ("introductions", "2022-01-01", "2022-12-31")
    assert (target["at_least"], target["at_most"]) == (1, None)
    assert "227-NQ/ĐB ngày 17/12/2021" in target["resolution"]
    assert target["said"]["publisher"] == "bhxh-tinh"
    assert (target["until"], target["days_left"]) == (DAY, 177)
    assert target["remaining"] == {"at_least": 1, "at_most": None}
    assert target["attainment"] == {"at_least": None, "at_most": None}
    assert target["reason"]


async def test_it_is_a_cell_of_the_party_committee_of_an_unnamed_province(country: Country) -> None:
    unit = await country.unit(CELL, DAY)
    assert (unit["name"], unit["level"]) == ("Chi bộ 4", "cell")
    assert [above["name"] for above in unit["ancestors"]] == [
        "Ban Chấp hành Trung ương Đảng",
        "Đảng bộ Bảo hiểm xã hội tỉnh",
    ]


async def test_sixteen_of_nineteen_are_members(country: Country) -> None:
    assert share(await country.rate(CELL, DAY, "members_of_staff")) == ("members", 16, "staff", 19, 84.2)
    for figure, value in (("members", 16), ("staff", 19)):
        found = await country.figure(CELL, DAY, figure)
        assert (found["on"], found["declared"], found["computed"]) == (DAY, value, None)
        assert found["said"]["publisher"] == CELL
    stock = (await country.indicators(CELL, DAY))["stock"]
    assert (stock["computed"], stock["opening"]["how"]) == (16, "declared")


async def test_they_were_not_yet_declared_the_day_before(country: Country) -> None:
    rate = await country.rate(CELL, "2022-07-06", "members_of_staff")
    assert rate["percent"] is None
    assert rate["reason"]
    found = await country.figure(CELL, "2022-07-06", "members")
    assert (found["on"], found["declared"]) == (None, None)


async def test_no_number_of_admissions_is_given_and_none_is_inferred(country: Country) -> None:
    for measure in MEASURES:
        assert not await country.events(CELL, measure=measure, **{"from": "2021-01-01", "to": "2022-12-31"})
    answer = await country.indicators(CELL, DAY)
    assert not [target for target in answer["targets"] if target["measure"] == "admissions"]
    rates = [rate for rate in answer["rates"] if rate["rate"].startswith("admissions_")]
    assert rates
    assert all(rate["percent"] is None and rate["reason"] for rate in rates)
    introduce = await country.rate(CELL, DAY, "introductions_of_target")
    assert (introduce["denominator"]["value"], introduce["percent"]) == (1, None)
    declared = {each["figure"] for each in answer["figures"] if each["declared"] is not None}
    assert declared == {"members", "staff"}


async def test_what_is_said_of_it_is_what_the_document_says(country: Country) -> None:
    said = await country.statement(CELL, *SO_FAR, say="introductions:goal,members_of_staff")
    assert said["text"].startswith(
        "Từ đầu năm 2022 đến ngày 07/07/2022, Chi bộ 4 phấn đấu giới thiệu 1 quần chúng ưu tú"
    )
    assert "có 16 đảng viên trên tổng số 19 cán bộ, viên chức, người lao động, đạt 84,2%" in said["text"]
    assert "227-NQ/ĐB" in said["footing"]


@pytest.mark.parametrize(
    "say", ["admissions", "admissions:target", "admissions:goal", "confirmations", "introductions"]
)
async def test_nothing_is_said_of_what_it_leaves_out(country: Country, say: str) -> None:
    refused = await country.refusal(CELL, *SO_FAR, say=say)
    assert (refused["title"], refused["parameter"], refused["clause"]) == ("Số liệu không nói điều đó", "say", say)
