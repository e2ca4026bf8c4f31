"""When a browser last looked at a unit, and at which position: kept in the browser itself, for “what has changed”."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

COOKIE: Final = "tonghop-seen"
KEPT: Final = 30
"""Units that are remembered, those seen last."""
APART: Final = 60
"""Minutes between two looks from which on they are two visits."""
_seen: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,63}):(\d{1,18}):(\d{1,18}):(\d{1,10})").fullmatch


class Seen(NamedTuple):
    """A unit: the position at the visit before this one, that of the latest look, and the minute of that look."""

    unit: str
    before: int
    latest: int
    minute: int

    def look(self, position: int, minute: int) -> Seen:
        """Note another look: after a while it is another visit."""
        before = self.latest if minute - self.minute >= APART else self.before
        return Seen(self.unit, min(before, position), position, minute)


def read(cookie: str) -> list[Seen]:
    """Read what a browser has kept; what is not of this form is left out."""
    found = [match.groups() for each in cookie.split(".")[:KEPT] if (match := _seen(each))]
    return [Seen(unit, *map(int, numbers)) for unit, *numbers in found]


def written(seen: list[Seen]) -> str:
    """Write what a browser is to keep, the units seen last first."""
    return ".".join(":".join(map(str, each)) for each in seen[:KEPT])


def looked(seen: list[Seen], unit: str, position: int, minute: int) -> tuple[Seen, list[Seen]]:
    """Note a look at a unit; return what is known of it now, and all that is to be kept."""
    known = next((each for each in seen if each.unit == unit), Seen(unit, position, position, minute))
    now = known.look(position, minute)
    return now, [now, *(each for each in seen if each.unit != unit)]
