"""Finding a unit: as one types, by keys alone, without JavaScript, whatever units are called."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.running import GIA_BINH, Running
from tests.browser.visiting import Visits

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>{{7*7}} Chi bộ'


def test_a_unit_is_found_by_keys_without_diacritics(visits: Visits) -> None:
    page = visits(GIA_BINH, who="leader").page
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type("xa dai bai")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Đại Bái")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="Tìm thấy")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    visits.open_now.check()
    page.keyboard.press("Enter")
    page.wait_for_url("**/don-vi/xa-dai-bai?from=2023-01-01&to=2023-11-28")
    expect(page.locator("h1")).to_contain_text("Đại Bái")


def test_control_k_opens_it_and_escape_closes_it(visits: Visits) -> None:
    page = visits(GIA_BINH, who="leader").page
    page.keyboard.press("Control+k")
    page.keyboard.type("gia")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).not_to_be_focused()


def test_the_form_finds_too(visits: Visits, width: int, *, script: bool) -> None:
    page = visits(GIA_BINH, who="leader", width=width, script=script).page
    page.locator("form.search input").fill("gia binh")
    page.locator("form.search input").press("Enter")
    page.wait_for_url("**/tim?q=gia*binh")
    page.get_by_role("link", name="Huyện ủy Gia Bình").first.click()
    assert "/don-vi/gia-binh" in page.url


@pytest.fixture(scope="module")
def hostile(running: Running) -> str:
    """Let a unit have a name that would be a script where it is taken for HTML."""
    unit = "chi-bo-la"
    data = {"parent": "xa-dai-bai", "name": HOSTILE, "level": "cell", "since": "2020-01-01"}
    running.say("unit.established", unit, data, "xa-dai-bai")
    return unit


def test_what_a_unit_is_called_is_text(visits: Visits, hostile: str) -> None:
    page = visits(GIA_BINH, who="leader").page
    page.keyboard.press("/")
    page.keyboard.type(hostile)
    option = page.get_by_role("option").first
    expect(option).to_contain_text(HOSTILE)
    assert option.locator("img, script").count() == 0
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tim?q={hostile}")
    expect(page.locator("main li")).to_contain_text(HOSTILE)
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.locator("h1")).to_have_text(HOSTILE)
    assert page.title().startswith(HOSTILE)
