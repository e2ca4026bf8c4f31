"""Declared figures beside what the system counts and what the children declare (domain: Plans and indicators).

Nothing is inferred: of the children count those that declared the same figure for the same day or period.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from events.catalogue import MEASURE_NUMBERS
from events.vocabulary import STOCKS
from projections.answers.plans.known_plans import CountOf, Declared, Known, PlanKey
from projections.answers.plans.plan_answers import Figure, Parts
from projections.answers.words.plan_words import NO_PARTS, NOBODY_DECLARED, NOT_DECLARED
from projections.rules.counting.periods import Days

UNITS = "subordinate_units"


def window(on: dt.date) -> Days:
    """Return the days in which a shown period ends: the year of the asked day up to it, and the year before."""
    return Days(dt.date(max(on.year - 1, 1), 1, 1), on)


def stock_days(declared: list[Declared]) -> dict[str, dt.date]:
    """Return the latest day for which each stock is declared."""
    found: dict[str, dt.date] = {}
    for each in declared:
        if each.figure in STOCKS:
            found[each.figure] = max(found.get(each.figure, each.last), each.last)
    return found


def figures(known: Known, count: CountOf) -> list[Figure]:
    """Return a row for each stock, then one for each period of a measure that the unit or a child declared lately."""
    return [*_stocks(known), *_measures(known, count)]


def _stocks(known: Known) -> Iterator[Figure]:
    own = stock_days(known.declared)
    said = {declared.key: declared for declared in known.declared}
    for figure in STOCKS:
        day = own.get(figure) or _day_of_children(known, figure)
        if day is None:
            yield _nothing(figure, known)
            continue
        key = (figure, day, day)
        parts = _parts(known, key, said.get(key))
        if figure == UNITS:
            yield _figure(key, said.get(key), len(known.children.on(day)), "units", parts)
        else:
            yield _figure(key, said.get(key), parts.declared, "children", parts)


def _measures(known: Known, count: CountOf) -> Iterator[Figure]:
    said = {declared.key: declared for declared in known.declared}
    first, last = window(known.on)
    shown = {key for key in said if key[0] in MEASURE_NUMBERS and first <= key[2] <= last}
    for key, by_unit in known.parts.items():
        if key[0] in MEASURE_NUMBERS and first <= key[2] <= last and by_unit.keys() & known.children.on(key[2]).keys():
            shown.add(key)
    for key in sorted(shown, key=lambda k: (-k[2].toordinal(), -k[1].toordinal(), MEASURE_NUMBERS[k[0]])):
        own = said.get(key)
        yield _figure(key, own, count(key[0], Days(key[1], key[2])), "count", _parts(known, key, own))


def _day_of_children(known: Known, figure: str) -> dt.date | None:
    days = [
        key[2]
        for key, by_unit in known.parts.items()
        if key[0] == figure and by_unit.keys() & known.children.on(key[2]).keys()
    ]
    return max(days, default=None)


def _parts(known: Known, key: PlanKey, own: Declared | None) -> Parts:
    children = known.children.on(key[2])
    values = [value for no, value in known.parts.get(key, {}).items() if no in children]
    total = sum(values) if values else None
    difference = own.value - total if own is not None and total is not None else None
    if key[0] == UNITS:  # those right below the children are not right below the unit
        difference = None
    return Parts(total, len(values), len(children) - len(values), difference)


def _figure(key: PlanKey, own: Declared | None, computed: int | None, by: str, parts: Parts) -> Figure:
    figure, first, last = key
    stock = figure in STOCKS
    return Figure(
        figure=figure,
        on=last if stock else None,
        first=None if stock else first,
        last=None if stock else last,
        declared=own.value if own else None,
        note=own.note if own else None,
        said=own.said if own else None,
        computed=computed,
        computed_by=by if computed is not None else None,
        difference=own.value - computed if own and computed is not None else None,
        children=parts,
        reason=NOT_DECLARED if own is None else NO_PARTS if computed is None else None,
    )


def _nothing(figure: str, known: Known) -> Figure:
    silent = Parts(None, 0, len(known.children.on(known.on)), None)
    return Figure(figure, None, None, None, None, None, None, None, None, None, silent, NOBODY_DECLARED)
