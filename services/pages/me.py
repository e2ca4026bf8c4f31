"""Who asks, as `/v1/me` says it, and what of that the pages show."""

from __future__ import annotations

from typing import Final

import msgspec

ENTERING: Final = frozenset({"clerk"})
GRANTING: Final = frozenset({"keeper"})
OPERATING: Final = frozenset({"operator"})
SEEING: Final = frozenset({"reader", "officer"})


class RoleHeld(msgspec.Struct, frozen=True):
    """A role at a unit."""

    role: str
    unit: str


class WhoAsks(msgspec.Struct, frozen=True):
    """An account: its name, how it came, its roles; `csrf` goes with what it changes in a session."""

    account: str
    name: str
    came_by: str
    granted: list[RoleHeld]
    roles: list[RoleHeld] | None
    csrf: str | None

    def has(self, roles: frozenset[str]) -> bool:
        """Tell whether it holds one of several roles anywhere; what it may is decided by `/v1`."""
        return any(each.role in roles for each in self.granted)

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
