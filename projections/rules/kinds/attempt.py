"""Trying an event against what holds: decided by the file of its kind, then applied, parked or refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from events.codec import Event
from events.vocabulary import Outcome
from projections.rules.counting.batch_work import BatchWork
from projections.rules.deciding.decision import Refused
from projections.rules.kinds import retraction
from projections.rules.kinds.kind import KindRules, Ruling
from projections.rules.kinds.retraction import RETRACTABLE

KIND_OF: Final[Mapping[str, KindRules]] = MappingProxyType({**RETRACTABLE, "event.retracted": retraction})
"""The kind of every type of the catalogue."""


def attempt(position: int, event: Event, work: BatchWork) -> Ruling:
    """Decide an event; where it holds, do what follows, where it waits, park it."""
    kind = KIND_OF[event.type]
    verdict = kind.decide(position, event, work)
    if verdict is None:
        return kind.apply(position, event, work)
    if isinstance(verdict, Refused):
        return Ruling(Outcome.REJECTED, verdict.reason, verdict.field, verdict.detail)
    work.park(position, event, verdict)
    return Ruling(Outcome.PARKED, verdict.reason, verdict.field, verdict.detail)
