"""Units by a part of a name or an id: the page to which the search at the top goes without JavaScript, or by Enter."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from projections.answers.report.report_answers import UnitPage
from services.pages.asking import ask, path_of
from services.pages.page import Page

PATH: Final = "/tim"
SHOWN: Final = 50


async def search(page: Page) -> Response:
    """Show what is found, the best first; where nothing is asked, how one asks."""
    text = page.query.get("q", "").strip()
    question = ask(path_of("units"), UnitPage, q=text, limit=SHOWN, cursor=page.query.get("cursor"))
    me, found = await page.asking.together(page.me(), question)
    more = None if found.next is None else page.link(cursor=found.next)
    return page.draw("search.html", me=me, text=text, found=found.units, more=more, first="cursor" not in page.query)


SCREENS: Final = {PATH: search}
