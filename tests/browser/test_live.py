"""What scripts add to a page: the note of what is new, the keys, the buttons; nothing is missed without them."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.running import GIA_BINH, Running
from tests.browser.visiting import Visits

AFTERWARDS = "/don-vi/gia-binh?from=2024-01-01&to=2024-11-28"
"""Days of which no other test expects figures: what is said here stays."""


def test_news_are_a_quiet_note_and_one_key_takes_them_in(visits: Visits, running: Running) -> None:
    page = visits(AFTERWARDS, who="leader").page
    note, figure = page.locator("#moi"), page.locator(".figure .n").first
    before = figure.inner_text()
    expect(note).to_be_hidden()
    running.admit("xa-dai-bai", "2024-06-06")
    expect(note).to_contain_text("có số liệu mới (+1)")
    running.admit("xa-dai-lai", "2024-06-07")
    expect(note).to_contain_text("có số liệu mới (+2)")
    expect(page.locator("#moi-noi")).to_have_text("có số liệu mới (+1). Nhấn R để xem")
    assert figure.inner_text() == before, "the page never changes by itself"
    visits.open_now.check()
    page.keyboard.press("r")
    expect(figure).to_have_text(str(int(before) + 2))
    expect(note).to_be_hidden()


def test_what_is_elsewhere_or_of_other_days_is_no_news(visits: Visits, running: Running) -> None:
    page = visits(AFTERWARDS, who="leader").page
    running.admit("xa-dai-bai", "2025-06-06")
    running.admit("bac-ninh", "2024-06-06")
    running.admit("xa-dai-bai", "2024-06-08")
    expect(page.locator("#moi")).to_contain_text("(+1)")


def test_a_window_that_nobody_sees_has_no_stream_and_misses_nothing(visits: Visits, running: Running) -> None:
    page = visits(AFTERWARDS, who="leader").page
    seen = "Object.defineProperty(document, 'visibilityState', {value: %s, configurable: true});"
    tell = "document.dispatchEvent(new Event('visibilitychange'));"
    page.evaluate(seen % json.dumps("hidden") + tell)
    running.admit("xa-dai-bai", "2024-07-07")
    running.admit("xa-dai-bai", "2024-07-08")
    expect(page.locator("#moi")).to_be_hidden()
    page.evaluate(seen % json.dumps("visible") + tell)
    expect(page.locator("#moi")).to_contain_text("(+2)")


def test_a_page_as_it_was_known_then_has_no_news(visits: Visits) -> None:
    page = visits(f"{GIA_BINH}&position=5000", who="officer").page
    assert page.locator("script[src*=news]").count() == 0


def test_the_keys_are_listed_and_can_be_turned_off(visits: Visits) -> None:
    page = visits(GIA_BINH, who="leader").page
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Bàn phím")
    visits.open_now.check()
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("combobox")).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_brackets_go_from_period_to_period(visits: Visits) -> None:
    page = visits("/don-vi/gia-binh?from=2023-05-01&to=2023-05-31", who="leader").page
    page.keyboard.press("[")
    page.wait_for_url("**from=2023-04-01&to=2023-04-30")
    page.keyboard.press("]")
    page.wait_for_url("**from=2023-05-01&to=2023-05-31")


def test_the_sentence_is_copied(visits: Visits) -> None:
    visit = visits(GIA_BINH, who="leader", permissions=["clipboard-read", "clipboard-write"])
    visit.page.get_by_role("button", name="Chép câu").click()
    expect(visit.page.get_by_role("button", name="Đã chép")).to_be_visible()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied == visit.page.locator("#cau").inner_text()


def test_printing_is_a_button(visits: Visits) -> None:
    page = visits(GIA_BINH, who="leader").page
    page.evaluate("window.printed = 0; window.print = () => { window.printed += 1; }; 0")
    page.get_by_role("button", name="In trang này").click()
    assert page.evaluate("window.printed") == 1


def test_without_javascript_no_button_does_nothing(visits: Visits, width: int) -> None:
    page = visits(GIA_BINH, who="leader", width=width, script=False).page
    for each in page.locator("button[data-print], button[data-copies], #moi button, #phim").all():
        expect(each).to_be_hidden()
    page.get_by_role("link", name="Trợ giúp").first.click()
    expect(page.locator("h1")).to_have_text("Trợ giúp")
    expect(page.locator("main .keys dt")).to_have_count(6)
