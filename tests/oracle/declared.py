"""What a unit declares, beside what is counted and what its children declare."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.asking import Asked
from tests.oracle.wording import MEASURES, STOCKS


def figures(asked: Asked) -> list[dict[str, Any]]:
    """Make a row for every stock, then one for every period declared by the unit or by a child."""
    return [_stock(asked, stock) for stock in STOCKS] + [_period(asked, *period) for period in _periods(asked)]


def _stock(asked: Asked, stock: str) -> dict[str, Any]:
    day = _day(asked, stock)
    if day is None:
        return {
            "figure": stock,
            "on": None,
            "from": None,
            "to": None,
            "declared": None,
            "note": None,
            "said": None,
            "computed": None,
            "computed_by": None,
            "difference": None,
            "children": {"declared": None, "said": 0, "silent": len(asked.children(asked.on)), "difference": None},
            "reason": True,
        }
    return _row(asked, stock, day, day) | {"on": str(day), "from": None, "to": None}


def _day(asked: Asked, stock: str) -> dt.date | None:
    """Find the latest day of which the unit declared the stock; else the latest of which a child did."""
    own = [p.last for p in asked.declarations() if p.what == stock]
    if own:
        return max(own)
    units = asked.oracle.hierarchy().units()
    said = [(u, p.last) for u in units for p in asked.of(u).declarations() if p.what == stock]
    return max((day for unit, day in said if unit in asked.children(day)), default=None)


def _periods(asked: Asked) -> list[tuple[str, dt.date, dt.date]]:
    found = set()
    for unit in asked.oracle.hierarchy().units():
        for p in asked.of(unit).declarations():
            lately = p.what in MEASURES and p.last.year in (asked.on.year, asked.on.year - 1)
            if lately and (unit == asked.unit or unit in asked.children(p.last)):
                found.add((p.what, p.first, p.last))
    return sorted(found, key=lambda period: (-period[2].toordinal(), -period[1].toordinal(), MEASURES.index(period[0])))


def _period(asked: Asked, measure: str, first: dt.date, last: dt.date) -> dict[str, Any]:
    return _row(asked, measure, first, last) | {"on": None, "from": str(first), "to": str(last)}


def _row(asked: Asked, figure: str, first: dt.date, last: dt.date) -> dict[str, Any]:
    own = asked.declaration(figure, first, last)
    value = own.data["value"] if own else None
    children = asked.children(last)
    said = [p.data["value"] for p in (asked.of(child).declaration(figure, first, last) for child in children) if p]
    parts = sum(said) if said else None
    if figure in MEASURES:
        computed, by = asked.count(figure, first, last), "count"
    elif figure == "subordinate_units":
        computed, by = len(children), "units"
    else:
        computed, by = parts, "children"
    return {
        "figure": figure,
        "declared": value,
        "note": own.data.get("note") if own else None,
        "said": own and own.position,
        "computed": computed,
        "computed_by": by if computed is not None else None,
        "difference": _less(value, computed),
        "children": {
            "declared": parts,
            "said": len(said),
            "silent": len(children) - len(said),
            # How many units the children have below them says nothing of how many the unit has.
            "difference": None if figure == "subordinate_units" else _less(value, parts),
        },
        "reason": value is None or computed is None,
    }


def _less(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other
