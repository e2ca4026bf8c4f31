"""What is decided of events before they are sent: who may speak, and what the ledger has under their keys (§8).

Pure: all else is for the log to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from events.codec import same_content
from events.subjects import digest
from events.vocabulary import Reason
from projections.rules.counting.state import Recorded
from projections.rules.folding.fold import EventKey
from projections.rules.kinds.retraction import target_of
from projections.store.reading.access import OF_ACCESS
from services.api.event_bodies import FORBIDDEN, GivenEvent, WhyRefused
from services.api.kept_receipts import KeptItem
from services.send_answers import ACCEPTED, DUPLICATE, REFUSED, UNSENT

if TYPE_CHECKING:
    from asyncpg import Record

_OF_ACCESS: Final = WhyRefused(
    FORBIDDEN,
    "data.id",
    "quyền được thu hồi bằng `tonghop revoke` / what gives or takes access is undone by `tonghop revoke`",
)


class LedgerView(NamedTuple):
    """What a snapshot says of events that are about to be sent. ``speakers``: as which units the asker may send."""

    recorded: Mapping[EventKey, Recorded]
    told: Mapping[int, Record]
    speakers: set[str] | None
    """None: as any."""


class Judged(NamedTuple):
    """What is known of each event; those ``to_send`` have no more than their place.

    ``doubles``: events that say what one before them in the request says, with that one's place.
    """

    items: list[KeptItem | None]
    to_send: list[int]
    doubles: dict[int, int]


def judge(entries: Sequence[GivenEvent], view: LedgerView) -> Judged:
    """Decide each in turn, given what the ledger has and those before it."""
    judged, first = Judged([], [], {}), dict[EventKey, int]()
    for place, entry in enumerate(entries):
        fault = _fault(entry, view)
        if fault is not None or entry.line is None:
            judged.items.append(_refused(entry, fault or WhyRefused(Reason.MALFORMED, None, "")))
            continue
        key = (entry.line.publisher, entry.line.id)
        prior = view.recorded.get(key)
        before = entries[first[key]].line if key in first else None
        if prior is not None:
            judged.items.append(_known(entry, prior))
        elif before is None:
            first[key] = place
            judged.to_send.append(place)
            judged.items.append(None)
        elif same_content(before.body, entry.line.body):
            judged.doubles[place] = first[key]
            judged.items.append(None)
        else:
            detail = f"event {first[key]} of this request has the id for something else"
            judged.items.append(_refused(entry, WhyRefused(Reason.ID_CONFLICT, "id", detail)))
    return judged


def accepted(entry: GivenEvent, position: int, status: str = ACCEPTED) -> KeptItem:
    """Say that an event is in the log."""
    assert entry.line is not None, "else it is refused"  # noqa: S101
    return KeptItem(entry.publisher, entry.id, status, position, digest=digest(entry.line.body))


def unsent(entry: GivenEvent, reason: str, *, in_doubt: bool) -> KeptItem:
    """Say that an event was not acknowledged: it is to be sent again."""
    assert entry.line is not None, "else it is refused"  # noqa: S101
    detail = "đã gửi, chưa được xác nhận / sent, not acknowledged" if in_doubt else None
    return KeptItem(entry.publisher, entry.id, UNSENT, None, reason, None, detail, digest(entry.line.body))


def refused_by_bus(entry: GivenEvent, reason: str, detail: str) -> KeptItem:
    """Say that the bus takes an event from nobody; a publisher that is shut out may not speak."""
    return _refused(entry, WhyRefused(FORBIDDEN if reason == "not_permitted" else reason, "source", detail))


def not_as(unit: str | None) -> str:
    """Word that the asker may not speak as a unit."""
    return f"tài khoản này không được gửi với tư cách {unit} / this account may not send as {unit}"


def used_at(position: int) -> str:
    """Word that the log has something else under an id."""
    return f"the id was used at position {position} for something else"


def _fault(entry: GivenEvent, view: LedgerView) -> WhyRefused | None:
    if entry.fault is not None:
        return entry.fault
    if view.speakers is None or entry.event is None:
        return None
    if entry.publisher not in view.speakers:
        return WhyRefused(FORBIDDEN, "source", not_as(entry.publisher))
    if entry.event.type == "event.retracted":
        target = view.recorded.get(target_of(entry.event))
        if target is not None and (target.type or "").startswith(OF_ACCESS):
            return _OF_ACCESS
    return None


def _refused(entry: GivenEvent, fault: WhyRefused) -> KeptItem:
    return KeptItem(entry.publisher, entry.id, REFUSED, None, str(fault.reason), fault.field, fault.detail)


def _known(entry: GivenEvent, prior: Recorded) -> KeptItem:
    assert entry.line is not None, "else it is refused"  # noqa: S101
    if same_content(prior.body, entry.line.body):
        return KeptItem(entry.publisher, entry.id, DUPLICATE, prior.position, digest=digest(prior.body))
    return _refused(entry, WhyRefused(Reason.ID_CONFLICT, "id", used_at(prior.position)))
