"""Which faults a cluster has to bear: who is hit, how, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple

How = Literal["kill", "stop", "cut", "roll", "fill", "none"]
"""SIGKILL; SIGSTOP; no connection to or from it; one after the other stopped and started; its disk full; nothing."""

WHOM: Final = {
    "nats-leader": "the leader of the stream",
    "nats-replica": "a replica of the stream",
    "primary": "the primary of PostgreSQL",
    "standby": "a standby of PostgreSQL",
    "etcd-leader": "the leader of etcd",
    "in-force": "the projector in force",
    "ready": "the projector that is ready",
    "api": "an API",
}
KINDS: Final = ("nats", "etcd", "postgres", "projector", "api")
ON_SMALL_DISKS: Final = {"nats": 160, "postgres": 480}
"""Megabytes of the disk of the third machine of each kind: small, so that it can be filled."""
_PAIRS: Final[Sequence[tuple[How, str, str]]] = (
    ("kill", "nats-leader", "primary"),
    ("kill", "nats-leader", "in-force"),
    ("kill", "primary", "in-force"),
    ("kill", "primary", "etcd-leader"),
    ("kill", "standby", "api"),
    ("stop", "nats-leader", "primary"),
    ("cut", "primary", "etcd-leader"),
    ("kill", "nats-leader", "nats-replica"),
    ("kill", "in-force", "ready"),
)
BEYOND: Final = 10.0
"""Seconds for which more machines are away than may be lost at a time: then nothing can go on before they are back."""
_TOO_MANY: Final = {frozenset({"nats-leader", "nats-replica"}), frozenset({"in-force", "ready"})}


class Fault(NamedTuple):
    """One fault; ``lasts`` is None where it lasts until events are counted again."""

    name: str
    how: How
    whom: tuple[str, ...]
    lasts: float | None = None


def _faults() -> list[Fault]:
    found = [Fault("none", "none", (), 20.0)]
    found += [Fault(f"{how}-{one}", how, (one,)) for how in ("kill", "stop", "cut") for one in WHOM]
    found += [
        Fault(f"{how}-{one}+{other}", how, (one, other), BEYOND if frozenset({one, other}) in _TOO_MANY else None)
        for how, one, other in _PAIRS
    ]
    found += [Fault(f"roll-{kind}", "roll", (kind,)) for kind in KINDS]
    found += [Fault(f"fill-{kind}", "fill", (kind,)) for kind in ON_SMALL_DISKS]
    return found


FAULTS: Final = _faults()
SHORT: Final = ("kill-nats-leader", "kill-primary", "stop-in-force")


def chosen(only: str) -> list[Fault]:
    """Return the faults that `only` names, patterns with commas between them; all where it is empty.

    Raises ValueError where a pattern names none.
    """
    if not only:
        return FAULTS
    patterns = [pattern.strip() for pattern in only.split(",")]
    for pattern in patterns:
        if not any(fnmatchcase(fault.name, pattern) for fault in FAULTS):
            raise ValueError(f"{pattern}: is none of {', '.join(fault.name for fault in FAULTS)}")
    return [fault for fault in FAULTS if any(fnmatchcase(fault.name, pattern) for pattern in patterns)]
