"""A row that is not what it should be, and how it is named: by table, unit, measure and period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from events.catalogue import MEASURES
from projections.rules.counting.periods import MONTH_BASE, YEAR_BASE


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that is not what it should be; None where it is missing, or should not be there."""

    table: str
    key: dict[str, Any]
    is_now: dict[str, Any] | None
    should: dict[str, Any] | None

    def _said(self, name: str) -> Any:
        return next((row[name] for row in (self.key, self.should, self.is_now) if row and row.get(name)), None)

    @property
    def unit(self) -> str | None:
        """The id of the unit that the row is about; `#` and a number where no unit has it."""
        unit = self.key["id"] if self.table == "unit" else self._said("unit")
        return None if unit is None else str(unit)

    @property
    def measure(self) -> str | None:
        """The measure that the row counts."""
        number = self._said("measure")
        return None if number is None else MEASURES[number - 1] if 0 < number <= len(MEASURES) else str(number)

    @property
    def period(self) -> str | None:
        """The day, month or year that the row counts."""
        period = self._said("period") or self._said("month") or self._said("year")
        if period is None:
            day = self._said("day")
            return None if day is None else str(day)
        if period >= MONTH_BASE:
            return f"{period // 100 % 10_000:04}-{period % 100:02}"
        if period >= YEAR_BASE:
            return f"{period % 10_000:04}"
        return f"{period // 10_000:04}-{period // 100 % 100:02}-{period % 100:02}"
