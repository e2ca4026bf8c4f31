"""Who asks, as authentication found it: an account, and what the means by which it came is limited to."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Means = Literal["open", "session", "token", "owner"]

ADMIN: Final = "admin"
DEMO: Final = "demo"
OWN: Final = frozenset({ADMIN, DEMO})
"""The service's own accounts: they hold every role at the root and stand on no log (contract, section 7)."""


class RoleAt(NamedTuple):
    """A role at a unit, by its id: it holds for that unit and everything below it."""

    role: str
    unit: str


class Asker(NamedTuple):
    """An account that asks. What it may is decided in the snapshot that answers, by its grants there.

    ``means`` is how it came and ``key`` which session or token that was (never the secret itself). ``only``: what a
    token is limited to, beside what its account may at the moment of use; None where it isn't limited.
    """

    account: str
    means: Means
    key: str = ""
    only: tuple[RoleAt, ...] | None = None

    @property
    def holds_everything(self) -> bool:
        """Tell whether the account holds every role at the root, whatever the log says."""
        return self.account in OWN


ANYBODY_HERE: Final = Asker(DEMO, "open")
"""Whoever asks a service that is open to everybody on its machine."""
