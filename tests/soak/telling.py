"""What units say through a storm: facts of all kinds, the same again, too early, wrongly, taken back; reorganisations.

Nothing has to come in one order: what becomes of it is worked out from the log as the bus took it.
"""

from __future__ import annotations

import json
from itertools import count
from random import Random
from typing import Final

from events.errors import InvalidSubjectError
from events.subjects import message_id
from tests.fault.load import Told
from tests.oracle.telling import ROOT, Said, founded, root
from tests.property.reforming import REFORMS, Reformer
from tests.property.strategies import EARLY_DAYS, STRANGER
from tests.soak.hostile_unit import HOSTILE

CHANGES: Final = ("moved", "moved", "renamed", "releveled", *REFORMS * 2)
OFTEN: Final = (("fact", 85), ("again", 4), ("conflict", 1), ("garbage", 1), ("retracted", 4), ("declaration", 1))
COMING: Final = 4
"""Units that are spoken of before they are founded."""
_UNIT_ALONE: Final = 2
"""Dots of `party.v1.{unit}`."""


class Country(Reformer):
    """One that tells without end: three levels under the root, whose cells come and go."""

    def __init__(self, random: Random, cells: int) -> None:
        self._numbers = count(1)
        self._coming = [self._new_cell() for _ in range(COMING)]
        self._groups = max(2, cells // 18)
        super().__init__(random, [self._new_cell() for _ in range(cells)])
        self.names = (HOSTILE, ROOT, *self.units)
        self._told = 0
        self._ids_told: set[str] = set()
        self._ended_units: set[str] = set()

    def tell_tree(self) -> None:
        since = EARLY_DAYS[0]
        self.log = [root(event_id=self.new_id(), since=since)]
        provinces = [f"p{n}" for n in range(max(2, self._groups // 8))]
        uppers = [f"d{n}" for n in range(self._groups)]
        for n, (units, above, level) in enumerate(
            ((provinces, [ROOT], "province"), (uppers, provinces, "upper"), (list(self.units), uppers, "cell"))
        ):
            for at, unit in enumerate(units):
                day = self.one(EARLY_DAYS[:12]) if n == 2 else since
                self.log.append(founded(unit, above[at % len(above)], day, level, event_id=self.new_id()))
        self.log.append(founded(HOSTILE, uppers[0], since, "upper", event_id=self.new_id()))
        self.units = (*self.units, *uppers, *provinces)

    def any_unit(self) -> str:
        """Choose a unit that is there, now and then one to come, one that has ended, or one that nobody knows."""
        if self.one_in(150):
            return self.one((STRANGER, *self._coming, *sorted(self._ended_units)[-8:]))
        return ROOT if self.one_in(80) else self.one(self.units)

    def publisher_for(self, unit: str) -> str:
        return self.any_unit() if self.one_in(150) else self.one((ROOT, unit, unit, unit))

    def publisher_above(self) -> str:
        return self.any_unit() if self.one_in(30) else ROOT

    def tree(self) -> list[Told]:
        """Say the units that are there from the beginning."""
        return self._as_told(self.log)

    def group(self, size: int) -> list[Told]:
        """Say this many things, published all at once."""
        kinds, weights = zip(*OFTEN, strict=True)
        said = []
        for kind in self.random.choices(kinds, weights, k=size):
            said.append(getattr(self, kind)())
            self.log.append(said[-1])
        return self._as_told(said)

    def reorganisation(self) -> list[Told]:
        """Reorganise something, and found two units of which something was said before."""
        found = getattr(self, self.one(CHANGES))()
        said: list[Said] = found if isinstance(found, list) else [found]
        self.units = tuple(unit for unit in self.units if unit not in self._ended_units)
        for _ in range(2):
            unit = self._coming.pop(0)
            self._coming.append(self._new_cell())
            said.append(founded(unit, self.any_unit(), self.one(EARLY_DAYS[:12]), "cell", event_id=self.new_id()))
            self.units = (*self.units, unit)
        self.log += said
        self.names = tuple(dict.fromkeys((*self.names, *self.units)))
        return self._as_told(said)

    def _ended(self, unit: str, since: str, successor: str | None) -> Said:
        if unit != ROOT:
            self._ended_units.add(unit)
        return super()._ended(unit, since, successor)

    def _new_cell(self) -> str:
        return f"c{next(self._numbers)}"

    def garbage(self) -> Said:
        """Say what can never hold, on a subject that the bus lets units publish to."""
        while True:
            said = super().garbage()
            if said.bus_subject.count(".") > _UNIT_ALONE:
                return said

    def _as_told(self, said: list[Said]) -> list[Told]:
        """Give each the contract's id for the bus; what is said again one of its own, to get past deduplication."""
        return [Told(one, self._id_for_bus(one)) for one in said]

    def _id_for_bus(self, said: Said) -> str:
        self._told += 1
        try:
            found = message_id(said.bus_subject.split(".")[2], json.loads(said.body)["id"], said.body)
        except (ValueError, TypeError, LookupError, InvalidSubjectError):
            return f"s:{self._told}"
        if found in self._ids_told:
            return f"s:{self._told}"
        self._ids_told.add(found)
        return found
