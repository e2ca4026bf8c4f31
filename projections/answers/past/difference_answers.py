"""The answer that explains a difference, as it is written to JSON; field order is the order on the wire."""

from __future__ import annotations

import datetime as dt

from msgspec import UNSET, Struct, UnsetType

from projections.answers.past.structure_answers import Source
from projections.answers.report.report_answers import Behind, UnitName


class Contribution(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"first": "from", "last": "to"}):
    """What one thing adds to the difference, or takes off it.

    ``change`` says what it is: a unit ``moved_in`` or ``moved_out``, with all that is below it on the days from
    ``first`` to ``last``; an event ``counted`` or ``retracted``, or for who may not see single events all
    that were in one ``unit``; or units ``reorganised`` by the events of one moment.
    """

    change: str
    unit: UnitName | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    said: list[Source] = []
    values: dict[str, int]


class Remainder(Struct, frozen=True):
    """What the contributions that are not listed come to together, and how many they are."""

    count: int
    values: dict[str, int]


class Difference(Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """Why two totals of a unit differ: ``against_total`` less ``total``, by contributions, the largest first.

    ``reconciled``: the contributions and the rest do sum to the difference of the totals, each added up by itself.
    """

    unit: UnitName
    first: dt.date
    last: dt.date
    basis: str
    against: str
    position: int
    as_of: dt.datetime | None
    against_position: int
    against_as_of: dt.datetime | None
    total: dict[str, int]
    against_total: dict[str, int]
    difference: dict[str, int]
    contributions: list[Contribution]
    rest: Remainder | None
    reconciled: bool
    behind: Behind | UnsetType = UNSET
