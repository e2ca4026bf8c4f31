"""Servers that say nothing: where there are several, one that gave no answer is passed over for a while.

A server that was killed refuses at once. One that is frozen, or behind a network that drops everything, takes each
question and answers none: whoever asks it waits until his patience is over, and so does everybody after him.
"""

from __future__ import annotations

import time
from typing import Final, TypeAlias

Place: TypeAlias = tuple[str, int]
"""Host (a folder for a socket) and port."""

FOR: Final = 10.0
"""Seconds for which it is passed over; then somebody tries it again."""

_until: dict[Place, float] = {}


def note_silent(place: Place) -> None:
    """Take note that a server gave no answer just now."""
    _until[place] = time.monotonic() + FOR


def note_answers(place: Place) -> None:
    """Take note that a server has answered."""
    _until.pop(place, None)


def is_silent(place: Place) -> bool:
    """Tell whether a server gave no answer lately."""
    return _until.get(place, 0.0) > time.monotonic()
