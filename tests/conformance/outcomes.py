"""Events in, outcomes out: a log from its beginning, request by request, as the oracle decides it (contract §2, §8)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from services.api.event_bodies import entry_of
from tests.oracle.figures import Question
from tests.oracle.oracle import Oracle
from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    assigned,
    declared,
    departed,
    dissolved,
    founded,
    granted,
    moved,
    releveled,
    renamed,
    restored,
    retracted,
    revoked,
    root,
    say,
    transferred,
)

_HALF = 32
"""Of the units that may be one under the other."""
_READER = "0123456789abcdef"


class Step(NamedTuple):
    """One request, and of which events it changes what became of them; ``bus``: what the service alone publishes."""

    name: str
    events: tuple[Said, ...]
    then: tuple[tuple[str, str], ...] = ()
    bus: bool = False


class Asks(NamedTuple):
    """A figure that follows."""

    name: str
    unit: str
    first: str
    last: str
    measures: tuple[str, ...] = ("admissions",)
    basis: str = "as-was"


def vectors(*, deep: bool = True) -> list[dict[str, Any]]:
    """Give each request with the items that answer it when all is decided, and each figure asked in between.

    Without those that are ``deep``, which the oracle takes seconds for, those before them are the same.
    """
    log = _Log()
    steps = (*_steps(), *(_depths() if deep else ()))
    return [log.asked(step) if isinstance(step, Asks) else log.sent(step) for step in steps]


class _Log:
    """The log as the requests make it, read by the oracle."""

    def __init__(self) -> None:
        self._oracle = Oracle(ROOT)
        self._first: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._last = 0

    def sent(self, step: Step) -> dict[str, Any]:
        items = [self._judged(said, bus=step.bus) for said in step.events]
        told = [self._told(item) for item in items]
        found: dict[str, Any] = {"name": step.name}
        found |= {"over": "bus"} if step.bus else {}
        found |= {"send": [said.body.decode() for said in step.events], "items": told}
        if step.then:
            found["then"] = [self._then(*key) for key in step.then]
        return found

    def asked(self, asks: Asks) -> dict[str, Any]:
        days = (dt.date.fromisoformat(asks.first), dt.date.fromisoformat(asks.last))
        report = self._oracle.report(Question(asks.unit, *days, asks.basis, asks.measures, "none"))
        query = f"from={asks.first}&to={asks.last}&basis={asks.basis}&measures={','.join(asks.measures)}&by=none"
        return {"name": asks.name, "ask": f"/v1/units/{asks.unit}/report?{query}", "total": report.total}

    def _judged(self, said: Said, *, bus: bool) -> dict[str, Any]:
        """Say what the door does with an event, and put it into the log where it takes it."""
        event = json.loads(said.body)
        known = {"publisher": event["source"].removeprefix("/units/"), "id": event["id"]}
        key = (known["publisher"], known["id"])
        entry = entry_of(said.body, ROOT)
        if entry.fault is not None and not bus:
            return known | {"status": "refused", "reason": str(entry.fault.reason), "field": entry.fault.field}
        if key in self._first:
            position, body = self._first[key]
            if json.loads(body) == event:
                return known | {"status": "duplicate", "at": position}
            return known | {"status": "refused", "reason": "id_conflict", "field": "id"}
        self._last += 1
        self._oracle.feed(self._last, said.bus_subject, said.body)
        self._first[key] = (self._last, said.body)
        return known | {"status": "accepted", "at": self._last}

    def _told(self, item: dict[str, Any]) -> dict[str, Any]:
        position = item.pop("at", None)
        if position is None:
            return item
        outcome, reason = self._oracle.outcome(position)
        return item | {"outcome": outcome, "reason": reason}

    def _then(self, publisher: str, event_id: str) -> dict[str, Any]:
        outcome, reason = self._oracle.outcome(self._first[publisher, event_id][0])
        return {"publisher": publisher, "id": event_id, "outcome": outcome, "reason": reason}


def _steps() -> Iterator[Step | Asks]:
    yield from _the_beginning()
    yield from _every_type()
    yield from _doubles()
    yield from _waiting()
    yield from _retractions()
    yield from _authority()
    yield from _reorganisation()
    yield from _trees()
    yield from _access()


def _the_beginning() -> Iterator[Step | Asks]:
    yield Step("before the root there is nobody", (admitted("xa-a", "2023-05-01", "early"),))
    yield Step("the root establishes itself", (root(),))
    yield Step("another can't", (root("root-2"),))
    yield Step(
        "units, in whatever order; what waited for one holds",
        (
            founded("xa-a", "huyen", "2010-01-01", "grassroots"),
            founded("huyen", "tinh", "2005-01-01"),
            founded("tinh", ROOT, "2000-01-01", "province"),
            founded("xa-b", "huyen", "2010-01-01", "grassroots"),
            founded("chi-bo", "xa-a", "2015-01-01", "cell", by="huyen"),
        ),
        then=(("xa-a", "early"),),
    )


def _every_type() -> Iterator[Step | Asks]:
    facets = {"facets": {"sex": "female", "age_band": "18-30"}}
    yield Step(
        "every type once",
        (
            admitted("xa-a", "2023-05-02", "adm", **facets),
            say("xa-a", "conf", "member.confirmed", "xa-a", {"member": "m-1", "decided_on": "2024-05-02"}),
            say("xa-a", "badge", "badge.awarded", "xa-a", {"member": "m-1", "grade": 30, "awarded_on": "2023-05-19"}),
            departed("xa-a", "not_confirmed", "2023-06-01", "dep"),
            restored("xa-a", "2023-07-01", "rest"),
            transferred("xa-a", "xa-b", "2023-08-01", "trans", **{"as": "77"}),
            say("xa-a", "intro", "candidate.introduced", "xa-a", {"candidate": "q-1", "on": "2023-01-05"}),
            say("xa-a", "train", "candidate.trained", "xa-a", {"candidate": "q-1", "on": "2023-02-05", "passed": True}),
            renamed("xa-a", "Đảng bộ xã A", "2020-01-01", "name", by="huyen"),
            releveled("xa-b", "upper", "2020-01-01", "level", by="huyen"),
            assigned("xa-a", "admissions", ("2023-01-01", "2023-12-31"), (3, 9), "target", by="huyen"),
            declared("xa-a", "members", "2023-12-31", 40, "stock"),
            declared("xa-a", "admissions", ("2023-01-01", "2023-12-31"), 2, "flow"),
        ),
    )
    yield Asks("a unit", "xa-a", "2023-01-01", "2024-12-31", ("admissions", "departures", "transfers_out"))
    yield Asks("what came to the other", "xa-b", "2023-01-01", "2024-12-31", ("admissions", "transfers_in"))
    yield Asks("and the total", ROOT, "2023-01-01", "2024-12-31", ("admissions", "transfers_in", "transfers_out"))
    yield Step(
        "what no door takes",
        (
            say("xa-a", "bad-1", "badge.awarded", "xa-a", {"member": "m-1", "grade": 35, "awarded_on": "2023-05-19"}),
            admitted("xa-a", "2023-05-03", "bad-2", full_name="x"),
            say("xa-a", "bad-3", "member.born", "xa-a", {}),
            granted("xa-a", _READER, "reader", "bad-4"),
            admitted("xa-a", "2023-05-03", "good"),
        ),
    )


def _doubles() -> Iterator[Step | Asks]:
    first = admitted("xa-a", "2023-05-02", "adm", facets={"sex": "female", "age_band": "18-30"})
    turned = Said(first.bus_subject, json.dumps(dict(reversed(json.loads(first.body).items())), indent=1).encode())
    other = admitted("xa-a", "2023-05-02", "adm")
    yield Step("the same again, byte for byte, laid out in another way, and with other content", (first, turned, other))
    new = admitted("xa-a", "2023-05-04", "twice")
    yield Step("the same twice in one request", (new, new, admitted("xa-a", "2023-05-05", "twice")))
    yield Step("the id of another publisher is another's", (admitted("xa-b", "2023-05-02", "adm"),))
    later = admitted("xa-a", "2023-05-02", "adm", facets={"sex": "female", "age_band": "18-30"})
    yield Step(
        "recorded at another time is other content",
        (Said(later.bus_subject, later.body.replace(b"T09:00:00", b"T10:00:00")),),
    )
    yield Asks("it counts once", "xa-a", "2023-05-02", "2023-05-02")


def _waiting() -> Iterator[Step | Asks]:
    yield Step(
        "for a unit that is not known, for the days of one, and for who may say it",
        (
            admitted("xa-moi", "2023-05-01", "w-1"),
            admitted("xa-a", "2009-12-31", "w-2"),
            admitted("xa-b", "2023-05-01", "w-3", by="xa-a"),
            transferred("xa-a", "xa-moi", "2023-09-01", "w-4"),
            founded("duoi", "xa-moi", "2021-01-01", "cell"),
        ),
    )
    yield Step(
        "what it waited for is known",
        (founded("xa-moi", "huyen", "2020-01-01", "grassroots"),),
        then=(("xa-moi", "w-1"), ("xa-a", "w-2"), ("xa-a", "w-4"), (ROOT, "found-duoi")),
    )
    yield Step("a unit ends, with a successor", (dissolved("xa-moi", "2024-01-01", "xa-a", by="huyen"),))
    yield Step(
        "late facts of its days hold, others wait",
        (admitted("xa-moi", "2023-12-31", "late-1"), admitted("xa-moi", "2024-01-01", "late-2")),
    )
    yield Step("it ends once", (dissolved("xa-moi", "2025-01-01", by="huyen", event_id="end-again"),))
    yield Asks("as it was, its successor has none of it", "xa-a", "2023-12-31", "2023-12-31")
    yield Asks("as it is now, it has", "xa-a", "2023-12-31", "2023-12-31", basis="as-now")


def _retractions() -> Iterator[Step | Asks]:
    yield Step("taken back by its publisher", (retracted("xa-a", "r-1", "twice"),), then=(("xa-a", "twice"),))
    yield Step("taken back by a unit above", (retracted("huyen", "r-2", "good", of="xa-a"),), then=(("xa-a", "good"),))
    yield Step("by another it waits", (retracted("xa-b", "r-3", "adm", of="xa-a"),), then=(("xa-a", "adm"),))
    yield Step("before its event it waits", (retracted("xa-a", "r-4", "not-yet"),))
    yield Step(
        "which is taken back when it comes",
        (admitted("xa-a", "2023-05-06", "not-yet"),),
        then=(("xa-a", "r-4"),),
    )
    yield Step("what waits can be taken back", (retracted("xa-a", "r-5", "w-2"),), then=(("xa-a", "w-2"),))
    yield Step(
        "what is over can't: taken back already, rejected, or a retraction",
        (
            retracted("xa-a", "r-6", "twice"),
            retracted(ROOT, "r-7", "root-2"),
            retracted("xa-a", "r-8", "r-1"),
        ),
    )
    yield Step("a foundation on which something stands can't", (retracted(ROOT, "r-9", "found-huyen"),))
    yield Asks("what is left", "xa-a", "2023-05-01", "2023-05-31")


def _authority() -> Iterator[Step | Asks]:
    yield Step(
        "for a unit below, not for one above or beside",
        (
            admitted("chi-bo", "2023-10-01", "a-1", by="tinh"),
            admitted("tinh", "2023-10-01", "a-2", by="xa-a"),
            renamed("xa-a", "Tên khác", "2023-10-01", "a-3", by="xa-a"),
            founded("to", "chi-bo", "2023-10-01", "group", by="xa-a", event_id="a-4"),
            founded("to-2", "xa-b", "2023-10-01", "group", by="xa-a", event_id="a-5"),
            assigned("xa-b", "admissions", ("2023-01-01", "2023-12-31"), (1, None), "a-6", by="xa-a"),
        ),
    )


def _reorganisation() -> Iterator[Step | Asks]:
    yield Step(
        "facts before the move",
        (
            admitted("xa-b", "2024-02-01", "m-1"),
            admitted("xa-b", "2024-04-01", "m-2"),
            founded("huyen-2", "tinh", "2005-01-01"),
        ),
    )
    yield Step("a unit moves, told late", (moved("xa-b", "huyen-2", "2024-03-01", "move", by="tinh"),))
    for unit, basis in (("huyen", "as-was"), ("huyen-2", "as-was"), ("huyen", "as-now"), ("huyen-2", "as-now")):
        yield Asks(f"{unit}, {basis}", unit, "2024-01-01", "2024-12-31", basis=basis)
    yield Step(
        "who is above it now may speak, on the days before too",
        (admitted("xa-b", "2024-02-02", "m-3", by="huyen-2"), admitted("xa-b", "2024-04-02", "m-4", by="huyen")),
    )
    yield Step(
        "the move is taken back", (retracted("tinh", "r-move", "move"),), then=(("tinh", "move"), ("huyen", "m-4"))
    )
    yield Asks("as before", "huyen", "2024-01-01", "2024-12-31")


def _trees() -> Iterator[Step | Asks]:
    yield Step(
        "a unit under itself",
        (moved("tinh", "xa-a", "2024-06-01", "cycle-1"), moved("huyen", "huyen", "2024-06-01", "cycle-2")),
    )
    yield Step("founded twice", (founded("xa-b", "huyen", "2011-01-01", "grassroots", event_id="again"),))


def _access() -> Iterator[Step | Asks]:
    yield Step(
        "access is the service's own to say, on the last known hierarchy, and never waits",
        (
            granted("xa-a", _READER, "reader", "g-1", by="huyen"),
            granted("xa-b", _READER, "officer", "g-2", by="xa-a"),
            granted("khong-co", _READER, "reader", "g-3", by=ROOT),
            revoked("xa-a", _READER, "reader", "g-4", by="tinh"),
            granted("xa-a", _READER, "operator", "g-5", by=ROOT),
        ),
        bus=True,
    )


def _depths() -> Iterator[Step | Asks]:
    chains = tuple(
        founded(f"{chain}-{n:02}", ROOT if n == 1 else f"{chain}-{n - 1:02}", "2001-01-01", "group")
        for chain in ("tren", "duoi")
        for n in range(1, _HALF + 1)
    )
    yield Step("two long lines of units", chains)
    yield Step(
        "64 levels below the root, and no more",
        (
            moved("duoi-01", "tren-32", "2024-01-01", "deep-1"),
            founded("duoi-33", "duoi-32", "2024-01-01", "group", event_id="deep-2"),
        ),
    )
