"""Where entering begins: for which unit, what happened, one or many; and what is not sent yet (contract, section 8)."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from services.import_answers import ImportList
from services.pages.asking import ask, path_of
from services.pages.entry import units
from services.pages.entry.facts import TYPES
from services.pages.page import Page
from services.send_answers import OwnReceipts

LISTED: Final = 10
"""Sheets and receipts that are listed; the rest has a page of its own."""


async def start(page: Page) -> Response:
    """Show the units for which one enters, the types of facts for the one that is chosen, and what is not sent yet."""
    me = await units.clerk(page)
    own = units.own_units(me)
    asked = page.query.get("unit", "").strip() or (own[0] if len(own) == 1 else "")
    text = page.query.get("q", "").strip()
    imports = ask(path_of("imports"), ImportList, limit=LISTED)
    receipts = ask(path_of("receipts"), OwnReceipts, limit=LISTED)
    kept, sent = await page.asking.together(imports, receipts)
    named = await asyncio.gather(*(units.shown(page, each) for each in own[:LISTED]))
    return page.draw(
        "entry/start.html",
        me=me,
        own=named,
        unit=await units.shown(page, asked) if asked else None,
        text=text,
        found=await units.find(page, text, own) if text else None,
        types=TYPES,
        unsent=[each for each in kept.imports if each.receipt is None],
        receipts=sent.receipts,
    )


SCREENS: Final = {"/nhap": start}
