"""How a unit was organised, in a real browser: at three widths, with JavaScript and without."""

from __future__ import annotations

from tests.browser.visiting import Visits

BEFORE = "/don-vi/bac-ninh/to-chuc?on=2025-06-30"


def test_the_tree_of_a_day_its_life_then_and_now(visits: Visits, width: int, *, script: bool) -> None:
    page = visits(BEFORE, who="officer", width=width, script=script).page
    page.locator(".unit-tree summary").first.click()
    assert page.get_by_text("Đảng bộ xã Đại Lai").first.is_visible()
    assert page.locator("text=kết thúc từ 01/07/2025").count() >= 2


def test_one_goes_from_change_to_change(visits: Visits, *, script: bool) -> None:
    visit = visits(BEFORE, who="officer", script=script)
    visit.page.locator("a[rel=next]").first.click()
    visit.page.wait_for_url("**on=2025-07-01*")
    assert "12" in visit.page.locator("#ben-duoi").inner_text()


def test_a_slider_goes_there_by_the_keys(visits: Visits) -> None:
    page = visits(BEFORE, who="officer", script=True).page
    slider = page.locator(".day-slider input")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**on=2025-07-01*")
    page.wait_for_load_state("load")
    assert page.locator(".day-slider input").evaluate("each => each === document.activeElement")
