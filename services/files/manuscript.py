"""What goes to the process that writes a file: what is said of all rows, then the rows, page by page.

Both sides are this program, so it is pickled; what comes back is a file, and a line where it was refused.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final, NamedTuple

from projections.answers.tables.answer_table import AnswerTable, Cells
from services.files.bounds import FileBounds
from services.files.templates import Templates

HEAD: Final = struct.Struct("!Q")
"""The length of what follows; 0 after the last page."""
ANSWER, REFUSED, UNFIT, FAILED = "answer", "refused", "unfit", "failed"
"""The files in the folder of the process: what it wrote, why it refused (JSON), what is wrong with the template, and
what else went wrong (text)."""


class Manuscript(NamedTuple):
    """A file that is to be written: its form, the answer without its rows, the bounds, and the templates for it."""

    form: str
    table: AnswerTable
    bounds: FileBounds
    templates: Templates


class TooLong(NamedTuple):
    """Why a file is not written."""

    what: str
    length: int
    most: int


END: Final = HEAD.pack(0)


def packed(what: Manuscript | Sequence[Cells]) -> bytes:
    """Return the bytes of a part."""
    body = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(body)) + body


def unpacked(source: BinaryIO) -> tuple[Manuscript, Iterator[Cells]]:
    """Return what was packed: the manuscript, and the rows as they come. Both raise EOFError where it breaks off."""
    manuscript = _next(source)
    assert isinstance(manuscript, Manuscript)  # noqa: S101 - the other side is this program
    return manuscript, _rows(source)


def _rows(source: BinaryIO) -> Iterator[Cells]:
    while (page := _next(source)) is not None:
        yield from page


def _next(source: BinaryIO) -> Any:
    (length,) = HEAD.unpack(_read(source, HEAD.size))
    return pickle.loads(_read(source, length)) if length else None  # noqa: S301 - over its own pipe


def _read(source: BinaryIO, length: int) -> bytes:
    found = source.read(length)
    if len(found) < length:
        raise EOFError
    return found
