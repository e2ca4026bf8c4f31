"""An answer about events that were sent: read, and looked at whether it can be believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from events.vocabulary import Outcome
from projections.answers.report.report_answers import Behind
from projections.answers.suspicion.suspicions import Suspicion
from projections.bilingual import Bilingual
from services.client.errors import StrangeAnswerError
from services.client.told import ACCEPTED, DUPLICATE, EventTold, SendReceipt, Status
from services.publishing.lines import Line

_OUTCOMES: Final = frozenset(Outcome)
_Given = TypeVar("_Given")
is_receipt_id: Final = re.compile(r"r-[0-9a-f]{32}").fullmatch


class _Item(msgspec.Struct):
    index: int
    status: Status
    publisher: str | None = None
    id: str | None = None
    position: int | UnsetType | None = UNSET
    outcome: str | UnsetType | None = UNSET
    reason: str | None = None
    field: str | UnsetType | None = UNSET
    detail: str | UnsetType | None = UNSET
    tried: bool | UnsetType = UNSET
    suspicious: tuple[Suspicion, ...] | UnsetType = UNSET


class _Sent(msgspec.Struct):
    items: list[_Item]
    receipt: str | None = None
    behind: Behind | None = None


_decode: Final = msgspec.json.Decoder(_Sent).decode


def read_sent(body: bytes, lines: Sequence[Line] | None, *, dry_run: bool = False) -> SendReceipt:
    """Read what is answered to these events, None for whichever they were.

    Raises StrangeAnswerError where it is not about just these events, in their order, or can't be.
    """
    try:
        sent = _decode(body)
    except (ValueError, RecursionError) as error:
        strange(str(error))
    if sent.receipt is not None and not is_receipt_id(sent.receipt):
        strange("receipt")
    if lines is not None and len(sent.items) != len(lines):
        strange(f"{len(sent.items)} items for {len(lines)} events")
    told = []
    for place, item in enumerate(sent.items):
        line = None if lines is None else lines[place]
        _require_true(place, item, line, dry_run=dry_run)
        told.append(
            EventTold(
                item.publisher or ("" if line is None else line.publisher),
                item.id or ("" if line is None else line.id),
                item.status,
                _given(item.position),
                _given(item.outcome),
                item.reason,
                _given(item.field),
                _given(item.detail),
                _given(item.tried),
                () if item.suspicious is UNSET else item.suspicious,
            )
        )
    accepted = any(item.status == ACCEPTED for item in told)
    if lines is not None and accepted and not dry_run and sent.receipt is None:
        strange("accepted without a receipt")
    return SendReceipt(tuple(told), () if sent.receipt is None else (sent.receipt,), sent.behind)


def _require_true(place: int, item: _Item, line: Line | None, *, dry_run: bool) -> None:
    """Raise StrangeAnswerError where an item is about another event, or says what can't be."""
    if item.index != place:
        strange(f"item {place} has the index {item.index}")
    # Of one that can't be read the service names neither; ours were read before they were sent.
    if line is not None and (item.publisher or line.publisher, item.id or line.id) != (line.publisher, line.id):
        strange(f"item {place} is about another event")
    position, outcome = _given(item.position), _given(item.outcome)
    if outcome is not None and outcome not in _OUTCOMES:
        strange(f"item {place}: outcome")
    in_the_log = item.status in {ACCEPTED, DUPLICATE}
    if not in_the_log and (position is not None or outcome is not None or item.reason is None):
        strange(f"item {place}: {item.status} with a position or an outcome, or without a reason")
    if in_the_log and not dry_run and (position is None or position < 1):
        strange(f"item {place}: {item.status} without a position")


def _given(value: _Given | UnsetType) -> _Given | None:
    return None if value is UNSET else value


def strange(what: str) -> NoReturn:
    """Raise StrangeAnswerError: ``what`` is not as tonghop answers."""
    raise StrangeAnswerError(
        Bilingual(
            "câu trả lời không phải của dịch vụ tonghop, hãy xem địa chỉ và phiên bản",
            "this is not how tonghop answers: look at the address, and at both versions",
        ).with_detail(what[:200])
    )
