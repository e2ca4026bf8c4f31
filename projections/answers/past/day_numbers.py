"""Days as integers in arrays: as PostgreSQL stores them, so that columns of its binary format are days at once."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
from numpy.typing import NDArray

FIRST: Final = -(2**31)
"""The first day that there is (`-infinity`)."""
LAST: Final = 2**31 - 1
"""The last day that there is, and the end of a span that goes on (`infinity`)."""

_EPOCH: Final = dt.date(2000, 1, 1).toordinal()
_SINCE_1970: Final = _EPOCH - dt.date(1970, 1, 1).toordinal()
_FIRST_MONTH, _LAST_MONTH = 101, 999912


def number_of(day: dt.date) -> int:
    """Return the number of a day."""
    return FIRST if day == dt.date.min else LAST if day == dt.date.max else day.toordinal() - _EPOCH


def day_of(number: int) -> dt.date:
    """Return the day of a number."""
    return dt.date.min if number == FIRST else dt.date.max if number == LAST else dt.date.fromordinal(number + _EPOCH)


def months_of(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the month of each day, as yyyymm."""
    ends = (numbers == FIRST) | (numbers == LAST)
    days = (np.where(ends, 0, numbers) + _SINCE_1970).astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    found = (months // 12 + 1970) * 100 + months % 12 + 1
    return np.where(numbers == FIRST, _FIRST_MONTH, np.where(numbers == LAST, _LAST_MONTH, found))
