"""From a number down to the events under it and why it changed, in a browser: roll-up, events, differences."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.running import YEAR
from tests.browser.visiting import Visits

WHOLE = "from=2023-01-01&to=2023-11-30"
SCREENS = (
    f"bao-cao?{YEAR}&compare=last-year",
    f"bao-cao?{WHOLE}&by=facet:sex,education&measures=admissions,badges",
    f"bao-cao?{WHOLE}&split=sex&measures=admissions",
    f"su-kien?{YEAR}&measure=admissions",
    "su-kien?outcome=parked",
    f"chenh-lech?{YEAR}",
    f"chenh-lech?{YEAR}&position=1500",
)


@pytest.mark.parametrize("end", SCREENS)
def test_each_screen_fits_every_width(visits: Visits, width: int, end: str) -> None:
    page = visits(f"/don-vi/gia-binh/{end}", who="everything", width=width).page
    expect(page.locator("h1")).to_have_text("Huyện ủy Gia Bình")
    expect(page.locator("main table").first).to_be_visible()


def test_an_officer_goes_from_the_total_to_one_event(visits: Visits, *, script: bool) -> None:
    page = visits(f"/don-vi/bac-ninh/bao-cao?{YEAR}", who="officer", script=script).page
    page.get_by_role("link", name="89", exact=True).click()
    expect(page.locator("caption")).to_contain_text("89 sự kiện: Kết nạp")
    page.locator("table.events tbody tr").first.locator("td a").last.click()
    expect(page.locator("h1")).to_have_text("Kết nạp đảng viên")
    expect(page.locator(".outcome")).to_contain_text("Đã tính")


def test_rows_and_measures_are_chosen_in_a_form(visits: Visits, *, script: bool) -> None:
    page = visits(f"/don-vi/gia-binh/bao-cao?{YEAR}", who="leader", script=script).page
    page.get_by_text("Dòng, cột, nội dung").click()
    page.get_by_label("Chuyển chính thức").uncheck()
    page.get_by_label("Mỗi dòng là").last.select_option("quarter")
    page.get_by_role("button", name="Xem").last.click()
    expect(page.locator("tbody tr").first).to_contain_text("Quý 1/2023")
    assert "measures=admissions,badges&by=quarter" in page.url
    page.get_by_role("link", name="Huy hiệu Đảng").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Huy hiệu Đảng")


def test_the_heads_and_the_total_stay_in_sight(visits: Visits) -> None:
    page = visits(f"/don-vi/gia-binh/bao-cao?{YEAR}&by=level:cell", who="leader", width=1024).page
    region = page.locator(".scroll.tall")
    region.evaluate("each => { each.scrollTop = 1500; }")
    assert region.evaluate("each => each.scrollTop") > 0
    expect(page.locator("thead th").first).to_be_in_viewport()
    expect(page.locator("tr.total")).to_be_in_viewport()


def test_two_moments_are_chosen_by_their_days(visits: Visits, *, script: bool) -> None:
    page = visits(f"/don-vi/gia-binh/chenh-lech?{YEAR}", who="leader", script=script).page
    page.get_by_text("Chọn hai thời điểm").click()
    page.get_by_role("link", name="Đơn vị kết thúc hoạt động").click()
    expect(page.get_by_text("Đã biết tại vị trí").first).to_be_visible()
    expect(page.get_by_role("img").first).to_be_visible()
