"""The answer that is a sentence for a report, as it is written to JSON; field order is that on the wire."""

from __future__ import annotations

import datetime as dt

from msgspec import UNSET, Struct, UnsetType

from projections.answers.plans.plan_answers import Operand
from projections.answers.report.report_answers import Behind, UnitName

_PERIOD = {"first": "from", "last": "to"}


class Clause(Struct, frozen=True):
    """A part of a statement: what was asked for, its words, and the numbers that stand in it with their sources."""

    say: str
    text: str
    numbers: list[Operand]


class Statement(Struct, frozen=True, rename=_PERIOD):
    """The paragraph for a report: ``text`` as it can be pasted, ``footing`` with basis, denominators and position."""

    unit: UnitName
    first: dt.date
    last: dt.date
    basis: str
    position: int
    as_of: dt.datetime | None
    text: str
    footing: str
    clauses: list[Clause]
    behind: Behind | UnsetType = UNSET
