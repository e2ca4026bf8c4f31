"""The oracle for long logs: it decides by the same rules, but remembers where it would look everything up afresh."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import NamedTuple

from tests.oracle.figures import Count, counts
from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy, Statement
from tests.oracle.ledger import Entry, statements
from tests.oracle.oracle import Oracle, Verdict
from tests.oracle.wording import FACTS, RETRACTION, STRUCTURE


class Key(NamedTuple):
    """What a total is of: a unit, a measure and a basis."""

    unit: str
    measure: str
    basis: str


class Remembered(Hierarchy):
    """A hierarchy that looks only at a unit's own statements, and works out each unit's ancestors of a day once."""

    def __init__(self, statements: list[Statement]) -> None:
        super().__init__(statements)
        self._units = super().units()
        self._of: dict[str, Hierarchy] = {}
        for statement in statements:
            self._of.setdefault(statement.unit, Hierarchy([])).statements.append(statement)
        self._nothing = Hierarchy([])
        self._known = frozenset(self._units)
        self._above: dict[tuple[str, dt.date], list[str]] = {}
        self._raw: dict[tuple[str, dt.date], str | None] = {}

    def units(self) -> list[str]:
        return self._units

    def is_known(self, unit: str) -> bool:
        return unit in self._known

    def founded(self, unit: str) -> dt.date | None:
        return self._own(unit).founded(unit)

    def dissolution(self, unit: str) -> Statement | None:
        return self._own(unit).dissolution(unit)

    def _last(self, unit: str, day: dt.date, kinds: tuple[str, ...]) -> Statement | None:
        return self._own(unit)._last(unit, day, kinds)

    def ancestors(self, unit: str, day: dt.date) -> list[str]:
        if (unit, day) not in self._above:
            self._above[unit, day] = super().ancestors(unit, day)
        return self._above[unit, day]

    def has_cycle(self) -> bool:
        return any(self._has_cycle_on(day) for day in {s.since for s in self.statements} | {LAST_KNOWN})

    def _has_cycle_on(self, day: dt.date) -> bool:
        """Go up from every unit, up to where one has gone before."""
        free: set[str] = set()
        for unit in self._units:
            way: dict[str, None] = {}
            up: str | None = unit
            while up is not None and up not in free:
                if up in way:
                    return True
                way[up] = None
                up = self.raw_parent(up, day)
            free.update(way)
        return False

    def _too_deep_on(self, day: dt.date, levels: int, links: int) -> bool:
        """Go down a chain from where one has gone before; looked at closely only where links may be too many levels."""
        if self._most_links_on(day) <= min(levels, links):
            return False
        below_root: dict[str | None, tuple[int, int]] = {None: (-1, -1)}
        for unit in self._units:
            way: list[str] = []
            up: str | None = unit
            while up not in below_root:
                assert up is not None
                way.append(up)
                up = self.raw_parent(up, day)
            while way:
                here = way.pop()
                over = self.raw_parent(here, day)
                level, link = below_root[over]
                stood_in_for = over is not None and self.is_dissolved(over, day)
                below_root[here] = (level + (0 if stood_in_for else 1), link + 1)
            founded = self.founded(unit)
            level, link = below_root[unit]
            known = founded is not None and founded <= day
            if known and (link > links or (self.is_active(unit, day) and level > levels)):
                return True
        return False

    def _most_links_on(self, day: dt.date) -> int:
        """Count the links from the root to the unit that has most above it, where there is no cycle."""
        links: dict[str | None, int] = {None: -1}
        for unit in self._units:
            way: list[str] = []
            up: str | None = unit
            while up not in links:
                assert up is not None
                way.append(up)
                up = self.raw_parent(up, day)
            links |= {here: n for n, here in enumerate(reversed(way), start=links[up] + 1)}
        return max(links.values())

    def _own(self, unit: str) -> Hierarchy:
        return self._of.get(unit, self._nothing)


class Remembering(Oracle):
    """An oracle that decides anew only what can have changed: parked events when the structure or their event did."""

    structure = Remembered

    def __init__(self, root: str = "trung-uong", levels: int = 64, links: int = 256) -> None:
        super().__init__(root, levels, links)
        self.counted: Counter[str] = Counter()
        """How many contributions to each measure hold after the last message fed."""
        self._by_key: dict[tuple[str, str], Entry] = {}
        self._indexed = 0
        self._parked: dict[int, Entry] = {}
        self._hierarchy: Hierarchy | None = None
        self._restructured = False
        self._touched: set[tuple[str, str] | None] = set()
        self._structural: list[Entry] = []
        self._retracting: dict[tuple[str, str], dict[int, Entry]] = {}
        """Parked retractions by what they take back."""

    def feed(self, position: int, bus_subject: str, body: bytes) -> None:
        super().feed(position, bus_subject, body)
        self._messages.clear()

    def hierarchy(self) -> Hierarchy:
        if self._hierarchy is None:
            self._index()
            self._hierarchy = self.structure(statements(self._structural))
        return self._hierarchy

    def _first(self, key: tuple[str, str] | None) -> Entry | None:
        self._index()
        return None if key is None else self._by_key.get(key)

    def _index(self) -> None:
        """Take note of what has come since this was done before."""
        for entry in self.entries[self._indexed :]:
            if entry.key is not None:
                self._by_key.setdefault(entry.key, entry)
            if entry.event is not None and entry.event["type"] in STRUCTURE:
                self._structural.append(entry)
        self._indexed = len(self.entries)

    def _carry_out(self, entry: Entry, verdict: Verdict) -> None:
        assert entry.event is not None
        target = self._target(entry.event) if (entry.event["type"], verdict[0]) == (RETRACTION, "applied") else None
        if target is not None and target.outcome == "counted":
            self._count(target, -1)
        held = target is not None and target.holds
        super()._carry_out(entry, verdict)
        self._wait_no_more(entry)
        if entry.outcome == "parked":
            self._wait(entry)
        elif entry.outcome == "counted":
            self._count(entry, 1)
        self._touched.add(entry.key)
        if target is not None:
            self._wait_no_more(target)
            self._touched.add(target.key)
        changed = target if held else entry if entry.holds else None
        if changed is not None and changed.event is not None and changed.event["type"] in STRUCTURE:
            self._hierarchy, self._restructured = None, True

    def _count(self, entry: Entry, n: int) -> None:
        assert entry.event is not None
        for measure in FACTS[entry.event["type"]][0]:
            self.counted[measure] += n

    def _let_go(self) -> None:
        again = True
        while again:
            again = False
            for e in self._doubtful():
                verdict = self._decide(e)
                if verdict[0] == "parked":
                    e.reason = verdict[1]
                    continue
                again = True
                self._carry_out(e, verdict)
                if verdict[0] != "counted":  # a fact that is counted now makes nothing else possible
                    break
            if not again:
                self._restructured = False
                self._touched.clear()

    def _doubtful(self) -> list[Entry]:
        """List the parked events of which something else may have to be said, in the order of the stream."""
        found = list(self._parked.values())
        if not self._restructured:
            found = [e for key in self._touched if key in self._retracting for e in self._retracting[key].values()]
        return sorted(found, key=lambda e: e.position)

    def _wait(self, entry: Entry) -> None:
        self._parked[entry.position] = entry
        if (key := _retracts(entry)) is not None:
            self._retracting.setdefault(key, {})[entry.position] = entry

    def _wait_no_more(self, entry: Entry) -> None:
        if self._parked.pop(entry.position, None) is not None and (key := _retracts(entry)) is not None:
            del self._retracting[key][entry.position]

    def totals(self) -> Counter[Key]:
        """Count each measure in each unit on each basis: its own and all below it, of all days."""
        h, found = self.hierarchy(), Counter[Key]()
        for count in self.contributions():
            for basis, day in (("as-was", count.day), ("as-now", LAST_KNOWN)):
                found.update(Key(unit, count.measure, basis) for unit in (count.unit, *h.ancestors(count.unit, day)))
        return found

    def contributions(self) -> list[Count]:
        """List everything that is counted."""
        return counts(self._counted())


def _retracts(entry: Entry) -> tuple[str, str] | None:
    assert entry.event is not None
    data = entry.event["data"]
    return (data["source"].removeprefix("/units/"), data["id"]) if entry.event["type"] == RETRACTION else None
