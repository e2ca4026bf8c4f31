"""Deciding an event changes nothing, and what the fold then does is what was decided."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from events.catalogue import CATALOGUE
from events.codec import Event, decode
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.state import Recorded, State
from projections.rules.deciding.decision import Refused, Waits
from projections.rules.kinds.attempt import KIND_OF
from tests.oracle.telling import ROOT, Said
from tests.property.examples import examples
from tests.property.folding import Folded
from tests.property.strategies import logs
from tests.property.system import SIZES


def test_every_type_has_its_kind() -> None:
    assert KIND_OF.keys() == CATALOGUE.keys()


@examples(60)
@given(logs)
def test_deciding_changes_nothing_and_binds_the_fold(log: list[Said]) -> None:
    folded = Folded(SIZES)
    for position, said in enumerate(log, start=1):
        event = decode(said.bus_subject, said.body, root=ROOT)
        expected = _decided(folded, position, said, event) if isinstance(event, Event) else None
        folded.take([said])
        if expected is not None and folded.outcomes[position][0] != "retracted":  # by one that waited for it
            assert folded.outcomes[position][0] in expected[0]
            assert folded.outcomes[position][1] == expected[1]


def _decided(folded: Folded, position: int, said: Said, event: Event) -> tuple[set[str], str | None] | None:
    """Decide twice, by what the fold knows so far; return the outcomes and the reason that follow."""
    key = (event.publisher, event.id)
    if key in folded.recorded:
        return None
    itself = Recorded(position, *key, event.type, "", said.bus_subject, said.body, event)
    work = BatchWork(folded.state, {**folded.recorded, key: itself}, folded.references())
    before = _state(folded.state)
    verdicts = [KIND_OF[event.type].decide(position, event, work) for _ in range(2)]
    assert verdicts[0] == verdicts[1]
    assert _state(folded.state) == before
    match verdicts[0]:
        case Refused(reason):
            return {"rejected"}, reason
        case Waits(reason):
            return {"parked"}, reason
    return {"counted", "applied"}, None


def _state(state: State) -> Any:
    hierarchy = state.hierarchy
    units = [
        (unit.no, unit.id, tuple(unit.statements()), unit.segments, unit.size, unit.height, unit.named)
        for unit in hierarchy.by_no.values()
    ]
    parking = {position: (each.waits, each.subject) for position, each in state.parking.events.items()}
    return units, hierarchy.next_no, parking, set(state.large), set(state.vast), dict(state.parked_own), state.has_facts
