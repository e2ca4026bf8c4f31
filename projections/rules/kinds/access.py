"""`access.granted`, `access.revoked`: it holds at once or never, beside those of before (contract §1, Access).

Who speaks is judged by the last known hierarchy when it is decided, and by nothing that is told later: what was said
without authority gives nobody a role years afterwards, when somebody is put above somebody (decision 0035).
"""

from __future__ import annotations

from events.codec import Event
from events.vocabulary import Reason
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.grants import grant_row
from projections.rules.deciding.decision import Key, Refused
from projections.rules.hierarchy.unit import FOREVER
from projections.rules.kinds.kind import APPLIED, Ruling


def decide(_position: int, event: Event, work: BatchWork) -> Refused | None:
    """Refuse where the publisher is neither the subject nor above it as last known; it never waits."""
    known = work.hierarchy.by_id
    for field, unit in (("subject", event.subject), ("source", event.publisher)):
        if unit not in known:
            return Refused(Reason.NOT_AUTHORISED, field, f"{unit} is not known")
    subject, publisher = known[event.subject], known[event.publisher]
    if publisher is subject or work.hierarchy.is_above(publisher, subject, FOREVER):
        return None
    detail = f"{event.publisher} is neither {event.subject} nor above it as last known"
    return Refused(Reason.NOT_AUTHORISED, "source", detail)


def apply(position: int, event: Event, work: BatchWork) -> Ruling:
    """Keep its row."""
    work.make_grant(grant_row(position, work.hierarchy.by_id[event.subject].no, event))
    return APPLIED


def decide_taking_back(_position: int, _event: Event, _work: BatchWork) -> None:
    """Nothing stands in the way: nothing else hangs on it."""


def take_back(position: int, event: Event, work: BatchWork) -> tuple[Key, ...]:
    """Keep its row no longer: what was said before it stands again."""
    work.unmake_grant(position, work.hierarchy.by_id[event.subject].no)
    return ()
