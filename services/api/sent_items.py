"""What a sender is told of each event: out of what is kept of it, and what the ledger says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from projections.answers.suspicion.suspicions import Suspicion
from services.api.kept_receipts import KeptItem
from services.send_answers import ACCEPTED, REFUSED, UNSENT, SentItem

if TYPE_CHECKING:
    from asyncpg import Record


def shown_items(
    items: Sequence[KeptItem],
    told: Mapping[int, Record],
    suspicious: Mapping[int, tuple[Suspicion, ...]] = MappingProxyType({}),
) -> list[SentItem]:
    """Tell items in their order; ``told`` and ``suspicious`` are by position."""
    shown = [shown_item(place, item, told) for place, item in enumerate(items)]
    return [
        msgspec.structs.replace(each, suspicious=suspicious[item.position])
        if item.position is not None and item.position in suspicious and item.status == ACCEPTED
        else each
        for each, item in zip(shown, items, strict=True)
    ]


def shown_item(place: int, item: KeptItem, told: Mapping[int, Record], *, tried: bool | None = None) -> SentItem:
    """Tell one item; ``tried`` where it was only tried, ``told`` has the ledger's rows by position."""
    said = _item_said(place, item, told, tried=tried)
    return said if item.row is None else msgspec.structs.replace(said, row=item.row)


def _item_said(place: int, item: KeptItem, told: Mapping[int, Record], *, tried: bool | None) -> SentItem:
    marked = UNSET if tried is None else tried
    row = None
    if item.status in {REFUSED, UNSENT}:
        field = UNSET if item.status == UNSENT else item.field
        detail = UNSET if item.status == UNSENT and item.detail is None else item.detail
        return SentItem(
            place, item.publisher, item.id, item.status, reason=item.reason, field=field, detail=detail, tried=marked
        )
    if item.position is not None:
        row = told.get(item.position)
        if row is not None and (row["publisher"], row["id"]) != (item.publisher, item.id):
            row = None  # another log than the one that it was sent to
    if row is None:
        return SentItem(place, item.publisher, item.id, item.status, item.position, None, tried=marked)
    field, detail = (row["field"], row["detail"]) if row["reason"] is not None else (UNSET, UNSET)
    known = (place, item.publisher, item.id, item.status, item.position, row["outcome"], row["reason"])
    return SentItem(*known, field, detail, marked)
