"""The forms of files: what is written, under which media type, and what is not there yet; one table for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from projections.answers.tables.answer_table import AnswerTable
from services.files.delimited import DIALECTS, csv_pieces

Writer = Callable[[AnswerTable], AsyncIterator[bytes]]

JSON: Final = "json"
CSV: Final = "csv"


class FileForm(NamedTuple):
    """A form of file: its media type, with parameters, and what it is written by."""

    media_type: str
    writer: Writer


FILES: Final[Mapping[str, FileForm]] = {CSV: FileForm("text/csv; charset=utf-8; header=present", csv_pieces)}
"""By the value of `format`."""
NOT_YET: Final[Mapping[str, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
"""The forms that the contract names and this version does not write, by the value of `format`."""
IN_DIALECTS: Final[Mapping[str, Mapping[str, Writer]]] = {
    CSV: {name: partial(csv_pieces, dialect=dialect) for name, dialect in DIALECTS.items()}
}
"""What writes a form in another dialect."""


def writer_of(form: str, dialect: str | None) -> Writer:
    """Return what writes a form. Raises KeyError for one that isn't written, or not in this dialect."""
    return FILES[form].writer if dialect is None else IN_DIALECTS[form][dialect]
