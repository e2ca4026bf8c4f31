"""Who said nothing, declared zero, declared another total than is counted, admitted nobody: of many units at once.

(Domain: Zero is not silence.) A fact belongs to the units that were above its unit on its day, a declaration to those
that were so on the last day that it shares with the days asked for. Pure, over columns: a number for each unit, and an
index in place of a unit's number. 0 is no unit.

What is said is handed up from unit to unit, all at once, where it stood under one parent on all of the days. Who had
something below that moved meanwhile is in doubt, as far as nobody else below it said something: there another has to
look day by day. So an answer costs what the units are, whatever the days.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
"""Integers of some width."""
Numbers = NDArray[np.int32]
Large = NDArray[np.int64]
Marks = NDArray[np.bool_]

OPEN: Final = 2**31 - 1
"""The ``until`` of what goes on."""
NOBODY: Final = 0

_DAY_BITS: Final = 22
_UNIT_SHIFT: Final = _DAY_BITS + 5
"""Bits of a day, and of a day with the number of a measure."""


class Stays(NamedTuple):
    """Days ``[since, until)`` on which a unit had a raw parent and a level; ``dissolved`` is of the unit as a whole.

    All of a unit that is looked at; of others, those below one that is. Days are ordinals, levels numbers.
    """

    units: Column
    parents: Column
    levels: Column
    since: Column
    until: Column
    dissolved: Column

    def on(self, day: int) -> Marks:
        """Mark those that hold on a day."""
        return self.within(day, day)

    def within(self, first: int, day: int) -> Marks:
        """Mark those that hold on a day, or on one of those before it from the first on."""
        marks: Marks = (self.since <= day) & (self.until > min(first, day))
        return marks

    def parents_in(self, some: Marks, size: int) -> Numbers:
        """Return the parent of each unit, up to size, in some of the stays; NOBODY where it has none of them."""
        parents = np.full(size, NOBODY, np.int32)
        parents[self.units[some]] = self.parents[some]
        return parents


class DeclaredColumns(NamedTuple):
    """Declared figures that share a day with those asked for; ``figures`` are numbers of measures, or others."""

    units: Column
    figures: Column
    first: Column
    last: Column
    values: Column
    positions: Column


class HeardFacts(NamedTuple):
    """Facts within the days asked for; ``signs`` are -1 for what is taken back."""

    units: Column
    measures: Column
    days: Column
    signs: Column


class Voices(NamedTuple):
    """How often each unit has a fact of its own, and an admission; ``facts`` of declared measures, None: not known."""

    own: Large
    admissions: Large
    facts: HeardFacts | None


class AskedOfAll(NamedTuple):
    """The days, the day of the hierarchy, and of which ``level`` (None: of all) below which unit.

    ``everybody``: all that stands is below it. ``hidden`` are not to be told of.
    """

    unit: int
    first: int
    last: int
    on: int
    level: int | None
    everybody: bool
    hidden: Numbers
    measures: int
    """How many measures there are; their numbers begin at 1."""
    admissions: int


class ComparedTotals(NamedTuple):
    """The declared totals that are compared, by their place among the declared, with what is counted for each.

    That is not known yet of those ``in_doubt``.
    """

    declared: NDArray[np.intp]
    counted: Large
    in_doubt: Marks


class Quiet(NamedTuple):
    """What was found, each as marks of units. Of the units ``in_doubt`` it is not known whether one below was heard.

    ``only_zero`` are those of which, and below which, nothing but zeros was heard.
    """

    looked: Marks
    silent: Marks
    only_zero: Marks
    figures_in_doubt: Marks
    zero: Marks
    nobody: Marks
    admission_in_doubt: Marks
    totals: ComparedTotals


class Places(NamedTuple):
    """Where the units stand: ``looked`` at, under which ``parents`` on all of the days (0 where it was under several).

    ``mixed`` had something below on some of the days alone, and ``begun`` is a unit's first day among those asked for.
    """

    looked: Marks
    parents: Numbers
    mixed: Marks
    begun: Numbers


def places(asked: AskedOfAll, stays: Stays, size: int) -> Places:
    """Find who is looked at, and which of them hang together in one way on all of the days; indices go up to size."""
    now, within = stays.on(asked.on), stays.within(asked.first, asked.on)
    parents, stands = stays.parents_in(now, size), np.zeros(size, np.bool_)
    units = stays.units[now]
    stands[units] = stays.dissolved[now] > asked.on
    if asked.level is not None:
        of_level = np.zeros(size, np.bool_)
        of_level[units] = stays.levels[now] == asked.level
        stands &= of_level
    looked = stands if asked.everybody else stands & _below(asked.unit, parents)
    looked[[asked.unit, NOBODY]] = False
    looked[asked.hidden] = False

    elsewhere = within & (stays.parents != parents[stays.units])
    moved = np.zeros(size, np.bool_)
    moved[stays.units[elsewhere]] = True
    mixed = np.zeros(size, np.bool_)
    if elsewhere.any():
        mixed[stays.parents[within & moved[stays.units]]] = True
        _spread(mixed, stays.units[within], stays.parents[within])
    parents[moved] = NOBODY
    return Places(looked, parents, mixed, _begun(stays.units[within], stays.since[within], size))


def _begun(units: Column, since: Column, size: int) -> Numbers:
    """Return the first of the days of each unit; nearly all have one stay."""
    begun = np.full(size, OPEN, np.int32)
    begun[units] = since
    several = np.bincount(units, minlength=size)[units] > 1
    np.minimum.at(begun, units[several], since[several])
    return begun


class VoiceCounter:
    """Counts facts block by block, and keeps those of some measures, marks by their numbers."""

    def __init__(self, size: int, admissions: int, measures: Marks) -> None:
        self._size = size
        self._admissions = admissions
        self._measures = measures
        self._own, self._admitted = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self._kept = [HeardFacts(*(np.empty(0, kind) for kind in (np.int32, np.int16, np.int32, np.int8)))]

    def hear(self, facts: HeardFacts) -> None:
        """Take facts of the days asked for."""
        admits = facts.measures == self._admissions
        lost = facts.signs < 0
        for sign, some in ((1, ~lost), (-1, lost)) if lost.any() else ((1, slice(None)),):
            units = facts.units[some]
            self._own += sign * np.bincount(units, minlength=self._size)
            self._admitted += sign * np.bincount(units[admits[some]], minlength=self._size)
        if self._measures.any():
            wanted = self._measures[facts.measures]
            self._kept.append(HeardFacts(*(column[wanted] for column in facts)))

    def heard(self) -> Voices:
        """Return what was heard."""
        return Voices(self._own, self._admitted, HeardFacts(*map(np.concatenate, zip(*self._kept, strict=True))))


def totals_asked(asked: AskedOfAll, found: Places, declared: DeclaredColumns) -> NDArray[np.intp]:
    """Return the places of the declared totals that are compared: of a period within the days, by a unit looked at."""
    compared = (declared.first >= asked.first) & (declared.last <= asked.last) & (declared.figures <= asked.measures)
    return np.flatnonzero(compared & found.looked[declared.units])


def judge(asked: AskedOfAll, found: Places, declared: DeclaredColumns, heard: Voices) -> Quiet:
    """Tell of the units that are looked at."""
    size = len(found.looked)
    zero = np.zeros(size, np.bool_)
    zero[declared.units[(declared.values == 0) & (declared.figures <= asked.measures)]] = True
    heard_of, figures = (
        _heard(asked, found, DeclaredColumns(*(column[some] for column in declared)), heard)
        for some in (slice(None), declared.values != 0)
    )
    admitted = _handed_up(heard.admissions > 0, found.parents)
    silent, without, nobody = (found.looked & ~each for each in (heard_of, figures, admitted))
    return Quiet(
        found.looked,
        silent,
        without & ~silent,
        without & found.mixed,
        found.looked & zero,
        nobody,
        nobody & found.mixed,
        _totals(totals_asked(asked, found, declared), found, declared, heard.facts),
    )


def _heard(asked: AskedOfAll, found: Places, declared: DeclaredColumns, heard: Voices) -> Marks:
    """Mark the units that have a fact, or one of the declared figures, of their own or below, as far as it is known."""
    size = len(found.looked)
    spoke, below = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    spoke[declared.units] = True
    shared = np.minimum(declared.last, asked.on)
    below[declared.units[shared >= found.begun[declared.units]]] = True
    return _handed_up((heard.own > 0) | below, found.parents) | spoke


def _totals(
    places_of: NDArray[np.intp], found: Places, declared: DeclaredColumns, facts: HeardFacts | None
) -> ComparedTotals:
    units, measures = declared.units[places_of], declared.figures[places_of]
    if facts is None:
        return ComparedTotals(places_of, np.zeros(len(places_of), np.int64), np.ones(len(places_of), np.bool_))
    in_doubt = found.mixed[units]
    wanted = np.zeros(len(found.looked), np.bool_)
    wanted[units[~in_doubt]] = True
    key, lost = (_handed_to(wanted, found.parents, facts, facts.signs == sign) for sign in (1, -1))
    met = np.zeros(len(wanted), np.bool_)
    met[key >> _UNIT_SHIFT] = True
    some = np.flatnonzero(met[units])  # of nearly all nothing is counted
    counted = np.zeros(len(places_of), np.int64)
    first, last = (_key(units[some], measures[some], days[places_of[some]]) for days in declared[2:4])
    for keys, sign in ((key, 1), (lost, -1)):
        if len(keys):
            counted[some] += sign * (np.searchsorted(keys, last, "right") - np.searchsorted(keys, first, "left"))
    return ComparedTotals(places_of, counted, in_doubt)


def _handed_to(wanted: Marks, parents: Numbers, facts: HeardFacts, some: Marks) -> Large:
    """Return the keys, in order, of some facts under each of the wanted units that they are handed up to."""
    keys = []
    at, left = facts.units[some], np.flatnonzero(some)
    while len(left):
        here = np.flatnonzero(wanted[at])
        keys.append(_key(at[here], facts.measures[left[here]], facts.days[left[here]]))
        at = parents[at]
        above = np.flatnonzero(at != NOBODY)
        at, left = at[above], left[above]
    key = np.concatenate((np.empty(0, np.int64), *keys))
    key.sort()
    return key


def standing(declared: DeclaredColumns) -> DeclaredColumns:
    """Return of several figures of one unit, figure and period the latest alone: the later in the stream stands."""
    names: tuple[Column, ...] = declared[:4]
    mixed = np.zeros(len(declared.units), np.uint64)
    for column, factor in zip(names, _ODD, strict=True):
        mixed = (mixed + column.astype(np.uint64)) * np.uint64(factor)
    mixed.sort()
    if np.all(mixed[1:] != mixed[:-1]):  # nearly always
        return declared
    order = np.lexsort((declared.positions, *reversed(names)))
    last = np.ones(len(order), np.bool_)
    last[:-1] = np.any([column[order[:-1]] != column[order[1:]] for column in names], axis=0)
    return DeclaredColumns(*(column[order[last]] for column in declared))


_ODD: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)


def _key(units: Column, measures: Column, days: Column) -> Large:
    """Return one number that is in the order of unit, measure, day."""
    key: Large = units.astype(np.int64) << _UNIT_SHIFT | measures.astype(np.int64) << _DAY_BITS | days
    return key


def below_on_day(unit: int, on: int, stays: Stays, size: int) -> Marks:
    """Mark what is strictly below a unit on a day."""
    below = _below(unit, stays.parents_in(stays.on(on), size))
    below[unit] = False
    return below


def _below(unit: int, parents: Numbers) -> Marks:
    """Mark what is below a unit."""
    below = np.zeros(len(parents), np.bool_)
    below[unit] = True
    found = 1
    while True:
        below |= below[parents]
        below[NOBODY] = False
        more = int(np.count_nonzero(below))
        if more == found:
            return below
        found = more


def _handed_up(marks: Marks, parents: Numbers) -> Marks:
    """Mark also what is above those that are marked, as long as it is known."""
    marked = marks.copy()
    marked[NOBODY] = False
    new = np.flatnonzero(marked)
    while len(new):
        uppers = parents[new]
        once = np.zeros(len(marked), np.bool_)
        once[uppers] = True
        once[NOBODY] = False
        new = np.flatnonzero(once & ~marked)
        marked |= once
    return marked


def _spread(marks: Marks, units: Column, parents: Column) -> None:
    """Mark what was above those that are marked, on whatever of the days."""
    found = 0
    while True:
        marks[parents[marks[units]]] = True
        marks[NOBODY] = False
        more = int(np.count_nonzero(marks))
        if more == found:
            return
        found = more
