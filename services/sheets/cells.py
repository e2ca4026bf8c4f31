"""One cell as a file gives it, and as the text that a person would type for it."""

from datetime import date, datetime, time, timedelta
from typing import Final

LONGEST_CELL: Final = 200
"""Characters of a cell that are kept: whatever a column of any type can need is shorter."""


class Unknowable:
    """What a cell holds whose value isn't in the file: a formula with an error, or one that was never calculated."""


UNKNOWABLE: Final = Unknowable()
Cell = str | int | float | bool | date | datetime | time | timedelta | Unknowable


def is_blank(cell: Cell) -> bool:
    """Tell whether there is nothing in a cell but white space."""
    return isinstance(cell, str) and (not cell or cell.isspace())


def text_of(cell: Cell) -> str:
    """Write a cell as a person would type it; at most `LONGEST_CELL` characters and an ellipsis."""
    if isinstance(cell, str):
        text = cell if cell.isalnum() else cell.strip()
        return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
    if isinstance(cell, bool):
        return "có" if cell else "không"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        day = f"{cell.day:02}/{cell.month:02}/{cell.year:04}"
        return day if cell.time() == time() else f"{day} {cell.time().isoformat('seconds')}"
    if isinstance(cell, date):
        return f"{cell.day:02}/{cell.month:02}/{cell.year:04}"
    return "#N/A" if isinstance(cell, Unknowable) else str(cell)
