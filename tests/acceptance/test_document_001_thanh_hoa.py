"""Document 001, Thanh Hóa city, 06/01/2022: 256 admitted, 128 % of 200; 36 of 39; 110 organisations; Dạ Lan's 38."""

from __future__ import annotations

import pytest

from tests.acceptance.country import Country, share

CITY, COMPANY, DAY = "tp-thanh-hoa", "da-lan", "2022-01-06"
YEAR = {"from": "2021-01-01", "to": "2021-12-31"}
NOVEMBER = {"from": "2021-11-01", "to": "2021-11-30"}


@pytest.mark.parametrize("by", ["child", "month", "level:grassroots", "level:cell", "facet:sex"])
async def test_the_city_admitted_256_in_2021(country: Country, by: str) -> None:
    report = await country.report(CITY, **YEAR, measures="admissions", by=by)
    assert report["total"] == {"admissions": 256}
    assert sum(row["values"]["admissions"] for row in report["rows"]) == 256
    assert report["parked"] == 0


async def test_under_the_256_are_as_many_events(country: Country) -> None:
    assert len(await country.events(CITY, measure="admissions", **YEAR)) == 256


@pytest.mark.parametrize("basis", ["as-was", "as-now"])
async def test_the_province_has_them_on_both_bases_since_the_city_is_no_more(country: Country, basis: str) -> None:
    assert await country.total("thanh-hoa", **YEAR, measures="admissions", basis=basis) == {"admissions": 256}


async def test_they_are_128_percent_of_what_the_province_had_set(country: Country) -> None:
    target = (await country.targets(CITY, DAY))["admissions", "2021-12-31"]
    assert (target["from"], target["at_least"], target["at_most"]) == ("2021-01-01", 200, None)
    assert target["said"]["publisher"] == "thanh-hoa"
    assert (target["value"], target["until"]) == (256, "2021-12-31")
    assert target["attainment"] == {"at_least": 128.0, "at_most": None}
    assert target["remaining"] == {"at_least": 0, "at_most": None}
    assert (target["days_left"], target["pace"]["needed"]) == (0, None)


async def test_the_targets_of_2022_and_of_the_term(country: Country) -> None:
    targets = await country.targets(CITY, DAY)
    assert list(targets) == [("admissions", "2025-12-31"), ("admissions", "2022-12-31"), ("admissions", "2021-12-31")]
    year, term = targets["admissions", "2022-12-31"], targets["admissions", "2025-12-31"]
    assert (year["from"], year["at_least"], year["at_most"]) == ("2022-01-01", 250, None)
    assert (term["from"], term["at_least"], term["at_most"]) == ("2020-01-01", 1200, None)
    assert year["resolution"] == term["resolution"]
    assert "Nghị quyết Đại hội Đảng bộ thành phố lần thứ XXI, nhiệm kỳ 2020 - 2025" in term["resolution"]
    counted = await country.total(CITY, measures="admissions", **{"from": "2020-01-01", "to": DAY})
    assert term["value"] == counted["admissions"] >= 256


async def test_the_target_of_2022_is_not_told_of_before_it_began(country: Country) -> None:
    assert ("admissions", "2022-12-31") not in await country.targets(CITY, "2021-12-31")


async def test_36_of_39_economic_targets_are_met(country: Country) -> None:
    found = await country.rate(CITY, DAY, "economic_targets_met_of_economic_targets")
    assert share(found) == ("economic_targets_met", 36, "economic_targets", 39, 92.3)


async def test_110_organisations_are_below_it_76_of_them_not_of_wards_or_communes(country: Country) -> None:
    found = await country.figure(CITY, DAY, "subordinate_units")
    assert (found["declared"], found["computed"], found["computed_by"]) == (110, 110, "units")
    assert found["difference"] == 0
    children = (await country.unit(CITY, DAY))["children"]
    assert len(children) == 110
    places = [child for child in children if child["name"].startswith(("Đảng bộ phường ", "Đảng bộ xã "))]
    assert len(children) - len(places) == 76
    assert COMPANY in {child["id"] for child in children} - {place["id"] for place in places}


async def test_38_of_52_members_of_da_lan_are_in_key_posts(country: Country) -> None:
    assert share(await country.rate(COMPANY, DAY, "key_posts_of_members")) == ("key_posts", 38, "members", 52, 73.1)
    cells = await country.figure(COMPANY, DAY, "subordinate_units")
    assert (cells["declared"], cells["computed"], cells["difference"]) == (5, 5, 0)
    assert (await country.figure(COMPANY, DAY, "members"))["declared"] == 52


async def test_all_five_of_da_lan_passed_in_november(country: Country) -> None:
    report = await country.report(COMPANY, **NOVEMBER, measures="trainings", by="facet:passed")
    assert {row["code"]: row["values"]["trainings"] for row in report["rows"] if row["values"]["trainings"]} == {
        "yes": 5
    }
    assert report["total"] == {"trainings": 5}


async def test_no_admissions_of_da_lan_are_given_and_none_are_invented(country: Country) -> None:
    assert not await country.events(COMPANY, measure="admissions", **(YEAR | {"to": "2025-12-31"}))


async def test_the_paragraph_about_2021(country: Country) -> None:
    said = await country.statement(CITY, "2021-01-01", "2021-12-31", say="admissions:target")
    assert said["text"] == (
        "Năm 2021, Đảng bộ thành phố Thanh Hóa kết nạp 256 đảng viên mới, đạt 128% chỉ tiêu được giao."
    )
    assert "200 đảng viên, từ 01/01/2021 đến 31/12/2021" in said["footing"]


@pytest.mark.parametrize(
    ("unit", "days", "say", "words"),
    [
        (CITY, ("2022-01-01", DAY), "admissions:goal", "250 đảng viên trở lên trong năm 2022"),
        (CITY, ("2022-01-01", DAY), "admissions:goal", "1.200 đảng viên trở lên trong nhiệm kỳ 2020 - 2025"),
        (CITY, ("2021-01-01", "2021-12-31"), "economic_targets_met_of_economic_targets", "36/39 chỉ tiêu phát triển"),
        (CITY, ("2021-01-01", "2021-12-31"), "economic_targets_met_of_economic_targets", "đạt 92,3%"),
        (COMPANY, (DAY, DAY), "key_posts_of_members", "38/52 đảng viên giữ vị trí chủ chốt, chiếm 73,1%"),
        (COMPANY, ("2021-11-01", "2021-11-30"), "trainings", "Trong tháng 11/2021, Đảng bộ Công ty Cổ phần Dạ Lan "),
        (COMPANY, ("2021-11-01", "2021-11-30"), "trainings", "5 quần chúng ưu tú tham gia lớp bồi dưỡng nhận thức"),
    ],
)
async def test_each_figure_can_be_said(
    country: Country, unit: str, days: tuple[str, str], say: str, words: str
) -> None:
    assert words in (await country.statement(unit, *days, say=say))["text"]


async def test_what_was_printed_is_held_against_its_base(country: Country) -> None:
    asked = {"say": "admissions:target", "claim": "admissions_of_target:128"}
    said = await country.statement(CITY, "2021-01-01", "2021-12-31", **asked)
    assert "đạt 128% chỉ tiêu được giao" in said["text"]
    refused = await country.refusal(CITY, "2021-01-01", "2021-12-31", **(asked | {"claim": "admissions_of_target:120"}))
    assert refused["parameter"] == "claim"
    said = await country.statement(COMPANY, DAY, DAY, say="members", claim="key_posts_of_members:73")
    assert "52 đảng viên" in said["text"]
