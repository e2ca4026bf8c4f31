"""An answer as PDF, set by Typst: what is in it comes as data, fonts and sources with the program, and no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import typst

from projections.answers.tables.answer_table import AnswerTable, Cells
from services.files.frames import Frame
from services.files.official import official_words
from services.files.wording import answer_words, document_words

SOURCES: Final = Path(__file__).with_name("typst")
FONTS: Final = Path(__file__).with_name("fonts")
LONGEST_WORD: Final = 12
"""Characters after which a word may be broken where no sign of it lets it: ids are longer than their columns."""
TAGGED: Final = 5_000
"""Cells up to which a file has tags, by which a screen reader finds its way: they are nine tenths of a long file."""
_long_word: Final = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")
_MADE: Final = 1_767_225_600
"""The time that every file bears, 01/01/2026: another one would make another file of the same answer."""


def write_pdf(table: AnswerTable, rows: Sequence[Cells], frame: Frame, into: Path) -> None:
    """Write an answer with its rows; one with a text for a document in the frame, an official form in its own."""
    if table.official is not None:
        into.write_bytes(_set("form.typ", official_words(table, rows)))
        return
    if table.paper is None:
        source, words = "answer.typ", answer_words(table, rows)
    else:
        source, words = "document.typ", document_words(table, rows, frame)
    for band in words["bands"]:
        for line in band["lines"]:
            line["texts"] = [_breakable(text) for text in line["texts"]]
    cells = sum(len(band["heads"]) * len(band["lines"]) for band in words["bands"])
    into.write_bytes(_set(source, words, cells))


def _set(source: str, words: dict[str, Any], cells: int = 0) -> bytes:
    made: bytes = typst.compile(
        SOURCES / source,
        root=SOURCES,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(words).decode()},
        timestamp=_MADE,
        pdf_tags=cells <= TAGGED,
    )
    return made


def _breakable(text: str) -> str:
    return _long_word.sub("\\g<0>\u200b", text)
