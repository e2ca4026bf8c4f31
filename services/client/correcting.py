"""Events taken back and said anew: by the service over HTTP, by ourselves over the bus (contract §8, Corrections)."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

import msgspec

from events.data import Data, EventRetracted
from events.subjects import source_of
from services.client.answers import read_sent, strange
from services.client.delivering import Delivery
from services.client.errors import StandsNoMoreError
from services.client.saying import event, line_of
from services.client.told import DUPLICATE, EventTold, SendReceipt
from services.publishing.correction_ids import replacement_stem, retraction_id
from services.publishing.lines import Line
from services.sheets.event_ids import numbered

_NUMBERS: Final = 100


class Correction(NamedTuple):
    """The event to be taken back, why, and the data that it should have had, None where it is not said anew.

    ``subject``: whom it is about, the publisher where it is None; the service knows it, the bus doesn't.
    """

    publisher: str
    id: str
    reason: str
    data: Data | None = None
    subject: str | None = None


async def corrected(to: Delivery, wanted: Correction, wait: float) -> SendReceipt:
    """Send a retraction, or a retraction and what is said anew, both or neither; wait for their outcomes.

    Raises NoSuchError, MayNotError, StandsNoMoreError, RefusedEventError, AwayError.
    """
    until = time.monotonic() + wait
    if to.http is None:
        return await to.settled(await _over_bus(to, wanted), until)
    body: dict[str, object] = {"reason": wanted.reason}
    if wanted.data is not None:
        body["data"] = msgspec.to_builtins(wanted.data)
    what = "retraction" if wanted.data is None else "replacement"
    path = ("v1", "events", wanted.publisher, wanted.id, what)
    sent, headers, http = msgspec.json.encode(body), {"content-type": "application/json"}, to.http
    told = read_sent(await to.patiently(lambda: http.ask("POST", *path, body=sent, headers=headers)), None)
    first = retraction_id(wanted.publisher, wanted.id)
    if len(told.items) != (1 if wanted.data is None else 2) or told.items[0].id != first:
        strange(f"{what} of another event")
    return await to.settled(told, until)


async def _over_bus(to: Delivery, wanted: Correction) -> SendReceipt:
    publisher, bus = wanted.publisher, to.over_bus()
    taken = _retraction(wanted)
    stem, number = replacement_stem(publisher, wanted.id)
    ids = [] if wanted.data is None else [numbered(stem, number + n) for n in range(1, _NUMBERS)]
    known = await to.patiently(lambda: bus.known(publisher, [taken.id, *ids]))
    there = known.get(taken.id)
    if wanted.data is None:
        if there is None:
            return await to.send([taken])
        said = (there.position, there.outcome, there.reason, there.field, there.detail)  # before, at another time
        return SendReceipt((EventTold(publisher, taken.id, DUPLICATE, *said),))
    if there is not None:
        raise StandsNoMoreError(409, {"title": "already retracted", "detail": f"{publisher} {taken.id}"})
    free = next(new for new in ids if new not in known)
    anew = line_of(event(publisher, wanted.data, id=free, subject=wanted.subject), 1)
    return await to.patiently(lambda: bus.send([taken, anew], whole=True))


def _retraction(wanted: Correction) -> Line:
    data = EventRetracted(source=source_of(wanted.publisher), id=wanted.id, reason=wanted.reason)
    named = retraction_id(wanted.publisher, wanted.id)
    return line_of(event(wanted.publisher, data, id=named, subject=wanted.subject))
