"""Where whoever comes to `/` goes on: to what the roles are for; and what one is told who has none."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from services.pages.me import ENTERING, GRANTING, OPERATING, SEEING
from services.pages.page import Page
from services.pages.unit_page import PLACE


async def begin(page: Page) -> Response:
    """Send whoever comes to the figures of the first unit that may be seen, else to the work that a role is for."""
    me = await page.asking.one(page.me())
    unit = me.first(SEEING)
    if unit is not None:
        return page.redirect(f"{PLACE}/{unit}")
    for roles, where in ((ENTERING, "/nhap"), (GRANTING, "/quyen"), (OPERATING, "/van-hanh")):
        if me.has(roles):
            return page.redirect(where)
    return page.draw("no_roles.html", me=me)


SCREENS: Final = {"/": begin}
