"""What a statement refuses to say because the data doesn't: nothing is inferred, silence isn't zero (domain)."""

from __future__ import annotations

from collections.abc import Callable


class UnsaidError(Exception):
    """A clause, or a claim, that the data doesn't say; the message is the reason, in words of the users."""

    def __init__(self, clause: str, reason: str, *, parameter: str = "say") -> None:
        super().__init__(reason)
        self.clause = clause
        self.reason = reason
        self.parameter = parameter

    def __reduce__(self) -> tuple[Callable[..., UnsaidError], tuple[str, str, str]]:
        """Let it pass from one process to another."""
        return _unsaid, (self.clause, self.reason, self.parameter)


def _unsaid(clause: str, reason: str, parameter: str) -> UnsaidError:
    return UnsaidError(clause, reason, parameter=parameter)
