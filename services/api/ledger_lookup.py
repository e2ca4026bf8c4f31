"""What one snapshot says before events are sent: the ledger, who may speak, how the projector stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from projections.answers.access.sight import Sight
from projections.answers.report.report_answers import Behind
from projections.rules.counting.state import Recorded, State
from projections.rules.folding.fold import EventKey
from projections.store.reading.confined import speakers
from projections.store.reading.receipts import projector
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.suspicions import KnownFacts, known_facts_for
from projections.store.reading.trial import recorded_for, state_for
from services.access.asker import Asker
from services.api.event_bodies import GivenEvent
from services.api.judging import LedgerView
from services.api.parameters import today
from services.api.sent_outcomes import rows_at
from services.api.sights import holder_of
from services.publishing.receipt import CATCHING_UP
from services.receipts.standing import behind_of


class Looked(NamedTuple):
    """What one snapshot says before events are sent; ``state`` where they are to be tried."""

    view: LedgerView
    recorded: dict[EventKey, Recorded]
    state: State | None
    known: KnownFacts | None
    position: int
    behind: Behind | None


async def look_at(
    snapshot: Snapshot,
    _: Sight,
    *,
    entries: Sequence[GivenEvent],
    asker: Asker,
    trying: bool,
    root: str,
    may: set[str] | None = None,
) -> Looked:
    """See what the log has under the keys of events, as which units the asker speaks, and how the projector stands.

    ``may``: those units, where they are known.
    """
    events = [entry.event for entry in entries if entry.event is not None]
    recorded = await recorded_for(snapshot, events)
    told = await rows_at(snapshot, [prior.position for prior in recorded.values()]) if recorded else {}
    holder = holder_of(asker, today())
    if holder is not None and may is None:
        may = await speakers(snapshot, holder, {event.publisher for event in events})
    state = await state_for(snapshot, events, recorded, root) if trying else None
    known = await known_facts_for(snapshot, events, holder, today()) if trying else None
    found = behind_of(await projector(snapshot), snapshot.position)
    # That it is catching up says nothing: of what is sent now nothing can be decided yet.
    stands = found is not None and found.state != CATCHING_UP
    behind = Behind(found.events, found.state, found.detail or "") if found is not None and stands else None
    return Looked(LedgerView(recorded, told, may), recorded, state, known, snapshot.position, behind)
