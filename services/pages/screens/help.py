"""The short help: the words of the pages, and the keys."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from services.pages.page import Page


async def show_help(page: Page) -> Response:
    """Say what the words on the pages mean."""
    return page.draw("help.html", me=await page.asking.one(page.me()))


SCREENS: Final = {"/tro-giup": show_help}
