"""A target or a declared figure: it waits for its subject, and is kept beside those of before (contract §1, Plans)."""

from __future__ import annotations

from events.codec import Event
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.plans import plan_row
from projections.rules.deciding.decision import Key, Waits, wait_about_subject
from projections.rules.kinds.kind import APPLIED, Ruling


def decide(_position: int, event: Event, work: BatchWork) -> Waits | None:
    """Say what a plan waits for; it is never refused."""
    return wait_about_subject(event, work.hierarchy)


def apply(position: int, event: Event, work: BatchWork) -> Ruling:
    """Keep its row."""
    work.make_plan(plan_row(position, work.hierarchy.by_id[event.subject].no, event))
    return APPLIED


def decide_taking_back(_position: int, _event: Event, _work: BatchWork) -> None:
    """Nothing stands in the way: nothing else hangs on a plan."""


def take_back(position: int, event: Event, work: BatchWork) -> tuple[Key, ...]:
    """Keep its row no longer: the plan before it stands again."""
    work.unmake_plan(position, work.hierarchy.by_id[event.subject].no)
    return ()
