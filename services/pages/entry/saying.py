"""One fact on its way to the log: its id, what would become of it, and sending it (contract, section 8).

Its id is the one that a row of a sheet would have, made of what it says; its time is fixed when it is first looked at.
So the same form sent twice, by hand or by a sheet, is one event.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from events.vocabulary import Outcome, Reason
from projections.answers.report.report_answers import Said
from projections.answers.words.vietnamese_format import VIETNAM
from services.pages.asking import RefusedPage, ask, path_of
from services.pages.entry.facts import Fact
from services.pages.page import Page
from services.publishing.lines import said_at
from services.send_answers import REFUSED, SentAnswer, SentItem
from services.sheets.event_ids import numbered, parted

BATCH: Final = "application/cloudevents-batch+json"
WAIT: Final = "wait=3"
"""How long a page waits for what becomes of what it sent."""
MOST: Final = 40
"""Times that one thing may be said anew."""
HOLDS: Final = frozenset({Outcome.COUNTED, Outcome.APPLIED, Outcome.PARKED})
NOT_FOUND: Final = 404


class Trial(NamedTuple):
    """What would become of a fact: `item` under this id, or that the log has something under its id (`there`).

    `differs`: that says something else. `at` is the fact's time from now on.
    """

    id: str
    at: dt.datetime
    item: SentItem
    there: Said | None = None
    differs: bool = False

    @property
    def taken_back(self) -> bool:
        """Tell whether it was said before and taken back."""
        return self.there is not None and self.there.outcome == Outcome.RETRACTED


def now() -> dt.datetime:
    """Return the time that an event is said at, as exactly as it is written."""
    at = dt.datetime.now(VIETNAM)
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)


async def event_said(page: Page, publisher: str, event_id: str) -> Said | None:
    """Ask for an event of the log; None where it has none. Raises RefusedPage where it may not be seen."""
    try:
        return await page.asking.one(ask(path_of("events", publisher, event_id), Said))
    except RefusedPage as refused:
        if refused.said.status == NOT_FOUND:
            return None
        raise


def content_of(said: Said) -> dict[str, Any]:
    """Return the body of an event of the log; nothing of what is no object."""
    try:
        found = msgspec.json.decode(said.event)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


async def tried(page: Page, fact: Fact, *, again: bool = False) -> Trial:
    """Try a fact that has no faults. Said and taken back before, it is said anew only with `again`."""
    at = now()
    number = 1
    while True:
        event_id = numbered(fact.stem or "", number)
        (item,) = await try_all(page, [_event(fact, event_id, at)])
        if not is_known(item) or number == MOST:
            return Trial(event_id, at, item)
        there = await event_said(page, fact.unit, event_id)
        if there is None:
            return Trial(event_id, at, item)
        same = content_of(there).get("data") == fact.data
        if there.outcome in HOLDS:
            return Trial(event_id, at, item, there, differs=not same)
        if there.outcome == Outcome.RETRACTED and not again:
            following = await event_said(page, fact.unit, numbered(fact.stem or "", number + 1))
            if following is None:
                return Trial(event_id, at, item, there, differs=not same)
        number += 1


async def try_all(page: Page, events: list[dict[str, Any]]) -> list[SentItem]:
    """Ask what would become of events, without sending them."""
    body = msgspec.json.encode(events)
    came = await page.asking.send("POST", path_of("events"), body, BATCH, parameters={"dry_run": "true"})
    return msgspec.json.decode(came.body, type=SentAnswer).items


async def send_all(page: Page, events: list[dict[str, Any]]) -> SentAnswer:
    """Send events that a page has worded. Raises RefusedPage where nothing was sent."""
    body = msgspec.json.encode(events)
    came = await page.asking.send("POST", path_of("events"), body, BATCH, headers={"prefer": WAIT})
    return msgspec.json.decode(came.body, type=SentAnswer)


async def send(page: Page, fact: Fact, event_id: str, at: str) -> SentAnswer | None:
    """Send a fact as it was shown; None where it is not what was shown. Raises RefusedPage where nothing was sent."""
    known = parted(event_id)
    time = time_of(at)
    if known is None or known[0] != fact.stem or time is None:
        return None
    return await send_all(page, [_event(fact, event_id, time)])


async def correct(page: Page, key: tuple[str, str], what: str, wanted: Mapping[str, Any]) -> SentAnswer:
    """Take an event back (`what` is retraction), or replace it (replacement). Raises RefusedPage."""
    path = path_of("events", *key, what)
    came = await page.asking.send("POST", path, msgspec.json.encode(wanted), headers={"prefer": WAIT})
    return msgspec.json.decode(came.body, type=SentAnswer)


def _event(fact: Fact, event_id: str, at: dt.datetime) -> dict[str, Any]:
    return said_at(fact.unit, event_id, fact.columns.type, fact.unit, fact.data, at=at)


def is_known(item: SentItem) -> bool:
    """Tell whether the log has something under the id of an event that was tried."""
    return item.status == REFUSED and item.reason == Reason.ID_CONFLICT


def time_of(text: str) -> dt.datetime | None:
    """Read a time that a form carries; None for what is none."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else found
