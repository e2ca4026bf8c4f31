"""What a route asks of whoever asks it, and which roles allow that: the table of section 7 of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from events.vocabulary import OPERATOR

READER: Final = "reader"
OFFICER: Final = "officer"
CLERK: Final = "clerk"
KEEPER: Final = "keeper"


class Need(StrEnum):
    """What a route asks for; each is one row of the table, or none of its rows."""

    OPEN = "open"
    """Nothing: it is answered without an account."""
    ANY_ACCOUNT = "any account"
    """An account, whatever it may: names, levels, the tree, what concerns the account itself."""
    FIGURES = "figures"
    SINGLE_EVENTS = "single events"
    SENDING = "sending"
    """What a clerk sends as a unit, and what became of it."""
    KEEPING = "keeping"
    """Granting and revoking."""
    OPERATING = "operating"


ROLES: Final[Mapping[Need, frozenset[str]]] = {
    Need.OPEN: frozenset(),
    Need.ANY_ACCOUNT: frozenset(),
    Need.FIGURES: frozenset({READER, OFFICER}),
    Need.SINGLE_EVENTS: frozenset({OFFICER}),
    Need.SENDING: frozenset({CLERK}),
    Need.KEEPING: frozenset({KEEPER}),
    Need.OPERATING: frozenset({OPERATOR}),
}
"""The roles of which one is enough. An officer may what a reader may; nobody else includes another."""
