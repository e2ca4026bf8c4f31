"""The facts of a unit and of what is below it, as a query takes them: a table of whose, and which facts go with it.

The query asks for facts of some ``measures``, an array of that name: where none of these is counted is not walked to.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Date, FromClause, Integer, bindparam, or_, select, union_all

from projections.answers.report.report_question import Basis, Place
from projections.rules.counting.periods import Days
from projections.store.hierarchy_sql import below_seeds, below_seeds_now
from projections.store.reading.composed import SEEDED, SEEDS, unnested, walked
from projections.store.reading.counted_below import counted_below
from projections.store.schema.tables import FACT

_NUMBER = bindparam("unit", type_=Integer)
_LOOKED = bindparam("first", type_=Date), bindparam("last", type_=Date)
_SEED = unnested("seed", unit=Integer, first=Date, last=Date, sign=Integer)
_MEASURES = bindparam("measures", type_=ARRAY(FACT.c.measure.type))
_WALKS = {
    "as-was": (below_seeds(SEEDS, counted_below("below.unit", ":first", ":last", ":measures")), (*_LOOKED, _MEASURES)),
    "as-now": (below_seeds_now(SEEDS), ()),
}


class Under(NamedTuple):
    """What facts are joined to, and which of them; its parameters are those of `parameters_of`."""

    looked: FromClause
    where: tuple[ColumnElement[bool], ...]


def of_members(basis: Basis) -> Under:
    """Write those of a unit and what is below it: the seed is the unit, and its days while it stands."""
    walk, parameters = _WALKS[basis]
    below = walked(walk, *SEEDED, *parameters, unit=Integer, first=Date, last=Date)
    member = union_all(select(*below.c["unit", "first", "last"]), select(_NUMBER, *_LOOKED)).subquery("member")
    return Under(member, (FACT.c.unit == member.c.unit, FACT.c.day.between(member.c.first, member.c.last)))


def of_few() -> Under:
    """Write those of some units on some days, ``few_unit`` and ``few_day``: whoever asks knows them already."""
    few = unnested("few", unit=Integer, day=Date)
    return Under(few, (FACT.c.unit == few.c.unit, FACT.c.day == few.c.day))


def of_everybody() -> Under:
    """Write those of the root: every fact of the days."""
    below_it = or_(FACT.c.unit == _NUMBER, FACT.c.day <= _SEED.c.last)
    return Under(_SEED, (FACT.c.day.between(*_LOOKED), below_it))


def parameters_of(place: Place, days: Days, basis: Basis) -> dict[str, object]:
    """Return what either is asked with; below a unit that is dissolved there is nothing, as-now."""
    below = place.standing(days)
    seeds = [] if basis == "as-now" and place.dissolved is not None else [place.no]
    return {
        "seed_unit": seeds,
        "seed_first": [below.first] * len(seeds),
        "seed_last": [below.last] * len(seeds),
        "seed_sign": [1] * len(seeds),
        "first": days.first,
        "last": days.last,
        "unit": place.no,
    }
