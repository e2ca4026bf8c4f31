"""Work on a batch in pieces, so that the transaction before gets what it needs next within a millisecond or two.

And work beside a statement, while PostgreSQL needs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Final, TypeVar

PIECE: Final = 100
"""Messages worked on at once."""

T = TypeVar("T")


def pieces(batch: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a batch into pieces, in its order."""
    return (batch[start : start + PIECE] for start in range(0, len(batch), PIECE))


async def meanwhile(statement: Coroutine[Any, Any, object], work: Callable[[], T]) -> T:
    """Let PostgreSQL carry a statement out, and do some work meanwhile; raises what either raises, the work's first."""
    sent = asyncio.create_task(statement)
    try:
        await asyncio.sleep(0)
        done = work()
    except BaseException:
        sent.cancel()
        await asyncio.gather(sent, return_exceptions=True)
        raise
    await sent
    return done
