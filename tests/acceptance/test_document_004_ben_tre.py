"""Document 004, the Khối of Bến Tre, 28/08/2021: 96 introduced, 150 by 31/10/2021, 700 to 800 in the term."""

from __future__ import annotations

import pytest

from tests.acceptance.country import Country

BLOC, DAY = "khoi-cqdn-ben-tre", "2021-08-28"
SO_FAR = {"from": "2021-01-01", "to": DAY}


async def test_96_were_introduced_in_the_first_round(country: Country) -> None:
    report = await country.report(BLOC, **SO_FAR, measures="introductions")
    assert report["total"] == {"introductions": 96}
    assert sum(row["values"]["introductions"] for row in report["rows"]) == 96
    assert len(await country.events(BLOC, measure="introductions", **SO_FAR)) == 96


async def test_150_are_to_be_admitted_by_a_day_that_is_not_the_years_end(country: Country) -> None:
    target = (await country.targets(BLOC, DAY))["admissions", "2021-10-31"]
    assert (target["from"], target["at_least"], target["at_most"]) == ("2021-01-01", 150, None)
    assert "năm 2021" in target["resolution"]
    assert (target["until"], target["days_left"]) == (DAY, 64)
    assert target["remaining"] == {"at_least": 150, "at_most": None}
    assert target["pace"]["needed"] == 70.3


async def test_the_deadline_ends_the_count(country: Country) -> None:
    target = (await country.targets(BLOC, "2021-12-31"))["admissions", "2021-10-31"]
    assert (target["until"], target["days_left"], target["pace"]["needed"]) == ("2021-10-31", 0, None)


async def test_700_to_800_are_to_be_admitted_in_the_term(country: Country) -> None:
    target = (await country.targets(BLOC, DAY))["admissions", "2025-12-31"]
    assert (target["from"], target["at_least"], target["at_most"]) == ("2020-01-01", 700, 800)
    assert target["resolution"] == "Nghị quyết Đại hội Đảng bộ Khối nhiệm kỳ 2020 - 2025"
    assert target["remaining"] == {"at_least": 700, "at_most": 800}


async def test_no_admissions_are_given_and_none_are_invented(country: Country) -> None:
    term = {"from": "2020-01-01", "to": "2025-12-31"}
    assert not await country.events(BLOC, measure="admissions", **term)
    for target in (await country.targets(BLOC, DAY)).values():
        assert (target["value"], target["attainment"]) == (0, {"at_least": None, "at_most": None})
        assert target["reason"]
    rates = [rate for rate in (await country.indicators(BLOC, DAY))["rates"] if rate["rate"].startswith("admissions_")]
    assert {rate["percent"] for rate in rates} == {None}
    assert all(rate["reason"] for rate in rates)


async def test_what_is_said_of_it(country: Country) -> None:
    said = await country.statement(BLOC, *SO_FAR.values(), say="introductions,admissions:goal")
    assert said["text"].startswith(
        "Từ đầu năm 2021 đến ngày 28/08/2021, Đảng bộ Khối Cơ quan - Doanh nghiệp tỉnh Bến Tre"
        " giới thiệu 96 quần chúng ưu tú"
    )
    assert "đến hết ngày 31/10/2021 kết nạp 150 đảng viên trở lên" in said["text"]
    assert "từ 700 đến 800 đảng viên trong nhiệm kỳ 2020 - 2025" in said["text"]


@pytest.mark.parametrize("say", ["admissions", "admissions:target", "introductions:target", "introductions:goal"])
async def test_nothing_is_said_of_what_it_leaves_out(country: Country, say: str) -> None:
    refused = await country.refusal(BLOC, *SO_FAR.values(), say=say)
    assert (refused["title"], refused["parameter"], refused["clause"]) == ("Số liệu không nói điều đó", "say", say)


async def test_since_the_reform_it_is_told_under_vinh_long(country: Country) -> None:
    asked = SO_FAR | {"measures": "introductions"}
    assert await country.total("ben-tre", **asked) == {"introductions": 96}
    assert await country.total("vinh-long", **asked) == {"introductions": 0}
    assert await country.total("vinh-long", **asked, basis="as-now") == {"introductions": 96}
    assert await country.total("ben-tre", **asked, basis="as-now") == {"introductions": 0}
    assert (await country.unit(BLOC, "2025-08-01"))["parent"]["id"] == "vinh-long"
