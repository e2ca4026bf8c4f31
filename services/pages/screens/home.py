"""Where one begins: the page of a unit at one look, and which unit that is for whoever comes to `/`."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from projections.answers.report.report_answers import Report
from services.pages.asking import ask, path_of
from services.pages.page import Page
from services.pages.unit_page import PLACE, unit_page

MEASURES: Final = ("admissions", "confirmations", "badges")


async def begin(page: Page) -> Response:
    """Send whoever comes to the page of the first unit that a role of theirs is at, else to the search."""
    me = await page.asking.one(page.me())
    return page.redirect(f"{PLACE}/{me.units[0]}" if me.units else "/tim")


async def home(page: Page) -> Response:
    """Show a unit at one look."""
    u = await unit_page(page)
    report = await page.asking.one(
        ask(path_of("units", u.unit.id, "report"), Report, **u.report(measures=MEASURES, compare="last-year"))
    )
    return u.draw("home.html", figures=report, report=report, measures=MEASURES)


SCREENS: Final = {"/": begin, f"{PLACE}/{{unit}}": home}
