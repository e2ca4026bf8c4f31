"""The answers about units through time, as they are written to JSON; field order is the order on the wire."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from projections.answers.report.report_answers import UnitName


class Source(Struct, frozen=True):
    """An event that said something."""

    position: int
    publisher: str
    id: str
    type: str


class NameSpan(Struct, frozen=True):
    """What a unit was called from ``since`` on, ``until`` excluded (null where it still is), and who said so."""

    name: str
    since: dt.date
    until: dt.date | None
    said: list[Source]


class LevelSpan(Struct, frozen=True):
    """The level of a unit, in the same way."""

    level: str
    since: dt.date
    until: dt.date | None
    said: list[Source]


class ParentSpan(Struct, frozen=True):
    """The parent of a unit; ``raw`` is the one said, where it is dissolved and ``parent`` stands in for it.

    Beside what was said of the unit itself, ``said`` has the dissolutions of those that are stood in for.
    """

    parent: UnitName | None
    raw: UnitName | None
    since: dt.date
    until: dt.date | None
    said: list[Source]


class Foundation(Struct, frozen=True):
    """When a unit was established, and the event that said so."""

    since: dt.date
    said: Source


class Dissolution(Struct, frozen=True):
    """When a unit was dissolved, for which successor, and the event that said so."""

    since: dt.date
    successor: UnitName | None
    said: Source


class Succession(Struct, frozen=True):
    """What went from one unit to another on a day: all of it, by dissolution, or one ``child``, which moved."""

    unit: UnitName
    child: UnitName | None
    since: dt.date
    said: list[Source]


class UnitHistory(Struct, frozen=True):
    """A unit through time, named as last known; everything by day, oldest first.

    ``predecessors`` are those whose successor the unit is, and those that it took children over from; ``successors``
    are its own, and those that took children over from it.
    """

    id: str
    name: str
    level: str
    founded: Foundation
    dissolved: Dissolution | None
    names: list[NameSpan]
    levels: list[LevelSpan]
    parents: list[ParentSpan]
    predecessors: list[Succession]
    successors: list[Succession]
    position: int
    as_of: dt.datetime | None


class Branch(Struct, frozen=True):
    """A unit with those below it, its children by id."""

    id: str
    name: str
    level: str
    children: list[Branch]


class Tree(Struct, frozen=True):
    """A unit and what was below it on a day, ``depth`` steps down: fewer than asked for where it would be too much."""

    on: dt.date
    depth: int
    complete: bool
    tree: Branch
    position: int
    as_of: dt.datetime | None


class ChangeDay(Struct, frozen=True):
    """A day on which something about units changed, and of how many units what did."""

    on: dt.date
    established: int
    renamed: int
    releveled: int
    moved: int
    dissolved: int


class ChangeDays(Struct, frozen=True):
    """The days on which a unit, or something below it on the day or on the day before, changed; oldest first."""

    unit: UnitName
    days: list[ChangeDay]
    position: int
    as_of: dt.datetime | None


class Placed(Struct, frozen=True):
    """What a unit is called, its level, and its parent; null of the root."""

    name: str
    level: str
    parent: UnitName | None


class Whereabouts(Struct, frozen=True):
    """Where a unit was on a day, and is as last known; null where it was not established yet, or is dissolved.

    ``was_child`` and ``is_child``: of the unit that is asked about. ``heir`` is the unit under which the history of a
    dissolved one is found: its successor, or the one that it was under last.
    """

    id: str
    was_child: bool
    is_child: bool
    then: Placed | None
    now: Placed | None
    since: dt.date
    dissolved: dt.date | None
    successor: UnitName | None
    heir: UnitName | None


class ThenAndNow(Struct, frozen=True):
    """The children of a unit on a day and as last known, by id, and where each was and is."""

    unit: UnitName
    on: dt.date
    children: list[Whereabouts]
    position: int
    as_of: dt.datetime | None
