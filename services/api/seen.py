"""What a browser has seen: a position that it keeps with its session, so that no later answer to it is behind that.

The cookie is the browser's word and proves nothing. Where it says more than the primary has, that is put right
(`services.api.reflecting`); of other figures than these, restored ones say, it means nothing.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Final

from starlette.requests import Request

SCOPE: Final = "tonghop.seen"
"""Under this name it is in the scope of a request, of which a page hands on to what it asks what begins so."""
REMEMBERED: Final = 10_000
"""Sessions of which this process knows what it has told them: questions asked side by side overtake each other."""

_LARGEST: Final = 2**63 - 1
_kept: Final = re.compile(r"([0-9a-f]{12})\.([0-9]{1,19})").fullmatch


class SeenByBrowser:
    """What the browser of one request has seen before, and what it is shown by the answer to it.

    ``cookie`` reads what it keeps, where somebody wants to know.
    """

    def __init__(self, cookie: Callable[[], str]) -> None:
        self._cookie = cookie
        self._shown: tuple[str, int] | None = None
        self._most = _LARGEST
        """There is no more than this to have been seen."""

    @cached_property
    def _kept(self) -> tuple[str, int]:
        found = _kept(self._cookie())
        return (found[1], min(int(found[2]), _LARGEST)) if found else ("", -1)

    def before(self, lineage: str) -> int:
        """Return the position that was seen of these figures, -1 where none is known."""
        kept, position = self._kept
        return min(position, self._most) if lineage and lineage == kept else -1

    def show(self, lineage: str, position: int) -> None:
        """Note what is shown now; of several answers the latest position counts."""
        if self._shown is None or self._shown[0] != lineage or self._shown[1] < position:
            self._shown = (lineage, position)

    def correct(self, position: int) -> None:
        """Take back what the browser says that it has seen: there is no more than this."""
        self._most = min(self._most, position)

    def to_be_kept(self) -> str | None:
        """Return what the browser is to keep from now on, None where it keeps that already, or more."""
        if self._shown is None:
            return None
        lineage, position = self._shown
        kept, known = self._kept
        grown = kept != lineage or known < position or known > self._most
        return f"{lineage}.{position}" if lineage and grown else None


class SeenBySession:
    """What this process has told each session last: the position, of the figures that are there now."""

    def __init__(self) -> None:
        self._lineage = ""
        self._positions: OrderedDict[str, int] = OrderedDict()

    def before(self, lineage: str, session: str) -> int:
        """Return the position that was told, -1 where none is known."""
        return self._positions.get(session, -1) if lineage == self._lineage else -1

    def show(self, lineage: str, session: str, position: int) -> None:
        """Note what is told now."""
        if lineage != self._lineage:
            self._lineage = lineage
            self._positions.clear()
        self._positions[session] = max(position, self._positions.get(session, -1))
        self._positions.move_to_end(session)
        if len(self._positions) > REMEMBERED:
            self._positions.popitem(last=False)

    def correct(self, session: str, position: int) -> None:
        """Take back what was told: there is no more than this."""
        if self._positions.get(session, -1) > position:
            self._positions[session] = position


def seen_of(request: Request) -> SeenByBrowser | None:
    """Return what the browser of a request has seen; None where nobody keeps it."""
    found: SeenByBrowser | None = request.scope.get(SCOPE)
    return found
