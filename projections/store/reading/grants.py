"""The grants over one unit that stand."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.store.reading.snapshot import Snapshot

_STANDING = """
SELECT account, role, until, position
FROM standing_grant
WHERE unit = (SELECT no FROM unit WHERE id = $1) AND granted AND (until IS NULL OR until >= $2)
ORDER BY account, role
"""


class StandingGrant(NamedTuple):
    """An account has a role, up to a day (inclusive) or for good, since a position of the log."""

    account: str
    role: str
    until: dt.date | None
    position: int


async def standing(snapshot: Snapshot, unit: str, today: dt.date) -> list[StandingGrant]:
    """Return the grants over a unit itself that stand on a day, by account and role."""
    return [StandingGrant(*row) for row in await snapshot.connection.fetch(_STANDING, unit, today)]
