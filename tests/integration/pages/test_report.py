"""The roll-up on a page: its cells are those of `/v1`, sorted and page by page, and each leads one step further."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from tests.integration.pages.service import Service, text_of

DAYS = "from=2023-01-01&to=2023-11-28"
WHOLE = "from=2023-01-01&to=2023-11-30"


def cells_of(page: str) -> list[list[str]]:
    """Return the rows of a page's tables as one reads them; the total, which is on top of a long one, is the last."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows if 'scope="row"' in row]
    told = [[text_of(cell) for cell in row] for row in found]
    return sorted(told, key=lambda row: row[0] == "Tổng cộng")


def written(n: int | None) -> str:
    return "ẩn" if n is None else f"{n:,}".replace(",", ".")


def links_in(page: str, end: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'href="([^"]*)"', page) if f"/{end}?" in each]


async def both(browser: httpx.AsyncClient, unit: str, query: str) -> tuple[str, dict[str, Any]]:
    page = await browser.get(f"/don-vi/{unit}/bao-cao?{query}")
    answer = await browser.get(f"/v1/units/{unit}/report?{query}")
    assert page.status_code == answer.status_code == 200
    return page.text, answer.json()


@pytest.mark.parametrize(
    "query",
    [
        f"{DAYS}&measures=admissions,confirmations,badges,departures,transfers_in",
        f"{DAYS}&basis=as-now",
        f"{DAYS}&by=month",
        f"{DAYS}&by=quarter&compare=last-year",
        "from=2020-01-01&to=2023-12-31&by=year",
        f"{DAYS}&by=level:grassroots",
        f"{WHOLE}&by=facet:sex",
        f"{DAYS}&position=3000",
    ],
)
async def test_each_cell_is_that_of_v1_and_the_rows_add_up(service: Service, query: str) -> None:
    async with service.browser("leader") as browser:
        page, answer = await both(browser, "gia-binh", query)
    rows = cells_of(page)
    measures = list(answer["total"])
    step = 4 if "compare" in query else 1
    told = [[row[1 + step * i] for i in range(len(measures))] for row in rows]
    wanted = [[written(row["values"][m]) for m in measures] for row in answer["rows"]]
    assert sorted(told[:-1]) == sorted(wanted)
    assert told[-1] == [written(answer["total"][m]) for m in measures]


async def test_beside_it_stands_last_year_with_what_changed(service: Service) -> None:
    async with service.browser("leader") as browser:
        page, answer = await both(browser, "gia-binh", f"{DAYS}&compare=last-year&measures=admissions")
    row = next(row for row in answer["rows"] if row["unit"]["id"] == "xa-dai-bai")
    assert ["Đảng bộ xã Đại Bái", *map(str, (2, 8)), "−6", "−75%"] in cells_of(page)
    assert row["change"] == {"admissions": -6}
    assert cells_of(page)[-1] == ["Tổng cộng", "89", "98", "−9", "−9,2%"]


async def test_units_stand_in_vietnamese_order_and_sort_by_any_column(service: Service) -> None:
    async with service.browser("leader") as browser:
        page, _ = await both(browser, "gia-binh", DAYS)
        link = next(each for each in links_in(page, "bao-cao") if "sort=-badges" in each)
        sorted_page = (await browser.get(link)).text
    names = [row[0] for row in cells_of(page)]
    assert names[2:5] == ["Đảng bộ xã Cao Đức", "Đảng bộ xã Đại Bái", "Đảng bộ xã Đại Lai"]
    assert names[-2:] == ["Huyện ủy Gia Bình (trực tiếp)", "Tổng cộng"]
    badges = [int(row[3]) for row in cells_of(sorted_page)[:-2]]
    assert badges == sorted(badges, reverse=True)
    assert 'aria-sort="descending"' in sorted_page


async def test_more_than_a_hundred_rows_are_on_further_pages_each_of_which_adds_up(service: Service) -> None:
    async with service.browser("leader") as browser:
        page, answer = await both(browser, "gia-binh", f"{DAYS}&by=level:cell&measures=badges")
        pages = [page]
        while onward := re.search(r'href="([^"]*)" rel="next">Trang sau', pages[-1]):
            pages.append((await browser.get(html.unescape(onward[1]))).text)
    tables = [cells_of(each) for each in pages]
    number = sum("rest" not in row for row in answer["rows"])
    assert f"1–100 của {number}" in text_of(page)
    assert len(pages) == -(-number // 100)
    for rows in tables:
        assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1]) == answer["total"]["badges"]
    names = {row[0] for rows in tables for row in rows[:-2]}
    assert names >= {row["unit"]["name"] for row in answer["rows"] if "unit" in row}


async def test_hidden_cells_are_hidden_and_say_why(service: Service) -> None:
    async with service.browser("leader") as browser:
        page, answer = await both(browser, "gia-binh", f"{WHOLE}&by=facet:education&measures=admissions")
        pairs, _ = await both(browser, "gia-binh", f"{WHOLE}&by=facet:sex,education&measures=admissions")
        few, _ = await both(browser, "xa-dai-bai", f"{WHOLE}&by=facet:sex&measures=admissions,badges")
    assert [row[1] for row in cells_of(page)[:-1]] == [written(row["values"]["admissions"]) for row in answer["rows"]]
    assert "Kết nạp: giới tính × trình độ" in text_of(pairs)
    assert "ẩn" in text_of(pairs)
    assert "Xem cả các ô ẩn" not in text_of(pairs)
    assert "không phân tích (trong đó)" in text_of(few)


async def test_an_officer_chooses_to_see_small_cells_and_a_reader_can_not(service: Service) -> None:
    query = f"{WHOLE}&by=facet:sex,education&measures=admissions"
    async with service.browser("officer") as browser:
        page, _ = await both(browser, "bac-ninh", query)
        whole, answer = await both(browser, "bac-ninh", f"{query}&cells=all")
    async with service.browser("leader") as browser:
        refused = await browser.get(f"/don-vi/gia-binh/bao-cao?{query}&cells=all")
    assert '<input type="hidden" name="cells" value="all">' in page
    assert "ghi vào nhật ký truy cập" in text_of(page)
    assert "cells=all" not in page
    assert "ẩn" not in [cell for row in cells_of(whole) for cell in row]
    assert all(row["values"]["admissions"] is not None for row in answer["rows"])
    assert refused.status_code == 403


async def test_numbers_lead_down_for_a_reader_to_the_child_for_an_officer_to_the_events(service: Service) -> None:
    async with service.browser("leader") as browser:
        page, _ = await both(browser, "gia-binh", DAYS)
        below = [await browser.get(link) for link in links_in(page, "don-vi/xa-dai-bai/bao-cao")[:2]]
    async with service.browser("officer") as browser:
        page_of_officer, answer = await both(browser, "bac-ninh", DAYS)
        row = next(row for row in answer["rows"] if row["unit"]["id"] == "gia-binh")
        link = next(each for each in links_in(page_of_officer, "gia-binh/su-kien") if "measure=admissions" in each)
        asked = link.partition("?")[2]
        events = (await browser.get(f"/v1/units/gia-binh/events?limit=1000&{asked}")).json()["events"]
    assert [each.status_code for each in below] == [200, 200]
    assert not links_in(page, "su-kien")
    assert len(events) == row["values"]["admissions"]


async def test_a_breakdown_of_broken_months_offers_whole_ones(service: Service) -> None:
    async with service.browser("leader") as browser:
        refused = await browser.get(f"/don-vi/gia-binh/bao-cao?{DAYS}&by=facet:sex")
        offered = next(each for each in links_in(refused.text, "bao-cao") if "to=2023-11-30" in each)
        whole = await browser.get(offered)
    assert (refused.status_code, whole.status_code) == (422, 200)


async def test_what_was_known_then_is_said_plainly(service: Service) -> None:
    async with service.browser("leader") as browser:
        page, answer = await both(browser, "gia-binh", f"{DAYS}&position=3000")
    assert answer["position"] == 3000
    assert "như đã biết tại vị trí 3.000 trong nhật ký" in text_of(page)


async def test_a_form_leads_to_one_address_and_files_are_asked_for_as_the_page_is(service: Service) -> None:
    async with service.browser("leader") as browser:
        sent = await browser.get(
            f"/don-vi/gia-binh/bao-cao?chosen=1&{DAYS}&measures=admissions&measures=badges&by=month&split="
        )
        page = await browser.get(sent.headers["location"])
        link = next(each for each in links_in(page.text, "report") if "format=csv" in each)
        file = await browser.get(link)
    assert (sent.status_code, page.status_code) == (303, 200)
    assert sent.headers["location"].endswith("&measures=admissions,badges&by=month")
    assert file.headers["content-type"].startswith("text/csv")
    assert "total;;89;396" in file.text


async def test_what_can_not_be_sorted_or_paged_is_named(service: Service) -> None:
    async with service.browser("leader") as browser:
        refused = [await browser.get(f"/don-vi/gia-binh/bao-cao?{q}") for q in ("sort=x", "by=x")]
        past_the_end = await browser.get(f"/don-vi/gia-binh/bao-cao?{DAYS}&trang=51")
    assert [each.status_code for each in refused] == [422, 422]
    assert cells_of(past_the_end.text)[-1][1] == "89"
