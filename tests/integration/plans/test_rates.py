"""Rates over HTTP: both sides, their day, and why there is none; each number worked out by hand."""

from __future__ import annotations

from tests.integration.plans.telling import Asked, admissions, target
from tests.oracle.telling import declared


async def test_rates_of_declared_figures_are_of_one_day(asked: Asked) -> None:
    await asked.tell(
        declared("tp", "members", "2022-07-07", 16, "m1"),
        declared("tp", "staff", "2022-07-07", 19, "s1"),
        declared("tp", "members", "2022-08-01", 17, "m2"),
        declared("tp", "key_posts", "2022-08-02", 9, "k"),
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
        declared("tp", "members", "2020-12-31", 50, "m1"),
        declared("tp", "members", "2021-01-01", 60, "m2"),
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
