"""A unit that a question is about, as it was found: its number, its days, its name and level on a day."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.answers.report.report_answers import UnitName
from projections.answers.report.report_question import Place


class KnownUnit(NamedTuple):
    """The unit; ``name`` as of the day asked for, ``root``: nothing was ever above it.

    ``lost``: on some days something was below it that is not as last known.
    """

    place: Place
    name: UnitName
    since: dt.date
    successor: int | None
    root: bool
    lost: bool

    def stands(self, day: dt.date) -> bool:
        """Tell whether the unit is established and not yet dissolved on a day."""
        return self.since <= day and self.place.stands(day)
