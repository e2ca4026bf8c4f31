"""What became of a hostile unit's messages: they stand as its own, and say nothing of anybody who is not below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
from nats.aio.client import NATS_HDR_LINE

from projections.rules.log.message import Message
from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy
from tests.oracle.wording import RETRACTION, Event
from tests.soak.accounting import Books
from tests.soak.hostile_unit import HOSTILE, OWN_SUBJECTS, TRIED


class Fate(NamedTuple):
    """What was tried with a message that is in the log, and the outcome."""

    tried: str
    outcome: str


def fates(log: Sequence[Message], books: Books) -> Counter[Fate]:
    """Count the hostile unit's messages in the log."""
    outcomes = {position: outcome for position, outcome, _ in books.oracle.outcomes()}
    return Counter(Fate(_tried(message), outcomes[message.position]) for message in _hostile(log))


async def hold_hostile(connection: asyncpg.Connection, log: Sequence[Message], books: Books) -> None:
    """Hold that all it sent stands under its name and nothing else does, and that what holds is about its own alone."""
    positions = [message.position for message in _hostile(log)]
    kept = await connection.fetch("SELECT position FROM ledger WHERE publisher = $1 ORDER BY position", HOSTILE)
    assert [row["position"] for row in kept] == positions
    sent, h = set(positions), books.oracle.hierarchy()
    for entry in books.oracle.entries:
        if entry.position in sent and entry.holds:
            assert entry.event is not None
            assert _is_its_own(h, entry.event), entry.event


def _is_its_own(h: Hierarchy, event: Event) -> bool:
    """Whether an event is about the unit or what is below it; a retraction about what such a one said."""
    about = event["data"]["source"].removeprefix("/units/") if event["type"] == RETRACTION else event["subject"]
    return about == HOSTILE or HOSTILE in h.ancestors(about, LAST_KNOWN)


def _hostile(log: Sequence[Message]) -> list[Message]:
    return [message for message in log if message.bus_subject.startswith(OWN_SUBJECTS)]


def _tried(message: Message) -> str:
    lines = (message.headers or b"").removeprefix(NATS_HDR_LINE).decode(errors="replace").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith(f"{TRIED}:")]
    return named[0] if named else "unnamed"
