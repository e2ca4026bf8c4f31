"""The page of targets: no percentage without a target and a value, whether parts add up, both figures (screen 6)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from services.pages.shown import number, percentage
from tests.integration.pages.over_log import pages_over
from tests.integration.pages.service import Service, text_of
from tests.oracle.telling import ROOT, admitted, assigned, declared, founded, root, say

DAYS = ("2023-01-01", "2023-12-31")
UNTIL = "from=2023-01-01&to=2023-06-30"
HOSTILE = "<img src=x onerror=alert(1)>{{ 7*7 }}\u202eđảo"
DOCUMENTS = {
    "chi-bo-4-bhxh": ("2022-01-01", "2022-07-07"),
    "tp-thanh-hoa": ("2021-01-01", "2022-01-06"),
    "da-lan": ("2021-01-01", "2022-01-06"),
    "btg-dien-bien": ("2015-01-01", "2018-02-06"),
    "gia-binh": ("2023-01-01", "2023-11-28"),
    "khoi-cqdn-ben-tre": ("2021-01-01", "2021-08-28"),
}
"""The units of the five documents, and the days that each is about."""


def goals(page: str) -> list[str]:
    """Return the text of each target."""
    return [text_of(each) for each in re.findall(r'<article class="goal">.*?</article>', page, re.DOTALL)]


def table(page: str, section: str) -> list[str]:
    """Return the lines of the table of a section."""
    part = page.partition(f'id="{section}"')[2].partition("</section>")[0].partition("<tbody>")[2]
    return [text_of(row) for row in re.findall(r"<tr.*?</tr>", part, re.DOTALL)]


@pytest.mark.parametrize("unit", DOCUMENTS)
async def test_targets_and_rates_are_those_of_v1(service: Service, unit: str) -> None:
    first, last = DOCUMENTS[unit]
    async with service.browser("everything") as browser:
        page = await browser.get(f"/don-vi/{unit}/chi-tieu?from={first}&to={last}")
        answer: dict[str, Any] = (await browser.get(f"/v1/units/{unit}/indicators?on={last}")).json()
    assert page.status_code == 200
    shown = goals(page.text)
    assert len(shown) == len(answer["targets"])
    for goal, target in zip(shown, answer["targets"], strict=True):
        reached = target["attainment"]["at_least"]
        assert target["resolution"] in goal
        assert ("%" in goal) == (reached is not None)
        assert (f"đạt {percentage(reached)}" if reached is not None else target["reason"]) in goal
        if target["days_left"]:
            assert f"còn {number(target['days_left'])} ngày" in goal
    rates = [rate for rate in answer["rates"] if rate["percent"] is not None]
    lines = table(page.text, "ty-le")
    assert len(lines) == len(rates)
    for line, rate in zip(lines, rates, strict=True):
        assert line.startswith(rate["name"])
        assert f" {number(rate['denominator']['value'])} " in line
        assert line.endswith(percentage(rate["percent"]))


async def test_thanh_hoa_of_2021_reached_128_percent(service: Service) -> None:
    async with service.browser("everything") as browser:
        page = (await browser.get("/don-vi/tp-thanh-hoa/chi-tieu?from=2021-01-01&to=2022-01-06")).text
    term, next_year, last_year = goals(page)
    assert "256 trên chỉ tiêu từ 200 trở lên đạt 128%" in last_year
    assert "31/12/2021, đã hết hạn" in last_year
    assert "273 trên chỉ tiêu từ 1.200 trở lên đạt 22,8%" in term
    assert "đến nay 11,1, cần 19,1" in term
    assert next_year.startswith("Kết nạp 01/01/2022 – 31/12/2022 – trên chỉ tiêu từ 250 trở lên chưa có sự kiện nào")
    assert "Tỷ lệ chỉ tiêu phát triển kinh tế hoàn thành".lower() in " ".join(table(page, "ty-le")).lower()
    assert any(line.startswith("Tổ chức đảng trực thuộc 06/01/2022 110 110") for line in table(page, "khai-bao"))


async def test_a_unit_without_a_target_has_no_percentage_of_one(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = (await browser.get("/don-vi/gia-binh/chi-tieu?from=2023-01-01&to=2023-11-28")).text
    said = text_of(page.partition('aria-labelledby="cac-chi-tieu"')[2].partition("</section>")[0])
    assert "chưa được giao chỉ tiêu nào nên không tính tỷ lệ" in said
    assert "%" not in said


def resolved(unit: str, ends: tuple[int, int | None], event_id: str, resolution: str, by: str = ROOT) -> Any:
    data = {"measure": "admissions", "from": DAYS[0], "to": DAYS[1], "at_least": ends[0], "resolution": resolution}
    return say(by, event_id, "target.assigned", unit, data | ({} if ends[1] is None else {"at_most": ends[1]}))


LOG = [
    root(),
    founded("huyen", ROOT, "2000-01-01"),
    *(founded(f"xa-{no}", "huyen", "2000-01-01", "grassroots") for no in range(1, 4)),
    resolved("huyen", (10, None), "t-1", HOSTILE),
    assigned("xa-1", "admissions", DAYS, (4, None), "t-2", by="huyen"),
    assigned("xa-2", "admissions", DAYS, (3, None), "t-3", by="huyen"),
    assigned("xa-3", "badges", DAYS, (2, 5), "t-4", by="huyen"),
    admitted("xa-1", "2023-02-02", "a-1"),
    declared("huyen", "admissions", ("2023-01-01", "2023-03-31"), 5, "d-1"),
    declared("huyen", "members", "2023-01-01", 40, "d-2"),
    declared("xa-1", "members", "2023-01-01", 30, "d-3"),
]


async def test_what_is_handed_down_is_added_up_and_both_figures_are_shown(database: str) -> None:
    async with pages_over(database, LOG) as browser:
        page = (await browser.get(f"/don-vi/huyen/chi-tieu?{UNTIL}")).text
    admissions, badges = goals(page)
    assert "Đã giao cho 2 trong 3 đơn vị trực thuộc, cộng 7. Còn 3 chưa giao." in admissions
    assert "Đảng bộ xa-1 từ 4 trở lên 1 đạt 25%" in admissions
    assert "Đảng bộ xa-2 từ 3 trở lên – chưa có sự kiện nào được tính" in admissions
    assert "đơn vị không được giao chỉ tiêu này" in badges
    assert "Đảng bộ xa-3 2–5 – chưa có sự kiện nào" in badges
    assert "%" not in badges
    lines = table(page, "khai-bao")
    assert any(re.match(r"Kết nạp 01/01/2023 – 31/03/2023 5 1 đếm sự kiện \+4 ", line) for line in lines)
    assert any(
        re.match(r"Đảng viên 01/01/2023 40 30 cộng khai báo .* \+10 30 \(\+10\) 1 đã khai, 2 chưa", line)
        for line in lines
    )


async def test_a_hostile_resolution_is_text(database: str) -> None:
    async with pages_over(database, LOG) as browser:
        page = (await browser.get(f"/don-vi/huyen/chi-tieu?{UNTIL}")).text
    assert "<img" not in page
    assert "\u202e" not in page
    assert "<img src=x onerror=alert(1)>{{ 7*7 }}\\u202eđảo" in html.unescape(page)


async def test_many_parts_are_on_pages_of_their_own(database: str) -> None:
    units = [f"xa-{no}" for no in range(1, 121)]
    log = [
        *LOG[:2],
        *(founded(unit, "huyen", "2000-01-01", "grassroots") for unit in units),
        assigned("huyen", "admissions", DAYS, (240, None), "t"),
        *(assigned(unit, "admissions", DAYS, (2, None), f"t-{unit}", by="huyen") for unit in units),
    ]
    async with pages_over(database, log) as browser:
        page = (await browser.get(f"/don-vi/huyen/chi-tieu?{UNTIL}")).text
        alone = re.search(r'href="([^"]*phan-bo=[^"]*)"', page)
        assert alone is not None
        second = (await browser.get(f"{html.unescape(alone[1])}&trang=2")).text
    assert "Khớp với chỉ tiêu của đơn vị." in text_of(page)
    assert "Xem cả 120 đơn vị" in text_of(page)
    assert re.findall(r"Đảng bộ (xa-\d+)</a>", second) == units[100:]


async def test_it_is_confined_by_access_and_speaks_english(service: Service) -> None:
    address = "/don-vi/gia-binh/chi-tieu?from=2023-01-01&to=2023-11-28"
    for who, status in {"leader": 200, "officer": 200, "clerk": 200, "keeper": 403, "nobody": 403}.items():
        async with service.browser(who) as browser:
            assert (await browser.get(address)).status_code == status, who
    async with service.browser("leader") as browser:
        english = text_of((await browser.get(f"{address}&lang=en")).text)
    assert "no target was assigned, so there is no percentage" in english
    assert "As of 28/11/2023" in english
