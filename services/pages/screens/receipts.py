"""What became of what was sent: a receipt, and the list of one's own."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from typing import Any, Final

import msgspec
from starlette.responses import Response

from events.catalogue import FACTS
from projections.answers.report.report_answers import Said
from projections.answers.words.vietnamese_format import day as written
from services.import_answers import ImportHead, ImportList
from services.pages.asking import ask, path_of
from services.pages.entry import saying, units
from services.pages.entry.facts import TYPES, Field, read_fact, typed_of
from services.pages.entry.parts import parts_of
from services.pages.page import Page
from services.pages.periods import today
from services.send_answers import OwnReceipts, SentAnswer, SentItem

LISTED: Final = 100
SAID: Final = 5
"""Events of a receipt of which is said what they say; each of these answers is written in the audit log."""
_PERSON: Final = {row.type: row.person for row in FACTS}


class EventShown(msgspec.Struct, frozen=True):
    """An event as people read it: `fields` of a fact; of what is none `data` as it is."""

    said: Said
    fields: list[Field]
    data: dict[str, Any]

    @property
    def reference(self) -> str:
        """Return the reference of the person whom it names."""
        return str(self.data.get(_PERSON.get(self.said.type or "") or "", ""))

    @property
    def days(self) -> str:
        """Return the days of what is declared."""
        found = [str(self.data[name]) for name in ("on", "from", "to") if name in self.data]
        try:
            return " – ".join(written(dt.date.fromisoformat(each)) for each in found)
        except ValueError:
            return " – ".join(found)


async def event_shown(page: Page, said: Said) -> EventShown:
    """Read what an event says."""
    found = saying.content_of(said).get("data")
    data = found if isinstance(found, dict) else {}
    if said.type not in TYPES:
        return EventShown(said, [], data)
    fact = read_fact(said.type, said.subject or "", typed_of(said.type, data), page.texts, today())
    return EventShown(said, [each for each in await units.fields_of(page, fact) if each.text], data)


async def receipt(page: Page) -> Response:
    """Show what became of each event of a receipt; while some are undecided it asks again by itself."""
    path = path_of("receipts", page.part("id"))
    question = ask(path, SentAnswer, cursor=page.query.get("cursor"))
    answer, me = await page.asking.together(question, page.me())
    items = answer.items
    part = parts_of(page, items)
    names = await units.named(page, (item.publisher for item in part.rows))
    shown = {} if len(items) > SAID else await _said_of(page, items)
    return page.draw(
        "entry/receipt.html",
        me=me,
        receipt=page.part("id"),
        answer=answer,
        items=items,
        part=part,
        counts=Counter(item.state for item in items),
        undecided=any(item.undecided for item in items),
        names=names,
        shown=shown,
        sheet=await _sheet_of(page) if me.may_enter and any(item.row for item in items) else None,
    )


async def listed(page: Page) -> Response:
    """List one's own receipts, the newest first."""
    me = await units.clerk(page)
    receipts = await page.asking.one(
        ask(path_of("receipts"), OwnReceipts, limit=LISTED, cursor=page.query.get("cursor"))
    )
    return page.draw("entry/receipts.html", me=me, receipts=receipts)


async def _said_of(page: Page, items: list[SentItem]) -> dict[int, EventShown]:
    """Return what those events say that are decided and may be looked at, by their place."""
    asked = [item for item in items if item.publisher and item.id and item.outcome]
    found = await asyncio.gather(
        *(saying.event_said(page, item.publisher or "", item.id or "") for item in asked), return_exceptions=True
    )
    return {
        item.index: await event_shown(page, said)
        for item, said in zip(asked, found, strict=True)
        if isinstance(said, Said)
    }


async def _sheet_of(page: Page) -> ImportHead | None:
    """Return the sheet that a receipt is of, where it is kept."""
    kept = await page.asking.one(ask(path_of("imports"), ImportList, limit=LISTED))
    return next((each for each in kept.imports if each.receipt == page.part("id")), None)


SCREENS: Final = {"/phieu": listed, "/phieu/{id}": receipt}
