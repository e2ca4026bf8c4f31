"""What the routes of grants answer, and what they take."""

from __future__ import annotations

import datetime as dt

import msgspec

from projections.answers.report.report_answers import Behind, UnitName


class UnitGrant(msgspec.Struct, frozen=True):
    """An account has a role over the unit; `name` is its sign-in name, null where the service does not know it."""

    account: str
    name: str | None
    role: str
    until: dt.date | None
    position: int


class GrantList(msgspec.Struct, frozen=True):
    """The grants over a unit itself that stand at a position; those over units above it hold there too.

    `behind` says that later orders may stand on the log already, where the projector stands still or is late.
    """

    unit: UnitName
    grants: list[UnitGrant]
    position: int
    behind: Behind | None = None


class NewGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role to be granted: to an account by its id or its sign-in name, up to a day (inclusive) or for good."""

    account: str
    role: str
    until: dt.date | None = None


class GrantOrdered(msgspec.Struct, frozen=True):
    """What became of an order. It has taken effect where `in_effect`; `outcome` is null until the log is read so far.

    `behind` says why not yet, where the projector stands still or is late.
    """

    unit: UnitName
    account: str
    role: str
    until: dt.date | None
    publisher: str
    id: str
    position: int
    outcome: str | None
    in_effect: bool
    behind: Behind | None
