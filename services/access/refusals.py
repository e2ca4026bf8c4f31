"""What this room raises where something asked of it can't be done; the API and the command line put it into words."""

from __future__ import annotations

from projections.bilingual import Bilingual


class AccessError(Exception):
    """Base of these; the message is for whoever asked."""


class NotThereError(AccessError):
    """There is no such account, token or session: 404."""


class UnfitError(AccessError):
    """A value can't be used: 422. ``field`` names it."""

    def __init__(self, field: str, said: Bilingual) -> None:
        super().__init__(said)
        self.field = field


class NotAllowedError(AccessError):
    """Who asks may not do this: 403."""


class TakenError(AccessError):
    """It is there already, or is no more what it would have to be: 409."""
