"""What an account keeps: where it holds a role, what is below that as last known, and who holds roles there."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.store.hierarchy_sql import LAST_KNOWN, below
from projections.store.reading.snapshot import Snapshot

_STANDS = "standing_grant.granted AND (standing_grant.until IS NULL OR standing_grant.until >= {day})"
_HELD = f"""
SELECT unit.id, standing_grant.role FROM standing_grant JOIN unit ON unit.no = standing_grant.unit
WHERE standing_grant.account = $1 AND {_STANDS.format(day="$2")} ORDER BY unit.id, standing_grant.role
"""
_UNITS = f"""
WITH RECURSIVE {below("kept", "SELECT no FROM unit WHERE id = ANY ($1)", LAST_KNOWN)}
SELECT DISTINCT unit.id FROM kept JOIN unit ON unit.no = kept.unit
"""
_ACCOUNTS = f"""
WITH RECURSIVE {below("kept", "SELECT no FROM unit WHERE id = ANY ($1)", LAST_KNOWN)}
SELECT DISTINCT standing_grant.account FROM kept JOIN standing_grant ON standing_grant.unit = kept.unit
WHERE {_STANDS.format(day="$2")}
"""


class HeldRole(NamedTuple):
    """A role that an account holds over a unit and all below it."""

    unit: str
    role: str


async def roles_of(snapshot: Snapshot, account: str, day: dt.date) -> list[HeldRole]:
    """Return the roles that an account holds on a day, by the units over which they were granted."""
    return [HeldRole(*row) for row in await snapshot.connection.fetch(_HELD, account, day)]


async def units_below(snapshot: Snapshot, units: list[str]) -> list[str]:
    """Return these units and all below them, as last known."""
    return [row["id"] for row in await snapshot.connection.fetch(_UNITS, units)]


async def accounts_below(snapshot: Snapshot, units: list[str], day: dt.date) -> list[str]:
    """Return the accounts that hold a role on a day over one of these units or one below."""
    return [row["account"] for row in await snapshot.connection.fetch(_ACCOUNTS, units, day)]
