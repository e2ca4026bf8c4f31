"""The words of an answer on paper, for Word and PDF alike: what is said above, the tables, the text, the notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from projections.answers.tables.answer_table import AnswerTable, Cells
from projections.answers.tables.showing import plain, said
from services.files.frames import Frame, in_capitals
from services.files.layout import NOTHING, Band, laid_out

ANNEX: Final = "PHỤ LỤC: CÁC CON SỐ TRONG VĂN BẢN"


def answer_words(table: AnswerTable, rows: Sequence[Cells]) -> dict[str, Any]:
    """Return all that stands in the file of an answer: texts, lists and dicts alone."""
    laid = laid_out(table, rows)
    lines = said(table)
    return {
        "title": table.title,
        "running": f"{table.title} – {lines[0][1]}",
        "landscape": laid.landscape,
        "said": [list(line) for line in lines],
        "bands": [_band(band) for band in laid.bands],
        "nothing": NOTHING,
        "notes": [*(plain(note) for note in table.notes), f"Hết: {len(rows)} dòng"],
    }


def document_words(table: AnswerTable, rows: Sequence[Cells], frame: Frame) -> dict[str, Any]:
    """Return all that stands in the file of an answer whose table has a text for a document."""
    paper = table.paper
    assert paper is not None, "it is asked for a document"  # noqa: S101
    words = answer_words(table, rows)
    period = dict(words["said"]).get("Kỳ", "")
    return {
        **words,
        "frame": msgspec.to_builtins(frame),
        "superior": None if paper.superior is None else in_capitals(plain(paper.superior)),
        "body": in_capitals(plain(paper.body)),
        "subject": frame.subject.replace("{period}", period),
        "paragraphs": [plain(each) for each in paper.text.splitlines() if each.strip()],
        "signature": [each for each in frame.signatures[paper.level] if each],
        "annex": ANNEX,
        "notes": [*words["notes"], plain(paper.footing), frame.mark],
    }


def _band(band: Band) -> dict[str, Any]:
    return {
        "head": band.head,
        "heads": band.heads,
        "widths": band.widths,
        "lines": [line._asdict() for line in band.lines],
    }
