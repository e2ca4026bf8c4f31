"""Who may grant and revoke which role where, and as which unit that is said on the log (contract, section 7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, NamedTuple

from events.vocabulary import OPERATOR
from projections.answers.access.needs import CLERK, KEEPER, OFFICER, READER
from projections.answers.access.readable import Grant, Lineage, reached

BELOW_TOO: Final = frozenset({READER, OFFICER, CLERK})
"""What a keeper grants for its own unit as well as for those below it."""
GRANTED: Final = (READER, OFFICER, CLERK, KEEPER, OPERATOR)
"""What can be granted at all: a signer may nothing yet."""


class RoleWanted(NamedTuple):
    """The role that is to be granted or revoked; `root` is the unit that has no other above it."""

    role: str
    root: str
    today: dt.date


def speaks_as(
    lineage: Lineage, grants: Iterable[Grant] | None, only: Iterable[Grant] | None, wanted: RoleWanted
) -> str | None:
    """Return the unit as which an account may grant or revoke a role over the unit of the lineage; None: it may not.

    It is that of its grant as a keeper, of several the nearest that is known to be: the unit itself before others, the
    root after them. It has to be above the unit **on the last known hierarchy**, where the log asks it to be: a keeper
    of a dissolved unit keeps nothing. ``grants`` are None of an account that holds every role at the root; ``only``:
    what a token is limited to, None where it isn't.
    """
    allowed = _keepers(lineage, grants, wanted)
    if only is not None and not _keepers(lineage, only, wanted):
        return None
    return min(allowed, key=lambda unit: (unit != lineage.unit, unit == wanted.root, unit), default=None)


def _keepers(lineage: Lineage, grants: Iterable[Grant] | None, wanted: RoleWanted) -> set[str]:
    if grants is None:
        grants = [Grant(KEEPER, wanted.root)]
    return {
        grant.unit
        for grant in grants
        if grant.role == KEEPER
        and (grant.until is None or wanted.today <= grant.until)
        and (grant.unit == lineage.unit or grant.unit not in lineage.dissolved)
        and reached(lineage, grant.unit, None)
        and _keeps(grant.unit, lineage.unit, wanted)
    }


def _keeps(keeper: str, unit: str, wanted: RoleWanted) -> bool:
    if wanted.role in BELOW_TOO:
        return True
    at_the_root = keeper == unit == wanted.root
    if wanted.role == KEEPER:
        return keeper != unit or at_the_root
    return wanted.role == OPERATOR and at_the_root
