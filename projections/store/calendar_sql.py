"""Days in PostgreSQL, the two ends of the calendar among them: how a span, a day and an open end are written in SQL.

The first and the last day that Python knows are -infinity and infinity there, as asyncpg gives and takes them. So
infinity is both the last civil day and the end of a span ``[since, until)`` that goes on. The two never meet: no change
holds from the last day (`holds_from`, decision 0010), so whatever holds on it holds as last known. Whether a day is in
a span is asked by ``until - 1 >= day``, not ``until > day``: of infinity a day is not taken off.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

OPEN: Final = "'infinity'"
"""The ``until`` of a span that goes on."""

COPIED_ENDS: Final = {dt.date.min: -(2**31), dt.date.max: 2**31 - 1}
"""The two ends as PostgreSQL's binary format has them, in place of a number of days."""


def holds_on(dated: str, day: str) -> str:
    """Write that a row with ``since`` and ``until`` holds on a day; ``dated`` is the table's name in the query."""
    return holds_within(dated, day, day)


def holds_within(dated: str, first: str, last: str) -> str:
    """Write that a row with ``since`` and ``until`` holds on one of the days from a first to a last at least."""
    return f"{dated}.since <= {last} AND {dated}.until - 1 >= {first}"


def holds_still(dated: str) -> str:
    """Write that a row with ``since`` and ``until`` holds as last known."""
    return f"{dated}.until = {OPEN}"


def day_within(day: str, span: str) -> str:
    """Write that a day is in the span of a row with ``since`` and ``until``."""
    return f"{day} >= {span}.since AND ({day} < {span}.until OR {holds_still(span)})"


def period_of(day: str) -> str:
    """Write the period of a day (`day_period`): ``yyyymmdd`` as an integer."""
    return f"""(CASE WHEN isfinite({day})
    THEN (extract(year FROM {day}) * 10000 + extract(month FROM {day}) * 100 + extract(day FROM {day}))::int
    WHEN {day} > DATE 'epoch' THEN 99991231 ELSE 10101 END)"""


def end_period_of(until: str, unending: int) -> str:
    """Write the period of an ``until``, which is ``unending`` where the span goes on."""
    return f"CASE WHEN {until} = {OPEN} THEN {unending} ELSE {period_of(until)} END"
