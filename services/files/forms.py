"""The forms of files: their media types, and what each is written by: here while it is read, or apart; one table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from projections.answers.tables.answer_table import AnswerTable
from services.files.bounds import EXCEL_ROWS, HEAD_ROWS, MEGABYTE, FileBounds
from services.files.delimited import DIALECTS, csv_pieces

Writer = Callable[[AnswerTable], AsyncIterator[bytes]]

JSON: Final = "json"
CSV: Final = "csv"
XLSX: Final = "xlsx"
DOCX: Final = "docx"
PDF: Final = "pdf"


class FileForm(NamedTuple):
    """A form of file: its media type, with parameters, and the bounds of what is written in a process of its own."""

    media_type: str
    bounds: FileBounds | None = None

    @property
    def name(self) -> str:
        """Return the media type without parameters."""
        return self.media_type.partition(";")[0]


FILES: Final[Mapping[str, FileForm]] = {
    CSV: FileForm("text/csv; charset=utf-8; header=present"),
    XLSX: FileForm(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileBounds(EXCEL_ROWS - HEAD_ROWS, 2_000_000, seconds=90, within=120.0, memory=600 * MEGABYTE),
    ),
    DOCX: FileForm(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        FileBounds(2_000, 30_000, seconds=60, within=120.0, memory=1_200 * MEGABYTE),
    ),
    PDF: FileForm("application/pdf", FileBounds(3_000, 30_000, seconds=60, within=120.0, memory=2_000 * MEGABYTE)),
}
"""By the value of `format`."""
IN_DIALECTS: Final[Mapping[str, Mapping[str, Writer]]] = {
    CSV: {name: partial(csv_pieces, dialect=dialect) for name, dialect in DIALECTS.items()}
}
"""What writes a form in another dialect."""


def writer_of(form: str, dialect: str | None) -> Writer:
    """Return what writes a form while it is read. Raises KeyError for one in a dialect that it hasn't."""
    return csv_pieces if dialect is None else IN_DIALECTS[form][dialect]
