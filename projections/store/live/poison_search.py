"""Which message of a batch that failed is to blame: a pure search over what failed and what was written since.

No server is to blame for what comes here. The batch is tried again in a few pieces, the piece that fails in a few
again, down to one message; one that has failed alone twice is set aside. After it the batches grow again. The projector
and a restore search in the same way.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from projections.rules.log.asides import Asides

PIECES: Final = 32
"""Into how many a batch that failed is cut: each failure costs loading the state, each piece a commit."""


class Consequence(StrEnum):
    """What a failure led to."""

    NARROWED = "narrowing down"
    ONCE_MORE = "tried once more"
    SET_ASIDE = "message set aside"
    NAMELESS = "message set aside without its names"
    HELPLESS = "not even set aside"
    """It fails whatever is left out of it: no message's fault."""


class PoisonSearch:
    """Told of every batch that failed or was written, it says how many messages the next may have.

    Those that it finds are noted in ``asides``, until they are written.
    """

    def __init__(self, asides: Asides) -> None:
        self._asides = asides
        self._until = 0
        self._size = 0
        self._alone = (0, 0)

    @property
    def under_way(self) -> bool:
        """Whether batches are smaller than they may be: then one is written before the next is folded."""
        return self._size > 0

    def most(self, position: int, most: int) -> int:
        """Say how many messages after a position may be in the next batch; ``most`` where nothing is searched for."""
        if not self._size:
            return most
        if position < self._until:
            return min(self._size, self._until - position, most)
        return min(self._size, most)

    def failed(self, position: int, last: int, cause: BaseException, culprit: int | None = None) -> Consequence:
        """Learn that the messages after ``position``, where the figures stand, up to ``last`` failed together.

        ``culprit`` is the one among them that is to blame, where that is known.
        """
        if culprit is not None:
            return self._set_aside(culprit, cause)
        if last - position > 1:
            self._until, self._size = last, -(-(last - position) // PIECES)
            return Consequence.NARROWED
        self._until, self._size = last, 1
        self._alone = (last, self._alone[1] + 1 if self._alone[0] == last else 1)
        return Consequence.ONCE_MORE if self._alone[1] == 1 else self._set_aside(last, cause)

    def written(self, position: int, most: int) -> None:
        """Learn that all is written up to a position.

        Beyond what is searched, batches double until ``most``; after one that was set aside the next may be another.
        """
        good = not self._asides.forget(position)
        if self._size and good and position >= self._until:
            self._size = self._size * 2 if self._size * 2 < most else 0

    def _set_aside(self, position: int, cause: BaseException) -> Consequence:
        if self._asides.is_nameless(position):
            return Consequence.HELPLESS
        known = position in self._asides.positions
        self._asides.note(position, cause)
        return Consequence.NAMELESS if known else Consequence.SET_ASIDE
