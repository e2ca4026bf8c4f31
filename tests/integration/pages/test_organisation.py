"""The page of a unit's organisation: the tree on a day, the days of changes, its life, then and now (screen 8)."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.integration.pages.over_log import pages_over
from tests.integration.pages.service import Service, text_of
from tests.oracle.telling import ROOT, founded, root, say

BEFORE = "/don-vi/bac-ninh/to-chuc?on=2025-06-30"
FOUNDED = "2021-01-01"
HOSTILE = '<script>alert(1)</script>"{{ 7*7 }}'


async def page_of(service: Service, address: str, who: str = "officer") -> httpx.Response:
    async with service.browser(who) as browser:
        return await browser.get(address)


async def test_the_tree_is_that_of_the_day(service: Service) -> None:
    before = await page_of(service, BEFORE)
    after = await page_of(service, "/don-vi/bac-ninh/to-chuc?on=01/07/2025")
    assert (before.status_code, after.status_code) == (200, 200)
    tree = before.text.partition('<ul class="unit-tree">')[2].partition("<aside")[0]
    assert re.findall(r'<a href="/don-vi/([\w-]+)/to-chuc\?on=2025-06-30"[^\n]*\n\s*<details', tree) == [
        "gia-binh",
        "luong-tai",
    ]
    assert "Đảng bộ xã Đại Lai" in tree
    assert "Trực thuộc ngày 01/07/2025 12" in text_of(after.text)


async def test_one_goes_from_change_to_change_by_links(service: Service) -> None:
    page = await page_of(service, BEFORE)
    answer = (await page_of(service, "/v1/units/bac-ninh/changes")).json()
    days = [each["on"] for each in answer["days"]]
    before, after = (max(d for d in days if d < "2025-06-30"), min(d for d in days if d > "2025-06-30"))
    assert f'rel="prev" href="/don-vi/bac-ninh/to-chuc?on={before}"' in page.text
    assert f'rel="next" href="/don-vi/bac-ninh/to-chuc?on={after}"' in page.text
    assert f'data-days="{" ".join(days)}"' in page.text
    reform = next(each for each in answer["days"] if each["on"] == "2025-07-01")
    said = text_of((await page_of(service, f"/don-vi/bac-ninh/to-chuc?on={after}")).text)
    assert f"{reform['established']} thành lập" in said
    assert f"{reform['dissolved']} kết thúc" in said


async def test_the_life_of_a_unit_is_told_with_who_said_it(service: Service) -> None:
    page = (await page_of(service, BEFORE)).text
    said = text_of(page)
    history = (await page_of(service, "/v1/units/bac-ninh/history")).json()
    took = next(each for each in history["predecessors"] if each["child"] is None)
    assert f"01/07/2025 Kế tục {took['unit']['name']} vị trí" in said
    source = took["said"][0]
    position = f"{source['position']:,}".replace(",", ".")
    assert f"vị trí {position} ( {source['publisher']}/{source['id']} )" in said
    assert f'href="/su-kien/{source["publisher"]}/{source["id"]}"' in page
    ended = text_of((await page_of(service, "/don-vi/gia-binh/to-chuc?on=2023-11-28")).text)
    assert "01/07/2025 Kết thúc hoạt động" in ended


async def test_then_and_now_stand_side_by_side(service: Service) -> None:
    page = await page_of(service, BEFORE)
    rows = [text_of(row) for row in re.findall(r"<tr>.*?</tr>", page.text.partition('class="then-now"')[2], re.DOTALL)]
    assert "Huyện ủy Gia Bình Cấp trên trực tiếp cơ sở kết thúc từ 01/07/2025 số liệu tính vào Tỉnh ủy Bắc Ninh" in rows
    assert any(row.startswith("chưa thành lập (từ 01/07/2025) lập mới Đảng ủy xã Gia Bình") for row in rows)
    assert any("chuyển đến" in row and row.startswith("Đảng bộ phường Nếnh") for row in rows)


async def test_the_tree_is_for_every_account_and_the_life_for_readers(service: Service) -> None:
    page = await page_of(service, BEFORE, "nobody")
    assert page.status_code == 200
    assert "Huyện ủy Gia Bình" in text_of(page.text)
    assert "demo-unit-bac-ninh" not in page.text
    assert "Chỉ người được xem số liệu của đơn vị này mới xem được." in text_of(page.text)


async def test_it_is_in_english_too(service: Service) -> None:
    said = text_of((await page_of(service, f"{BEFORE}&lang=en")).text)
    assert "Below on 30/06/2025" in said
    assert "Then (30/06/2025) and now" in said


@pytest.mark.parametrize("asked", ["on=yesterday", "on=2025-06-31", "on=%00"])
async def test_what_is_no_day_is_named(service: Service, asked: str) -> None:
    page = await page_of(service, f"/don-vi/bac-ninh/to-chuc?{asked}")
    assert page.status_code == 422
    assert f"“{asked.partition('=')[0]}”" in text_of(page.text)


@asynccontextmanager
async def large(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open the pages over a unit with 230 units below it; one of them has a hostile name."""
    log = [root(), *(founded(f"unit-{no:03}", ROOT, FOUNDED, "province") for no in range(1, 230))]
    hostile = {"parent": ROOT, "name": HOSTILE, "level": "province", "since": FOUNDED}
    log.append(say(ROOT, "hostile", "unit.established", "unit-000", hostile))
    async with pages_over(database, log) as client:
        yield client


async def test_many_units_are_paged_and_a_hostile_name_is_text(database: str) -> None:
    async with large(database) as browser:
        pages = [
            (await browser.get(f"/don-vi/trung-uong/to-chuc?on=2021-06-01{more}")).text
            for more in ("", "&trang=2", "&trang=3")
        ]
    trees = [page.partition('<ul class="unit-tree">')[2].partition("<aside")[0] for page in pages]
    listed = [re.findall(r'href="/don-vi/(unit-\d+)/', tree) for tree in trees]
    assert [len(each) for each in listed] == [100, 100, 30]
    assert len({*listed[0], *listed[1], *listed[2]}) == 230
    assert 'href="/don-vi/trung-uong/to-chuc?on=2021-06-01&amp;trang=2" rel="next"' in pages[0]
    assert "<script>alert" not in "".join(pages)
    assert [html.unescape(page).count(HOSTILE) for page in pages] == [1, 0, 0]
