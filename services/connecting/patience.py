"""The one retry policy: pauses that grow, differ from process to process, and end where the caller's patience does."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from services.connecting.failures import Failure, classify

FIRST: Final = 0.2
LONGEST: Final = 10.0
_FACTOR: Final = 2.0
_JITTER: Final = 0.25
"""The part of a pause that is left to chance, so that a hundred processes don't come back in the same moment."""

Result = TypeVar("Result")


@dataclass(slots=True)
class Backoff:
    """The next pause, and the next; `reset` when something has succeeded. Times are seconds."""

    first: float = FIRST
    longest: float = LONGEST
    chance: Callable[[], float] = random.random
    """From 0 to 1; a test gives its own."""
    tried: int = field(default=0, init=False)
    """Pauses since the last success."""

    def next(self) -> float:
        """Return how long to wait now: up to a quarter less than twice the one before, at most `longest`."""
        whole = min(self.first * _FACTOR ** min(self.tried, 30), self.longest)
        self.tried += 1
        return whole * (1 - _JITTER * self.chance())

    def reset(self) -> None:
        """Begin with the first pause again."""
        self.tried = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as a policy sees it; a test gives its own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class OutOfPatienceError(Exception):
    """The server was away for as long as the caller was ready to wait; the cause is the last error."""

    def __init__(self, waited: float, last: BaseException) -> None:
        super().__init__(f"{waited:g} s: {last}")
        self.last = last


async def patiently(
    attempt: Callable[[], Awaitable[Result]],
    *,
    patience: float,
    waiting: Callable[[BaseException, float], None],
    kinds: frozenset[Failure] = frozenset({Failure.AWAY}),
    backoff: Backoff | None = None,
    clock: Clock | None = None,
) -> Result:
    """Try until it succeeds, with growing pauses, for as long as only what `kinds` names goes wrong.

    `waiting` is told each error and the pause after it. Raises OutOfPatienceError after `patience` seconds (inf:
    never), and at once what is of another kind.
    """
    backoff, clock = backoff or Backoff(), clock or Clock()
    until = clock.now() + patience
    while True:
        try:
            return await attempt()
        except Exception as error:
            if classify(error) not in kinds:
                raise
            pause = backoff.next()
            if clock.now() + pause > until:
                raise OutOfPatienceError(patience, error) from error
            waiting(error, pause)
        await clock.sleep(pause)
