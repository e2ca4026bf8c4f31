"""An answer as a document of Word: a template filled by Jinja in a sandbox, then the tables brought to their widths.

What comes from the log is data for the template, and text for Word: it is neither read as Jinja nor as XML. The same
answer and template make the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.table import Table
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from projections.answers.tables.answer_table import AnswerTable, Cells
from services.files.bounds import TemplateError
from services.files.official_documents import official_document
from services.files.templates import ANSWER_FILE, DOCUMENT_FILE, Templates, require_harmless
from services.files.wording import answer_words, document_words

_MADE: Final = (1980, 1, 1, 0, 0, 0)
"""The time that every part bears: another one would make another file of the same answer."""
_PARAGRAPH: Final = re.compile(r"\n<w:p([ >])")


def write_document(table: AnswerTable, rows: Sequence[Cells], templates: Templates, into: Path) -> None:
    """Write an answer with its rows. Raises TemplateError where the template can't be filled.

    An official form has its own frame, which no template changes.
    """
    if table.official is not None:
        _alike(official_document(table, rows), into)
        return
    if table.paper is None:
        name, template, words = ANSWER_FILE, templates.answer, answer_words(table, rows)
    else:
        name, template = DOCUMENT_FILE, templates.document
        words = document_words(table, rows, templates.frame)
    require_harmless(template, name)
    filled = _filled(template, words, name)
    document = docx.Document(io.BytesIO(filled))
    if words["landscape"] and table.paper is None:
        for section in document.sections:
            if section.orientation != WD_ORIENT.LANDSCAPE:
                section.orientation = WD_ORIENT.LANDSCAPE
                section.page_width, section.page_height = section.page_height, section.page_width
    _shape(document.tables, words["bands"], _width_of_text(document.sections[-1]))
    saved = io.BytesIO()
    document.save(saved)
    _alike(saved, into)


class _Template(DocxTemplate):  # type: ignore[misc]  # it has no types
    """A template whose values stay as they are: docxtpl reads signs in them of its own, new lines and `{_{`."""

    def render_xml_part(
        self, src_xml: str, part: object, context: Mapping[str, Any], jinja_env: ImmutableSandboxedEnvironment
    ) -> str:
        """Fill one part. Raises TemplateError for whatever goes wrong in it."""
        self.current_rendering_part = part
        lines = re.sub(r"<w:p([ >])", r"\n<w:p\1", src_xml)  # so that an error has a line
        with _told():
            return _PARAGRAPH.sub(r"<w:p\1", jinja_env.from_string(lines).render(context))


def _sandbox() -> ImmutableSandboxedEnvironment:
    """Make where templates are filled: they see the words they are given, and no function, module or file."""
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True, loader=None)
    sandbox.globals.clear()
    return sandbox


@contextmanager
def _told() -> Iterator[None]:
    """Tell what a template does wrong, but not that there is no more memory: that is no fault of its own."""
    try:
        yield
    except (MemoryError, TemplateError):
        raise
    except Exception as error:
        line = getattr(error, "lineno", None)
        where = "" if line is None else f" ({line})"
        raise TemplateError(f"{type(error).__name__}: {error}{where}") from error


def _filled(template: bytes, words: Mapping[str, Any], name: str) -> bytes:
    filled = io.BytesIO()
    try:
        opened = _Template(io.BytesIO(template))
        opened.render(dict(words), _sandbox(), autoescape=True)
        opened.save(filled)
    except (JinjaError, TemplateError) as error:  # in a part, or in what is said of the document
        raise TemplateError(f"{name}: {error}") from error
    return filled.getvalue()


def _width_of_text(section: Any) -> int:
    return int(section.page_width - section.left_margin - section.right_margin)


def _shape(tables: Sequence[Table], bands: Sequence[Mapping[str, Any]], width: int) -> None:
    """Give the tables of the answer their widths, and numbers their side; others that a template has are left alone."""
    left = iter(bands)
    band = next(left, None)
    for table in tables:
        if band is None:
            return
        rows = list(table._tbl.iterchildren(qn("w:tr")))  # noqa: SLF001 - its own list of cells is quadratic
        if len(rows) != len(band["lines"]) + 1 or len(_cells(rows[0])) != len(band["heads"]):
            continue
        whole = sum(band["widths"])
        widths = [width * each // whole for each in band["widths"]]
        for grid, each in zip(table._tbl.tblGrid.gridCol_lst, widths, strict=True):  # noqa: SLF001 - as above
            grid.w = each
        numbers = [[False] * len(widths), *(line["numbers"] for line in band["lines"])]
        for row, of_row in zip(rows, numbers, strict=True):
            for cell, each, number in zip(_cells(row), widths, of_row, strict=True):
                cell.width = each
                if number:
                    for paragraph in cell.iterchildren(qn("w:p")):
                        paragraph.get_or_add_pPr().jc_val = WD_ALIGN_PARAGRAPH.RIGHT
        band = next(left, None)


def _cells(row: BaseOxmlElement) -> list[Any]:
    return list(row.iterchildren(qn("w:tc")))


def _alike(saved: io.BytesIO, into: Path) -> None:
    """Pack a document again such that nothing in it tells when it was made."""
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as alike:
        for name, part in _parts(parts):
            alike.writestr(zipfile.ZipInfo(name, _MADE), part, zipfile.ZIP_DEFLATED)


def _parts(parts: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for each in parts.infolist():
        yield each.filename, parts.read(each)
