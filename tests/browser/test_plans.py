"""Who has not reported, targets, the sentence for a report: on every screen, with JavaScript and without."""

from __future__ import annotations

import pytest

from tests.browser.running import YEAR
from tests.browser.visiting import Visits

CITY = "/don-vi/tp-thanh-hoa"
PAGES = {
    "silence": f"/don-vi/trung-uong/im-lang?{YEAR}",
    "targets": f"{CITY}/chi-tieu?from=2021-01-01&to=2022-01-06",
    "sentence": "/don-vi/chi-bo-4-bhxh/cau-bao-cao?from=2022-01-01&to=2022-07-07"
    "&say=admissions,introductions:goal,members_of_staff,key_posts&claim=members_of_staff:85",
}


@pytest.mark.parametrize("page", PAGES)
def test_they_hold_on_every_screen(visits: Visits, page: str, width: int) -> None:
    shown = visits(PAGES[page], width=width).page
    assert shown.locator("main h2").first.is_visible()


def test_one_unit_is_reminded_and_the_words_are_copied(visits: Visits, *, script: bool) -> None:
    permissions = {"permissions": ["clipboard-read", "clipboard-write"]} if script else {}
    page = visits(PAGES["silence"], script=script, **permissions).page
    page.get_by_role("link", name="Nhắc Chi bộ Ban Tuyên giáo Tỉnh ủy").click()
    page.wait_for_url("**nhac=btg-dien-bien**")
    words = page.locator("textarea").input_value()
    assert words.startswith("Kính gửi: Chi bộ Ban Tuyên giáo Tỉnh ủy")
    copy = page.get_by_role("button", name="Chép lời nhắc")
    assert copy.is_visible() == script
    if script:
        copy.click()
        page.get_by_text("Đã chép").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == words


def test_a_sentence_is_made_of_what_is_picked(visits: Visits, *, script: bool) -> None:
    page = visits(f"/don-vi/gia-binh/cau-bao-cao?{YEAR}", who="leader", script=script).page
    page.get_by_label("Chuyển chính thức, số đếm được").uncheck()
    page.get_by_label("Huy hiệu Đảng, số đếm được").uncheck()
    page.get_by_label("Kết nạp, phấn đấu").check()
    page.get_by_role("button", name="Soạn câu").click()
    page.wait_for_url("**say=admissions,admissions:goal**")
    assert "Gia Bình kết nạp 89 đảng viên mới." in page.locator("blockquote").inner_text()
    assert "Không có chỉ tiêu nào" in page.locator(".refusal").inner_text()
