"""Events of access that hold, as rows: a role given or taken back (contract §1, Access).

Of several for the same unit, account and role the later in the stream stands. All are kept: where the later one is
taken back, the one before it stands again.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple, cast

from msgspec import UNSET

from events.codec import Event


class GrantRow(NamedTuple):
    """An event of access that holds: the columns of table ``access_grant``.

    ``granted`` is false for one that takes the role back; ``until`` is the role's last day, None where it goes on.
    """

    position: int
    unit: int
    account: str
    role: str
    granted: bool
    until: dt.date | None


def grant_row(position: int, unit: int, event: Event) -> GrantRow:
    """Return the row of an event of access that holds; ``unit`` is the number of its subject."""
    data = cast("Any", event.data)
    if event.type == "access.revoked":
        return GrantRow(position, unit, data.account, data.role, granted=False, until=None)
    until = None if data.until is UNSET else data.until
    return GrantRow(position, unit, data.account, data.role, granted=True, until=until)
