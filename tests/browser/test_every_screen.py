"""Every screen, as it is opened: complete, on every width, with JavaScript and without, and fit for a screen reader."""

from __future__ import annotations

import pytest

from tests.browser.screens import SCREENS, ScreenAt
from tests.browser.visiting import WIDTHS, Visits


@pytest.mark.parametrize("screen", SCREENS, ids=[each.name for each in SCREENS])
def test_a_screen_is_fit_to_be_seen(visits: Visits, screen: ScreenAt) -> None:
    """One browser turns its window; without JavaScript another, on a phone, has the same heading."""
    visit = visits(who=screen.who)
    visit.expected.add(screen.status)
    heading = visit.open(screen.address).locator("h1").inner_text()
    for width, height in WIDTHS.items():
        visit.page.set_viewport_size({"width": width, "height": height})
        visit.open(screen.address)
        visit.check(thoroughly=width != 1024)
    plain = visits(who=screen.who, width=390, script=False)
    plain.expected.add(screen.status)
    assert plain.open(screen.address).locator("h1").inner_text() == heading
