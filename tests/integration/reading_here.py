"""Sheets read in this process, for tests of what is done with them: a process for each would take most of the time."""

from __future__ import annotations

from services.sheets.reading import SheetQuestion, read
from services.sheets.refusals import SheetRefused
from services.sheets.results import SheetReading


async def read_here(sheet: bytes, asked: SheetQuestion) -> SheetReading | SheetRefused:
    """Read a file, as `services.sheets.apart.read_apart` does in a process of its own."""
    return read(sheet, asked)
