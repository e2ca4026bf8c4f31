"""Plans that hold, as rows: a target for a period, a figure declared of a day or a period (contract §1).

Of two for the same unit, measure or figure, and period or day, the later in the stream stands. All are kept: where the
later one is taken back, the earlier one stands again.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple, cast

from msgspec import UNSET

from events.catalogue import MEASURE_NUMBERS
from events.codec import Event


class TargetRow(NamedTuple):
    """A target that holds: the columns of table ``target``. ``last`` is the deadline, ``at_most`` None for a floor."""

    position: int
    unit: int
    measure: int
    first: dt.date
    last: dt.date
    at_least: int
    at_most: int | None
    resolution: str


class DeclarationRow(NamedTuple):
    """A declared figure that holds: the columns of table ``declaration``. A stock's day is ``first`` and ``last``."""

    position: int
    unit: int
    figure: str
    first: dt.date
    last: dt.date
    value: int
    note: str | None


PlanRow = TargetRow | DeclarationRow


def plan_row(position: int, unit: int, event: Event) -> PlanRow:
    """Return the row of a plan that holds; ``unit`` is the number of its subject."""
    data = cast("Any", event.data)
    if event.type == "target.assigned":
        at_most = None if data.at_most is UNSET else data.at_most
        measure = MEASURE_NUMBERS[data.measure]
        return TargetRow(position, unit, measure, data.from_, data.to, data.at_least, at_most, data.resolution)
    first, last = (data.from_, data.to) if data.on is UNSET else (data.on, data.on)
    return DeclarationRow(
        position, unit, data.figure, first, last, data.value, None if data.note is UNSET else data.note
    )
