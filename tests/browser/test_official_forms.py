"""Official forms in a real browser: at three widths, with JavaScript and without, and taken home."""

from __future__ import annotations

from tests.browser.visiting import Visits

FORM = "/don-vi/gia-binh/bieu/2?from=2023-01-01&to=2023-11-30"


def test_a_form_lies_on_the_screen_as_on_paper(visits: Visits, width: int, *, script: bool) -> None:
    page = visits(FORM, who="leader", width=width, script=script).page
    assert page.locator("#ten-bieu").inner_text() == "ĐẢNG VIÊN MỚI KẾT NẠP"
    assert page.get_by_text("không thu thập").count() > 2


def test_one_goes_to_another_form_and_takes_it_home(visits: Visits, *, script: bool) -> None:
    page = visits(FORM, who="leader", script=script).page
    page.get_by_role("link", name="Huy hiệu đảng").click()
    page.wait_for_url("**/bieu/8?*")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Word").click()
    assert begun.value.suggested_filename == "form-8-gia-binh-2023-01-01-2023-11-30.docx"
