"""Document 002, the propaganda board of Điện Biên, 06/02/2018: 23 of 25, 4 admitted, no target, 15 % of nothing."""

from __future__ import annotations

import pytest

from tests.acceptance.country import Country, share

CELL, DAY = "btg-dien-bien", "2018-02-06"
TERM = {"from": "2015-01-01", "to": DAY}


async def test_23_of_25_are_members(country: Country) -> None:
    assert share(await country.rate(CELL, DAY, "members_of_staff")) == ("members", 23, "staff", 25, 92.0)
    unit = await country.unit(CELL, DAY)
    assert (unit["level"], unit["parent"]["name"]) == ("grassroots", "Tỉnh ủy Điện Biên")


async def test_the_goal_of_all_staff_is_told_in_words_beside_the_figure(country: Country) -> None:
    note = (await country.figure(CELL, DAY, "members"))["note"]
    assert "đến hết nhiệm kỳ 100%" in note


async def test_four_were_admitted_since_the_start_of_the_term_one_of_them_the_day_before(country: Country) -> None:
    assert await country.total(CELL, **TERM, measures="admissions") == {"admissions": 4}
    events = await country.events(CELL, measure="admissions", **TERM)
    assert [event["day"] for event in events].count("2018-02-05") == 1
    assert len(events) == 4


async def test_no_target_is_given_so_there_is_no_percentage(country: Country) -> None:
    answer = await country.indicators(CELL, DAY)
    assert answer["targets"] == []
    assert answer["targets_reason"]
    assert not [rate for rate in answer["rates"] if rate["rate"] == "admissions_of_target"]
    term = await country.rate(CELL, DAY, "admissions_of_stock_at_start_of_term")
    assert (term["percent"], term["denominator"]) == (None, None)
    assert term["reason"]


async def test_all_are_rated_good_and_the_number_of_excellent_ones_is_not_known(country: Country) -> None:
    assert share(await country.rate(CELL, DAY, "rated_good_of_members")) == ("rated_good", 23, "members", 23, 100.0)
    excellent = await country.rate(CELL, DAY, "rated_excellent_of_rated_good")
    assert (excellent["numerator"], excellent["percent"]) == (None, None)
    assert excellent["reason"]
    assert (await country.figure(CELL, DAY, "rated_excellent"))["declared"] is None


async def test_what_is_said_of_the_term(country: Country) -> None:
    said = await country.statement(CELL, "2015-01-01", DAY, say="admissions,members_of_staff,rated_good_of_members")
    assert said["text"].startswith(
        "Từ ngày 01/01/2015 đến ngày 06/02/2018, Chi bộ Ban Tuyên giáo Tỉnh ủy kết nạp 4 đảng viên mới;"
    )
    assert "chỉ tiêu" not in said["text"]
    assert "23 đảng viên trên tổng số 25 cán bộ, viên chức, người lao động, đạt 92%" in said["text"]
    assert "23/23 đảng viên hoàn thành tốt nhiệm vụ" in said["text"]


@pytest.mark.parametrize("say", ["admissions:target", "admissions:goal", "rated_excellent_of_rated_good"])
async def test_nothing_is_said_of_what_it_leaves_out(country: Country, say: str) -> None:
    refused = await country.refusal(CELL, "2015-01-01", DAY, say=say)
    assert (refused["title"], refused["parameter"], refused["clause"]) == ("Số liệu không nói điều đó", "say", say)


async def test_no_whole_number_of_23_gives_the_printed_15_percent(country: Country) -> None:
    asked = {"say": "rated_good", "claim": "rated_excellent_of_rated_good:15"}
    refused = await country.refusal(CELL, "2015-01-01", DAY, **asked)
    assert refused["parameter"] == "claim"
    assert "15% không ứng với số nguyên nào trên 23: 3/23 = 13,0%, 4/23 = 17,4%" in refused["detail"]


@pytest.mark.parametrize("possible", ["13", "17", "17,4", "13.0"])
async def test_a_percentage_that_a_whole_number_gives_is_not_refused(country: Country, possible: str) -> None:
    asked = {"say": "rated_good", "claim": f"rated_excellent_of_rated_good:{possible}"}
    assert "23 đảng viên" in (await country.statement(CELL, "2015-01-01", DAY, **asked))["text"]


async def test_the_92_and_100_percent_that_it_prints_are_right(country: Country) -> None:
    for claim in ("members_of_staff:92", "rated_good_of_members:100"):
        assert await country.statement(CELL, "2015-01-01", DAY, say="members", claim=claim)
    assert await country.refusal(CELL, "2015-01-01", DAY, say="members", claim="members_of_staff:96")
