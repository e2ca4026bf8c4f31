"""A unit and the dated statements about it that hold: its parents day by day (contract §1, Structure)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from msgspec import Struct

T = TypeVar("T")
FOREVER = dt.date.max
EVER = dt.date.min
_LAST_BEGINNING = FOREVER - dt.timedelta(1)
_POSITION: Final = 8
"""Bytes."""


class UnitStatement(NamedTuple):
    """One dated statement about a unit that holds. Units are their numbers; what a kind does not say is None."""

    position: int
    unit: int
    kind: str
    since: dt.date
    parent: int | None = None
    name: str | None = None
    level: str | None = None
    successor: int | None = None


class Segment(NamedTuple):
    """The raw parent of a unit on the days ``[since, until)``."""

    since: dt.date
    until: dt.date
    parent: int | None


class Span(NamedTuple):
    """A unit on the days ``[since, until)``."""

    unit: int
    since: dt.date
    until: dt.date


class Unit(Struct, eq=False, gc=False):
    """A unit that is known: its establishment, what was said of it later, its place in the hierarchy as last known.

    There are hundreds of thousands of them in memory. So what is asked for only when a unit changes is kept as bytes,
    and the collector is spared them all: nothing that they refer to refers to them.
    """

    no: int
    id: str
    since: dt.date
    """The day of its founding."""
    parent: int | None
    """Its raw parent by its founding."""
    level: str | None
    """Its level by its founding; None where that says neither a level nor a name."""
    kept: bytes
    """The position of its founding, eight bytes, and the name by it."""
    later: list[UnitStatement] | None = None
    dissolution: UnitStatement | None = None
    named: int = 0
    """Statements that hold and name it as parent or successor."""
    size: int = 0
    """Units below it on the raw lineage as last known."""
    height: int = 0
    """At least the raw links down to the lowest of those below it on any day."""
    segments: tuple[Segment, ...] | None = None
    """Its raw parents, only where they are more than the founding one."""

    @property
    def founding(self) -> UnitStatement:
        """The statement that establishes it."""
        name = None if self.level is None else self.kept[_POSITION:].decode()
        position = int.from_bytes(self.kept[:_POSITION])
        return UnitStatement(position, self.no, "established", self.since, self.parent, name, self.level)

    def active(self, day: dt.date) -> bool:
        """Tell whether the unit is established and not yet dissolved on the day."""
        return self.since <= day and (self.dissolution is None or day < self.dissolution.since)

    def dissolved(self, day: dt.date) -> bool:
        """Tell whether the unit is dissolved on the day."""
        return self.dissolution is not None and day >= self.dissolution.since

    def statements(self) -> Iterator[UnitStatement]:
        """Yield all statements about the unit that hold, its establishment first."""
        yield self.founding
        yield from self.later or ()
        if self.dissolution is not None:
            yield self.dissolution

    def say(self, statement: UnitStatement) -> None:
        """Let a statement about it hold, not that which establishes it; what follows from it is for the caller."""
        if statement.kind == "dissolved":
            self.dissolution = statement
        else:
            self.later = [*(self.later or ()), statement]

    def unsay(self, statement: UnitStatement) -> None:
        """Take such a statement back."""
        if statement.kind == "dissolved":
            self.dissolution = None
        else:
            self.later = [said for said in self.later or () if said.position != statement.position] or None


def founded(id_: str, founding: UnitStatement) -> Unit:
    """Return a unit of which nothing is known but the statement that establishes it."""
    position, no, _, since, parent, name, level, _ = founding
    return Unit(no, id_, since, parent, level, position.to_bytes(_POSITION) + (name or "").encode())


class Ancestry(NamedTuple):
    """Where a unit hangs: its raw parents, oldest first, and the raw lineage above it as last known."""

    parents: tuple[Segment, ...]
    lineage_now: tuple[int, ...]


class Move(NamedTuple):
    """A unit's place before and after one change: all that follows a unit is told by this record, and by it alone.

    The two are equal where the change hangs it nowhere else (a name, a level, a dissolution without successor).
    """

    unit: Unit
    before: Ancestry
    after: Ancestry

    @property
    def leads_elsewhere(self) -> bool:
        """Tell whether the lineage as last known is another now."""
        return self.before.lineage_now != self.after.lineage_now


def holds_from(since: dt.date) -> dt.date:
    """Return the day from which a change of structure holds.

    It is the one that it says, but for the last day that there is: days that are over end before a day, and those that
    go on have this one for their end, so that a change on it could not be told from none (decision 0010).
    """
    return min(since, _LAST_BEGINNING)


def last_day(until: dt.date) -> dt.date:
    """Return the last of the days of a span that ends before ``until``: of one that goes on, the last that there is."""
    return until if until == FOREVER else until - dt.timedelta(1)


def told_end(until: dt.date) -> dt.date | None:
    """Return the ``until`` of a span as it is told: None where it goes on."""
    return None if until == FOREVER else until


def dated(statements: Iterable[tuple[dt.date, int, T]]) -> list[tuple[dt.date, dt.date, T]]:
    """Turn ``(since, position, value)`` into ``(since, until, value)`` without gaps.

    Of those with the same ``since``, the later in the stream holds.
    """
    said = sorted(statements, key=lambda statement: statement[:2])
    if len(said) == 1:  # nearly all
        return [(said[0][0], FOREVER, said[0][2])]
    by_day = {since: value for since, _, value in said}
    days = list(by_day)
    merged: list[tuple[dt.date, dt.date, T]] = []
    for since, until in zip(days, [*days[1:], FOREVER], strict=True):
        value = by_day[since]
        if merged and merged[-1][2] == value:
            merged[-1] = (merged[-1][0], until, value)
        else:
            merged.append((since, until, value))
    return merged


def segments_of(unit: Unit) -> tuple[Segment, ...]:
    """Return the unit's raw parents from its establishment on, oldest first."""
    said = [(s.since, s.position, s.parent) for s in unit.statements() if s.kind in {"established", "moved"}]
    segments = [Segment(*piece) for piece in dated(said)]
    gone = unit.dissolution
    if gone is None or gone.successor is None:
        return tuple(segments)
    kept = [Segment(s.since, min(s.until, gone.since), s.parent) for s in segments if s.since < gone.since]
    if kept and kept[-1].parent == gone.successor:
        return (*kept[:-1], Segment(kept[-1].since, FOREVER, gone.successor))
    return (*kept, Segment(gone.since, FOREVER, gone.successor))
