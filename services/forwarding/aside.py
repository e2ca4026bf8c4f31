"""What the hub does not take now: whose it is, why, how much, and where it begins. It stays in the leaf's store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOT_PERMITTED: Final = "not_permitted"
"""The hub's list has not this unit, or it is shut out: all of it waits, so that its order stays."""


@dataclass
class SetAside:
    """What waits of one unit."""

    first: int
    reason: str
    detail: str
    count: int = 0
    whole: bool = False
    """All that the unit sends waits, not single messages."""


class Aside:
    """By unit; bounded by the number of units that may sign in at the leaf."""

    def __init__(self) -> None:
        self.units: dict[str, SetAside] = {}
        self._seen = 0

    @property
    def first(self) -> int | None:
        """The first position that has to stay in the store; None where nothing has to."""
        return min((one.first for one in self.units.values()), default=None)

    def held(self, unit: str) -> bool:
        """Tell whether all of a unit waits."""
        found = self.units.get(unit)
        return found is not None and found.whole

    def put(self, unit: str, position: int, reason: str = "", detail: str = "", *, whole: bool = False) -> bool:
        """Note a message that has to wait, and say whether its unit, or its reason, is news."""
        found = self.units.get(unit)
        if found is None:
            found = self.units[unit] = SetAside(position, reason, detail, whole=whole)
            news = True
        else:
            news = whole and not found.whole
            found.first = min(found.first, position)
            if news:
                found.whole, found.reason, found.detail = True, reason, detail
        if position > self._seen:
            found.count += 1
        return news

    def seen(self, position: int) -> None:
        """Note how far the store was looked at: what is looked at again is counted once."""
        self._seen = max(self._seen, position)

    def release(self, unit: str) -> int:
        """Forget a unit that may send again, and say where what waits of it begins."""
        return self.units.pop(unit).first

    def __len__(self) -> int:
        return sum(one.count for one in self.units.values())
