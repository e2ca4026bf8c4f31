"""What became of events that were sent, as a snapshot has it, for who may know it (contract, section 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from events.vocabulary import Outcome
from projections.answers.access.sight import EVERYTHING, Holder, Sight
from projections.answers.report.report_answers import Behind
from projections.answers.suspicion.suspicions import Suspicion
from projections.store.reading.confined import speakers
from projections.store.reading.receipts import projector
from projections.store.reading.sent import told_at, told_under
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.suspicions import suspicions_at
from services.api.kept_receipts import KeptItem
from services.api.sent_items import shown_items
from services.receipts.standing import behind_of
from services.send_answers import ACCEPTED, UNSENT, SentItem

if TYPE_CHECKING:
    from asyncpg import Record


class Told(NamedTuple):
    """What is known of events that were sent: their rows by position, what is suspicious, and how far the log is."""

    rows: Mapping[int, Record]
    suspicious: Mapping[int, tuple[Suspicion, ...]]
    behind: Behind | None


async def rows_at(snapshot: Snapshot, positions: Sequence[int]) -> dict[int, Record]:
    """Return what the ledger has at positions, by position."""
    return {row["position"]: row for row in await told_at(snapshot, positions)}


async def outcomes_at(
    snapshot: Snapshot, _: Sight, *, items: Sequence[KeptItem], last: int, holder: Holder | None
) -> Told:
    """Say what is known of items; of what ``holder`` may see no more, nothing. ``last``: the last position of them."""
    told = await rows_at(snapshot, [item.position for item in items if item.position is not None])
    if holder is not None:  # what the asker may see no more
        seen = await speakers(snapshot, holder, {item.publisher for item in items if item.publisher})
        told = {position: row for position, row in told.items() if row["publisher"] in seen}
    counted = {
        item.position
        for item in items
        if item.position in told and item.status == ACCEPTED and told[item.position]["outcome"] == Outcome.COUNTED
    }
    suspicious = await suspicions_at(snapshot, counted, holder) if counted else {}
    found = behind_of(await projector(snapshot), snapshot.position)
    if found is None or last <= snapshot.position:
        return Told(told, suspicious, None)
    behind = Behind(max(found.events, last - snapshot.position), found.state, found.detail or "")
    return Told(told, suspicious, behind)


async def items_told(
    snapshot: Snapshot, items: Sequence[KeptItem], holder: Holder | None
) -> tuple[list[SentItem], Behind | None]:
    """Tell the outcomes of items, but those that ``holder`` may see no more; and why some are not known yet."""
    last = max((item.position or 0 for item in items), default=0)
    told = await outcomes_at(snapshot, EVERYTHING, items=items, last=last, holder=holder)
    return shown_items(items, told.rows, told.suspicious), told.behind


async def found_in_log(snapshot: Snapshot, kept: Sequence[KeptItem], *, answered: bool) -> list[KeptItem]:
    """Say of what may have been sent without an answer that it was accepted, where the ledger has it."""
    items = list(kept)
    doubted = [n for n, item in enumerate(items) if item.status == UNSENT and (item.detail or not answered)]
    keys = [(items[n].publisher or "", items[n].id or "") for n in doubted]
    under = {(row["publisher"], row["id"]): row for row in await told_under(snapshot, keys)} if keys else {}
    for n, key in zip(doubted, keys, strict=True):
        row = under.get(key)
        if row is not None and row["digest"] == items[n].digest:
            known = {"status": ACCEPTED, "position": row["position"], "reason": None, "detail": None}
            items[n] = msgspec.structs.replace(items[n], **known)
    return items
