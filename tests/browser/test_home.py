"""Where one begins: the unit at one look, on every screen, with JavaScript and without."""

from __future__ import annotations

from tests.browser.running import GIA_BINH
from tests.browser.visiting import Visits


def test_one_begins_at_ones_own_unit(visits: Visits, *, script: bool) -> None:
    visit = visits("/", who="leader", script=script)
    assert "/don-vi/gia-binh" in visit.page.url
    assert visit.page.locator("h1").inner_text() == "Huyện ủy Gia Bình"


def test_the_unit_is_seen_at_one_look(visits: Visits, width: int, *, script: bool) -> None:
    page = visits(GIA_BINH, who="leader", width=width, script=script).page
    shown = page.locator("main").inner_text()
    assert all(number in shown for number in ("89", "99", "396"))
    assert "01/01/2023" in page.locator("footer").inner_text()
