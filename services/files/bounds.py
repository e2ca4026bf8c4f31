"""What a file may cost to write: what is longer is refused with its length, what takes more is given up."""

from __future__ import annotations

from typing import Final, NamedTuple

MEGABYTE: Final = 1024 * 1024


class FileBounds(NamedTuple):
    """The bounds of one file, and of the process that writes it; sizes are bytes.

    `rows` are those of the answer, `cells` rows times columns. `seconds` are the processor's, `within` the clock's: on
    a full machine the process comes last. `memory` is address space, `scratch` what any file may grow to meanwhile.
    """

    rows: int
    cells: int
    seconds: int
    within: float
    memory: int
    scratch: int = 400 * MEGABYTE


EXCEL_ROWS: Final = 1_048_576
EXCEL_COLUMNS: Final = 16_384
EXCEL_TEXT: Final = 32_767
"""What a sheet of Excel holds: rows, columns, and characters in a cell."""
HEAD_ROWS: Final = 100
"""Rows of a sheet that are kept for what stands above and below the rows of the answer."""


class TooLongError(Exception):
    """A file would be too long: `length` of `what` (in Vietnamese), where `most` may be."""

    def __init__(self, what: str, length: int, most: int) -> None:
        super().__init__(what, length, most)
        self.what, self.length, self.most = what, length, most


class FileNotWrittenError(Exception):
    """A file could not be written within its bounds of time and memory."""


class TemplateError(Exception):
    """A template can't be used; the message says which, and why."""
