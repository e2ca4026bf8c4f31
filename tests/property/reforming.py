"""Logs that are reorganised again and again: districts end, communes merge, provinces join, and some of it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.oracle.telling import ROOT, Said, dissolved, founded, moved, releveled, renamed, retracted
from tests.property.strategies import Teller

CHANGES = (*["moved"] * 3, *["dissolved"] * 2, "founded", "releveled", "renamed")
REST = ("retracted", "retracted", "again", "conflict", "garbage", "target", "declaration", "granted", "revoked")


class Reformer(Teller):
    """Tells anything that a Teller does, and reforms of several events that belong together."""

    def __init__(self, random: Random, units: Sequence[str]) -> None:
        self._ids = 0
        super().__init__(random, units)

    def new_id(self) -> str:
        """Make an id of its own for what may be told later, too."""
        self._ids += 1
        return f"r{self._ids}"

    def merger(self) -> list[Said]:
        """Found a new unit, end some in its favour, and mostly the one above them; the order is sometimes wrong."""
        since, province, district = self.day(), self.any_unit(), self.any_unit()
        new = f"n{len(self.units)}"
        self.units = (*self.units, new)
        parts = self.random.sample(self.units[:-1], self.random.randint(1, 3))
        told = [founded(new, province, since, "upper", event_id=self.new_id())]
        told += [self._ended(part, since, new) for part in parts]
        told += [] if self.one_in(4) else [self._ended(district, since, self.one((None, province)))]
        if self.one_in(3):
            self.random.shuffle(told)
        return told

    def going_on(self) -> list[Said]:
        """Let a unit go on under another name, level and parent, all from one day."""
        unit, since = self.any_unit(), self.day()
        return [
            renamed(unit, "Đảng ủy xã Gia Bình", since, self.new_id()),
            releveled(unit, "upper", since, self.new_id()),
            moved(unit, self.any_unit(), since, self.new_id()),
        ]

    def mended(self) -> list[Said]:
        """End a unit in favour of the wrong one, take that back, and say it right."""
        unit, since, wrong = self.any_unit(), self.day(), self.new_id()
        return [
            dissolved(unit, since, self.any_unit(), wrong),
            retracted(ROOT, self.new_id(), wrong),
            self._ended(unit, since, self.any_unit()),
        ]

    def _ended(self, unit: str, since: str, successor: str | None) -> Said:
        return dissolved(unit, since, successor, self.new_id(), by=self.publisher_above())


REFORMS = ("merger", "going_on", "mended")
