"""What a statement refuses to say because the data doesn't: nothing is inferred, silence isn't zero (domain)."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class UnsaidError(Exception):
    """A clause, or a claim, that the data doesn't say; the message is the reason, in words of the users.

    ``others`` are those that it doesn't say either, of the same statement.
    """

    def __init__(self, clause: str, reason: str, *, parameter: str = "say", others: Sequence[UnsaidError] = ()) -> None:
        super().__init__(reason)
        self.clause = clause
        self.reason = reason
        self.parameter = parameter
        self.others = tuple(others)

    def __reduce__(self) -> tuple[Callable[..., UnsaidError], tuple[object, ...]]:
        """Let it pass from one process to another."""
        return _unsaid, (self.clause, self.reason, self.parameter, self.others)


def together(refused: Sequence[UnsaidError]) -> UnsaidError:
    """Make one of several: the first, which knows the others."""
    first, *others = refused
    return UnsaidError(first.clause, first.reason, parameter=first.parameter, others=others)


def _unsaid(clause: str, reason: str, parameter: str, others: Sequence[UnsaidError]) -> UnsaidError:
    return UnsaidError(clause, reason, parameter=parameter, others=others)
