"""The Word templates that come with the program, made from here: `python -m tests.word_templates` writes both.

They are made once and kept, so that an office can take a copy and change it in Word. Jinja's marks are as docxtpl takes
them: `{%p … %}` for paragraphs, `{%tr … %}` for rows, `{%tc … %}` for cells.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Final

import docx
from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from services.files.frames import Frame, frame_of, newest_frame
from services.files.templates import ANSWER_FILE, DOCUMENT_FILE, FOLDER

FONT: Final = "Times New Roman"
MADE: Final = (1980, 1, 1, 0, 0, 0)
CENTER: Final = WD_ALIGN_PARAGRAPH.CENTER


def _opened(size: float, margins: tuple[float, float, float, float]) -> Document:
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(size)
    for which in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn(which), FONT)
    style.paragraph_format.space_after = Pt(3)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = map(Mm, margins)
    section.header_distance = section.footer_distance = Mm(10)
    rels = document.part.package.rels
    for key in [key for key, rel in rels.items() if rel.reltype.endswith("/thumbnail")]:
        del rels[key]
    core = document.core_properties
    core.author = core.title = core.comments = core.last_modified_by = core.keywords = ""
    return document


def _say(where: Any, text: str, **how: Any) -> Paragraph:
    """Add a paragraph; of a cell that is still empty, its first."""
    empty = isinstance(where, _Cell) and len(where.paragraphs) == 1 and not where.paragraphs[0].runs
    paragraph = where.paragraphs[0] if empty else where.add_paragraph()
    paragraph.alignment = how.get("align")
    run = paragraph.add_run(text)
    run.bold, run.italic, run.underline = how.get("bold"), how.get("italic"), how.get("underline")
    if "size" in how:
        run.font.size = Pt(how["size"])
    return paragraph


def _page_number(paragraph: Paragraph) -> None:
    paragraph.alignment = CENTER
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = paragraph.add_run()
        if kind is None:
            element = OxmlElement("w:instrText")
            element.text = text
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._element.append(element)


def _margins(table: Table) -> None:
    """Leave a millimetre between a text and its cell's edge: Word's own 1.9 are too many for many columns."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("w:left", "w:right"):
        margin = OxmlElement(side)
        margin.set(qn("w:w"), "57")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")


def _tables(document: Document) -> None:
    """Add what becomes a table for each band: a head that is repeated on each page, and a row for each line."""
    _say(document, "{%p for band in bands %}")
    _say(document, "{%p if band.head %}")
    _say(document, "{{ band.head }}", bold=True).paragraph_format.keep_with_next = True
    _say(document, "{%p endif %}")
    table = document.add_table(rows=4, cols=3, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    heads, opens, line, closes = table.rows
    for cell, text in zip(heads.cells, ("{%tc for head in band.heads %}", "{{ head }}", "{%tc endfor %}"), strict=True):
        _say(cell, text, bold=True, align=CENTER, size=10)
    for cell, text in zip(line.cells, ("{%tc for text in line.texts %}", "{{ text }}", "{%tc endfor %}"), strict=True):
        _say(cell, text, size=10)
    inner = line.cells[1].paragraphs[0]
    inner.runs[0].text = "{% if line.strong %}"
    for text, bold in (("{{ text }}", True), ("{% else %}", None), ("{{ text }}", None), ("{% endif %}", None)):
        run = inner.add_run(text)
        run.bold, run.font.size = bold, Pt(10)
    _say(opens.cells[0], "{%tr for line in band.lines %}")
    _say(closes.cells[0], "{%tr endfor %}")
    _margins(table)
    for row, mark in ((heads, "w:tblHeader"), (heads, "w:cantSplit"), (line, "w:cantSplit")):
        row._tr.get_or_add_trPr().append(OxmlElement(mark))
    for paragraph in (each for row in table.rows for cell in row.cells for each in cell.paragraphs):
        paragraph.paragraph_format.space_after = Pt(0)
    _say(document, "")
    _say(document, "{%p endfor %}")


def _said(document: Document) -> None:
    _say(document, "{%p for line in said %}")
    paragraph = _say(document, "{{ line[0] }}: ", bold=True)
    paragraph.add_run("{{ line[1] }}")
    _say(document, "{%p endfor %}")


def _notes(document: Document) -> None:
    _say(document, "{%p for note in notes %}")
    _say(document, "{{ note }}", italic=True, size=10)
    _say(document, "{%p endfor %}")


def answer() -> Document:
    """Make the template of tables."""
    document = _opened(12, (18, 18, 20, 15))
    _say(document, "{{ title | upper }}", bold=True, size=14, align=CENTER)
    _said(document)
    _say(document, "{%p if not bands %}")
    _say(document, "{{ nothing }}", italic=True)
    _say(document, "{%p endif %}")
    _tables(document)
    _notes(document)
    section = document.sections[0]
    _page_number(section.footer.paragraphs[0])
    return document


def document(frame: Frame) -> Document:
    """Make the template of documents in the Party's frame."""
    page = frame.page
    made = _opened(frame.size, (page.top, page.bottom, page.left, page.right))
    section = made.sections[0]
    section.different_first_page_header_footer = True
    _page_number(section.header.paragraphs[0])
    top = made.add_table(rows=1, cols=2)
    left, right = top.rows[0].cells
    whole = section.page_width - section.left_margin - section.right_margin
    for cell, of_whole in ((left, 0.44), (right, 0.56)):
        cell.width = int(whole * of_whole)
    _say(left, "{%p if superior %}")
    _say(left, "{{ superior }}", align=CENTER)
    _say(left, "{%p endif %}")
    _say(left, "{{ body }}", align=CENTER, bold=True)
    _say(left, "*", align=CENTER)
    _say(left, "{{ frame.number }}", align=CENTER)
    ruled = _say(right, "{{ frame.party }}", align=CENTER, bold=True)
    borders, rule = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("w:val", "single"), ("w:sz", "6"), ("w:space", "1"), ("w:color", "auto")):
        rule.set(qn(name), value)
    borders.append(rule)
    ruled._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
    _say(right, "{{ frame.place_and_date }}", align=CENTER, italic=True)
    _say(made, "")
    _say(made, "{{ frame.title }}", bold=True, size=frame.size + 2, align=CENTER)
    _say(made, "{{ subject }}", bold=True, align=CENTER)
    _say(made, "")
    _say(made, "{%p for paragraph in paragraphs %}")
    text = _say(made, "{{ paragraph }}", align=WD_ALIGN_PARAGRAPH.JUSTIFY)
    text.paragraph_format.first_line_indent = Mm(10)
    text.paragraph_format.line_spacing = 1.2
    _say(made, "{%p endfor %}")
    _say(made, "")
    bottom = made.add_table(rows=1, cols=2)
    bottom.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    left, right = bottom.rows[0].cells
    _say(left, "Nơi nhận", underline=True, italic=True, size=12).add_run(":").font.size = Pt(12)
    _say(left, "{%p for each in frame.recipients %}")
    _say(left, "{{ each }}", size=12)
    _say(left, "{%p endfor %}")
    _say(right, "{%p for each in signature %}")
    _say(right, "{{ each }}", bold=True, align=CENTER)
    _say(right, "{%p endfor %}")
    for _ in range(3):
        _say(right, "")
    made.add_section(WD_SECTION.NEW_PAGE)
    _say(made, "{{ annex }}", bold=True, align=CENTER)
    _said(made)
    _tables(made)
    _notes(made)
    return made


def packed(document: Document) -> bytes:
    """Return a template's bytes: the same for the same template."""
    saved, alike = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(alike, "w", zipfile.ZIP_DEFLATED) as written:
        for each in parts.infolist():
            written.writestr(zipfile.ZipInfo(each.filename, MADE), parts.read(each), zipfile.ZIP_DEFLATED)
    return alike.getvalue()


def made() -> dict[str, bytes]:
    """Make both."""
    frame = frame_of(newest_frame(), "frame")
    return {ANSWER_FILE: packed(answer()), DOCUMENT_FILE: packed(document(frame))}


def main() -> None:
    """Write both where the program has them."""
    for name, template in made().items():
        (Path(FOLDER) / name).write_bytes(template)
        print(FOLDER / name, len(template))


if __name__ == "__main__":
    main()
