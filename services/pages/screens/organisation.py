"""How a unit was organised on a day: what was below it, what became of it, and where its children went (screen 8)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Final, NamedTuple

from starlette.responses import Response

from projections.answers.past.structure_answers import (
    ChangeDay,
    ChangeDays,
    Placed,
    Source,
    Succession,
    ThenAndNow,
    Tree,
    UnitHistory,
    Whereabouts,
)
from projections.answers.report.report_answers import UnitName
from projections.answers.words.vietnamese_order import OrderKey, by_name, order_key
from services.pages.asking import RefusedPage, ask, path_of
from services.pages.me import OFFICERS
from services.pages.page import Page
from services.pages.paging import paged
from services.pages.unit_page import PLACE, UnitFrame, of_unit, unit_page

END: Final = "to-chuc"
NESTED: Final = 1_500
"""Units two steps down that one page shows with those above them."""
SLID: Final = 1_000
"""Days that a slider goes through."""
CHANGES: Final = ("established", "renamed", "releveled", "moved", "dissolved")


class Happening(NamedTuple):
    """Something in the life of a unit: what, on which day, and the events that said so.

    ``kind``: founded, renamed, releveled, moved, took, gave, dissolved. ``other`` is the unit above or on the other
    side, ``children`` are those that came or went; none where all of it did.
    """

    on: dt.date
    kind: str
    said: list[Source]
    text: str = ""
    other: UnitName | None = None
    children: tuple[UnitName, ...] = ()


class YearOfChanges(NamedTuple):
    """A year in which something changed, and the last day of it on which it did."""

    year: int
    last: dt.date


class Timeline(NamedTuple):
    """The days on which something changed, as they stand around the one that is shown."""

    before: dt.date | None
    after: dt.date | None
    here: ChangeDay | None
    years: list[YearOfChanges]
    of_year: list[ChangeDay]
    """Those of the year of the day that is shown."""
    days: list[dt.date]
    """Those that a slider goes through; none where they are too many."""


async def organisation(page: Page) -> Response:
    """Show a unit as it stood on a day."""
    u = await unit_page(page)
    on = page.day("on") or u.period.last
    where = page.part("unit")
    unit, below, changes, moved = await page.asking.together(
        of_unit(where, on),
        ask(path_of("units", where, "tree"), Tree, on=on, depth=2),
        ask(path_of("units", where, "changes"), ChangeDays),
        ask(path_of("units", where, "then-and-now"), ThenAndNow, on=on),
    )
    u = u._replace(unit=unit)
    children = paged(page, sorted(below.tree.children, key=by_name))
    resettled = sorted(filter(_differs, moved.children), key=_by_place)
    return u.draw(
        "organisation.html",
        on=on,
        children=children,
        nested=below.depth > 1 and sum(len(each.children) for each in children.rows) <= NESTED,
        counted=below.depth > 1,
        by_name=lambda branches: sorted(branches, key=by_name),
        timeline=timeline(changes.days, on),
        kinds=CHANGES,
        resettled=paged(page, resettled),
        as_before=sum(each.was_child for each in moved.children) - sum(each.was_child for each in resettled),
        life=await _life(u),
        officer=u.me.has(OFFICERS),
    )


async def _life(u: UnitFrame) -> list[Happening] | None:
    """Ask what became of the unit; None for whom that is not: names and the tree are for every account."""
    try:
        history = await u.page.asking.one(ask(path_of("units", u.unit.id, "history"), UnitHistory))
    except RefusedPage as refused:
        if refused.said.status == HTTPStatus.FORBIDDEN:
            return None
        raise
    return life(history)


def life(history: UnitHistory) -> list[Happening]:
    """Tell a unit's life as it went, oldest first."""
    return sorted(_happenings(history), key=lambda each: each.on)


def _happenings(history: UnitHistory) -> Iterator[Happening]:
    founded, gone = history.founded, history.dissolved
    first = next((span.parent for span in history.parents), None)
    yield Happening(founded.since, "founded", [founded.said], history.names[0].name, first)
    for name in history.names[1:]:
        yield Happening(name.since, "renamed", name.said, name.name)
    for level in history.levels[1:]:
        yield Happening(level.since, "releveled", level.said, level.level)
    for parent in history.parents[1:]:
        if gone is None or parent.since < gone.since:
            yield Happening(parent.since, "moved", parent.said, other=parent.parent)
    yield from _went(history.predecessors, "took")
    yield from _went([each for each in history.successors if each.child is not None], "gave")
    if gone is not None:
        yield Happening(gone.since, "dissolved", [gone.said], other=gone.successor)


def _went(successions: Sequence[Succession], kind: str) -> Iterator[Happening]:
    """Put together what went from one unit to another on one day."""

    def key(each: Succession) -> tuple[dt.date, str, bool]:
        return each.since, each.unit.id, each.child is None

    for (since, _, _), grouped in groupby(sorted(successions, key=key), key=key):
        found = list(grouped)
        children = sorted((each.child for each in found if each.child is not None), key=by_name)
        said = [source for each in found for source in each.said]
        yield Happening(since, kind, said, other=found[0].unit, children=tuple(children))


def timeline(days: Sequence[ChangeDay], on: dt.date) -> Timeline:
    """Lay the days of changes around one."""
    known = [each.on for each in days]
    at, following = bisect_left(known, on), bisect_right(known, on)
    return Timeline(
        before=known[at - 1] if at else None,
        after=known[following] if following < len(known) else None,
        here=days[at] if following > at else None,
        years=[YearOfChanges(year, max(found)) for year, found in groupby(known, key=lambda day: day.year)],
        of_year=[each for each in days if each.on.year == on.year],
        days=known if len(known) <= SLID else [],
    )


def _differs(each: Whereabouts) -> bool:
    return each.was_child != each.is_child or _known(each.then) != _known(each.now)


def _known(place: Placed | None) -> tuple[str, ...]:
    """Return what is compared: a parent that is called otherwise is the same one."""
    return () if place is None else (place.name, place.level, "" if place.parent is None else place.parent.id)


def _by_place(each: Whereabouts) -> tuple[bool, OrderKey, str]:
    """Sort those that were there first, each by its name."""
    named = each.then or each.now
    return not each.was_child, order_key("" if named is None else named.name), each.id


SCREENS: Final = {f"{PLACE}/{{unit}}/{END}": organisation}
