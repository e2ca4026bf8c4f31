"""An official form as a document of Word: the form's frame round one table, on A4; texts are texts alone."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell

from projections.answers.tables.answer_table import AnswerTable, Cells, OfficialFrame
from services.files.official import WIDTHS, OfficialLine, numbers_of, official_frame, official_lines, official_notes

FONT: Final = "Times New Roman"
WIDTH: Final = 173
"""Millimetres between the margins."""
LEFT, CENTRE, RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def official_document(table: AnswerTable, rows: Sequence[Cells]) -> io.BytesIO:
    """Return the document of a form with its lines."""
    frame = official_frame(table)
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = map(Mm, (18, 18, 22, 15))
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(12)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(0)
    document.core_properties.title, document.core_properties.author = table.title, ""
    _sides(document.add_table(1, 2), frame.left, frame.right)
    document.add_paragraph()
    _say(document.add_paragraph(), frame.title, CENTRE, bold=True, size=14)
    _say(document.add_paragraph(), frame.period, CENTRE)
    _say(document.add_paragraph(), frame.measured_in, RIGHT, italic=True, size=11)
    _lines(document, frame, list(official_lines(table, rows)))
    document.add_paragraph()
    foot = document.add_table(1, 2)
    _foot(foot, frame)
    for note in official_notes(table):
        _say(document.add_paragraph(), note, LEFT, italic=True, size=9)
    saved = io.BytesIO()
    document.save(saved)
    return saved


def _sides(table: Table, left: Sequence[str], right: Sequence[str]) -> None:
    one, other = table.rows[0].cells
    for at, text in enumerate(left):
        _say(_paragraph(one, at), text, CENTRE, bold=at + 1 == len(left))
    for at, text in enumerate(right):
        _say(_paragraph(other, at), text, RIGHT, bold=at == 0, size=12 if at == 0 else 11)


def _foot(table: Table, frame: OfficialFrame) -> None:
    one, other = table.rows[0].cells
    _say(_paragraph(one, 0), "", CENTRE)
    _say(_paragraph(one, 1), frame.by_whom, CENTRE, bold=True)
    _say(_paragraph(other, 0), frame.place_and_date, CENTRE, italic=True)
    _say(_paragraph(other, 1), frame.left[-1], CENTRE, bold=True)
    for at in range(2, 6):  # the room to sign
        _say(_paragraph(other, at), "", CENTRE)


def _lines(document: Any, frame: OfficialFrame, lines: Sequence[OfficialLine]) -> None:
    table = document.add_table(2 + len(lines), len(WIDTHS))
    table.style = "Table Grid"
    table.autofit = False
    rows = [row.cells for row in table.rows]
    for at, (heads, size) in enumerate(((frame.columns, 11), (numbers_of(frame), 9))):
        cells = rows[at]
        _say(_paragraph(cells[0].merge(cells[1]), 0), heads[0], CENTRE, bold=at == 0, size=size)
        for cell, text in zip(cells[2:], heads[1:], strict=True):
            _say(_paragraph(cell, 0), text, CENTRE, bold=at == 0, size=size)
        table.rows[at]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - it has no word for it
    for cells, line in zip(rows[2:], lines, strict=True):
        _say(_paragraph(cells[0], 0), line.mark, CENTRE, bold=line.strong, size=11)
        named = _paragraph(cells[1], 0)
        named.paragraph_format.left_indent = Mm(4 * line.indent)
        _say(named, line.text, LEFT, bold=line.strong, size=11)
        for cell, text in zip(cells[2:], line.texts, strict=True):
            _say(_paragraph(cell, 0), text, RIGHT, bold=line.strong, size=11)
    for at, width in enumerate(WIDTHS):
        table.columns[at].width = Mm(WIDTH * width / sum(WIDTHS))
        for cells in rows[2:]:
            cells[at].width = Mm(WIDTH * width / sum(WIDTHS))


def _paragraph(cell: _Cell, at: int) -> Any:
    return cell.paragraphs[at] if at < len(cell.paragraphs) else cell.add_paragraph()


def _say(
    paragraph: Any, text: str, side: WD_ALIGN_PARAGRAPH, *, bold: bool = False, italic: bool = False, size: int = 12
) -> None:
    paragraph.alignment = side
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)
