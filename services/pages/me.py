"""Who asks, as `/v1/me` says it, and what of that the pages show."""

from __future__ import annotations

from typing import Final

from projections.answers.access.needs import ROLES, Need
from projections.answers.report.report_answers import UnitDay
from services.access.access_answers import Me

ENTERING: Final = ROLES[Need.SENDING]
GRANTING: Final = ROLES[Need.KEEPING]
OPERATING: Final = ROLES[Need.OPERATING]
OFFICERS: Final = ROLES[Need.SINGLE_EVENTS]
"""Who sees single events."""
SEEING: Final = ROLES[Need.FIGURES]


class WhoAsks(Me, frozen=True):
    """What `/v1/me` answers, and what the pages ask of it; `csrf` goes with what is changed in a session."""

    def has(self, roles: frozenset[str]) -> bool:
        """Tell whether it holds one of several roles anywhere; what it may is decided by `/v1`."""
        return any(each.role in roles for each in self.granted)

    def has_over(self, roles: frozenset[str], *stood: UnitDay | None) -> bool:
        """Tell whether it holds one of several roles at a unit, as it stood on one day or another, or above it."""
        there = [unit for unit in stood if unit is not None]
        above = {unit.id for unit in there} | {each.id for unit in there for each in unit.ancestors}
        return any(each.role in roles and each.unit in above for each in self.granted)

    @property
    def units(self) -> list[str]:
        """Return the units that its roles are at, each once."""
        return list(dict.fromkeys(each.unit for each in self.granted))

    def first(self, roles: frozenset[str]) -> str | None:
        """Return the unit that the first of several roles is at."""
        return next((each.unit for each in self.granted if each.role in roles), None)

    @property
    def may_enter(self) -> bool:
        """Tell whether it sends events."""
        return self.has(ENTERING)

    @property
    def may_grant(self) -> bool:
        """Tell whether it grants roles."""
        return self.has(GRANTING)

    @property
    def may_operate(self) -> bool:
        """Tell whether it sees how the service is."""
        return self.has(OPERATING)
