"""Work on a batch in pieces, so that the transaction before gets what it needs next within a millisecond or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

PIECE: Final = 100
"""Messages worked on at once."""

T = TypeVar("T")


def pieces(batch: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a batch into pieces, in its order."""
    return (batch[start : start + PIECE] for start in range(0, len(batch), PIECE))
