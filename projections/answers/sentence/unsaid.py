"""What a statement refuses to say because the data doesn't: nothing is inferred, silence isn't zero (domain)."""

from __future__ import annotations


class UnsaidError(Exception):
    """A clause, or a claim, that the data doesn't say; the message is the reason, in words of the users."""

    def __init__(self, clause: str, reason: str, *, parameter: str = "say") -> None:
        super().__init__(reason)
        self.clause = clause
        self.reason = reason
        self.parameter = parameter
