"""A dry run: events are decided by the rules themselves, and nothing of it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import UNSET

from projections.store.reading.trial import Tried, tried
from services.api.event_bodies import GivenEvent
from services.api.judging import Judged
from services.api.ledger_lookup import Looked
from services.api.sent_items import shown_item
from services.send_answers import ACCEPTED, DUPLICATE, SentItem


def tried_items(entries: Sequence[GivenEvent], judged: Judged, seen: Looked) -> list[SentItem]:
    """Decide by the rules themselves what would be sent, and nothing of it is kept."""
    assert seen.state is not None, "it was loaded for a dry run"  # noqa: S101
    assert seen.known is not None, "so was this"  # noqa: S101
    sent = [
        (entry.line.subject, entry.line.body, entry.event)
        for entry in (entries[place] for place in judged.to_send)
        if entry.line is not None and entry.event is not None
    ]
    decided = tried(seen.state, seen.recorded, sent, dt.datetime.now(dt.UTC), seen.known)
    found = dict(zip(judged.to_send, decided, strict=True))
    items = []
    for place, (entry, item) in enumerate(zip(entries, judged.items, strict=True)):
        if item is not None:
            items.append(shown_item(place, item, seen.view.told, tried=True))
            continue
        double = place in judged.doubles
        items.append(_would_be(place, entry, found[judged.doubles[place] if double else place], double=double))
    return items


def _would_be(place: int, entry: GivenEvent, decided: Tried, *, double: bool) -> SentItem:
    status = DUPLICATE if double else ACCEPTED
    field, detail = (decided.field, decided.detail) if decided.reason is not None else (UNSET, UNSET)
    known = (place, entry.publisher, entry.id, status, None, decided.outcome, decided.reason)
    return SentItem(*known, field, detail, decided.tried, decided.suspicious or UNSET)
