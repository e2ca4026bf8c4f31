"""Files of tables that are made up, read back by other libraries: each cell is there once, as what it is."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import docx
import openpyxl
import pypdf
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from events.words import MEASURES
from projections.answers.report.report_answers import Report, Row, UnitName
from projections.answers.tables.answer_table import AnswerTable
from projections.answers.tables.report_table import report_table
from projections.answers.tables.showing import plain
from services.files.apart_process import write
from services.files.bounds import EXCEL_TEXT, TooLongError
from services.files.forms import FILES
from services.files.frames import frame_of, in_capitals, newest_frame
from services.files.manuscript import ANSWER, Manuscript
from services.files.templates import own_templates
from tests import read_back, word_templates
from tests.property.examples import examples

UNIT = UnitName("tp", "Thành ủy", "upper")
DAY = dt.date(2023, 1, 1)
TWO = ("admissions", "badges")
NAMES = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["=1+1", "-2", "{{ 7*7 }}", "{_{ x }_}", "#let x = 1", "*a* _b_ $c$ `d`", "<w:t>&amp;", "_x0041_", "' x", "a\tb"]
)


def written(form: str, table: AnswerTable, folder: Path) -> bytes:
    bounds = FILES[form].bounds
    assert bounds is not None
    rows: Sequence[Any] = list(table.rows)  # type: ignore[call-overload]
    write(Manuscript(form, table._replace(rows=()), bounds, own_templates()), iter(rows), folder)
    return (folder / ANSWER).read_bytes()


def table_of(rows: list[Row], measures: Sequence[str] = TWO) -> AnswerTable:
    return report_table(Report(UNIT, DAY, DAY, "as-was", 1, None, 0, dict.fromkeys(measures, 5), rows))


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    values = st.none() | st.fixed_dictionaries({each: st.none() | st.integers(0, 10**9) for each in TWO})
    names = draw(st.lists(NAMES, max_size=5))
    return [Row(unit=UnitName(f"u{n}", name, "cell"), values=draw(values)) for n, name in enumerate(names)]


def cells_expected(made: list[Row], name_of: Any) -> list[list[Any]]:
    found = []
    for row in made:
        assert row.unit is not None
        values = [None, None] if row.values is None else [row.values[each] for each in TWO]
        found.append([row.unit.id, name_of(row.unit.name), "Chi bộ", *values])
    return found


@examples(24)
@given(made=rows())
def test_a_workbook_has_what_the_table_has(made: list[Row], tmp_path: Path) -> None:
    ((_, table),) = read_back.workbook(written("xlsx", table_of(made), tmp_path)).tables.items()
    assert table.heads == ["Mã đơn vị", "Tên", "Cấp", *(MEASURES[each].column for each in TWO)]
    expected = cells_expected(made, plain)
    for row, of in zip(expected, made, strict=True):
        row[3:] = ["ẩn" if of.values is not None and each is None else each for each in row[3:]]
    assert table.rows == [*expected, [None, "Tổng cộng", None, 5, 5]]


@examples(12)
@given(made=rows())
def test_paper_has_what_the_table_has(made: list[Row], tmp_path: Path) -> None:
    (read,) = read_back.document(written("docx", table_of(made), tmp_path)).tables.values()
    found = [dict(zip(read.heads, row, strict=True)) for row in read.rows]
    printed = read_back.pdf(written("pdf", table_of(made), tmp_path))
    for number, (row, of) in enumerate(zip(found[:-1], made, strict=True), 1):
        assert of.unit is not None
        assert (row["STT"], row["Tên"], row["Mã đơn vị"]) == (str(number), plain(of.unit.name), of.unit.id)
        for each in TWO:
            n = None if of.values is None else of.values[each]
            hidden = "ẩn" if of.values is not None else ""
            assert row[MEASURES[each].column] == (hidden if n is None else f"{n:,}".replace(",", "."))
        if all(ord(c) < 0x250 for c in of.unit.name):  # the font has these, and what isn't there is no text
            assert read_back.bare("".join(row.values())) in printed
    assert found[-1]["Tên"] == "Tổng cộng"


@pytest.mark.parametrize("form", ["xlsx", "docx", "pdf"])
def test_the_same_answer_makes_the_same_bytes(tmp_path: Path, form: str) -> None:
    table = table_of([Row(unit=UNIT, values={"admissions": 1, "badges": None})])
    assert written(form, table, tmp_path) == written(
        form, table_of([Row(unit=UNIT, values={"admissions": 1, "badges": None})]), tmp_path
    )


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_what_is_too_wide_for_paper_goes_on_below(tmp_path: Path, form: str) -> None:
    """Every column is there once, and each part of the table names the row again."""
    split = {m: {"sex": {"female": 1, "male": 2, "unknown": 0}} for m in MEASURES}
    made = [
        Row(unit=UnitName(f"u{n}", f"Chi bộ {n}", "cell"), values=dict(zip(MEASURES, count(n * 100))), split=split)
        for n in range(3)
    ]
    total = dict.fromkeys(MEASURES, 5)
    table = report_table(Report(UNIT, DAY, DAY, "as-was", 1, None, 0, total, made, split=split), ("sex",))
    content = written(form, table, tmp_path)
    if form == "pdf":
        text = read_back.pdf(content)
        assert all(str(n * 100 + at) in text for n in range(1, 3) for at in range(len(MEASURES)))
        box = pypdf.PdfReader(io.BytesIO(content)).pages[0].mediabox
        assert box.width > box.height
        return
    tables = list(read_back.document(content).tables.values())
    assert len(tables) > 1
    heads = [head for each in tables for head in each.heads[2:]]
    assert len(set(heads)) == len(heads) == len(table.columns) - 2
    assert {tuple(row[1] for row in each.rows) for each in tables} == {
        ("Chi bộ 0", "Chi bộ 1", "Chi bộ 2", "Tổng cộng")
    }
    opened = docx.Document(io.BytesIO(content))
    assert all(section.page_width > section.page_height for section in opened.sections)
    for each in opened.tables:
        head = each._tbl.tr_lst[0]
        assert head.trPr.find(qn("w:tblHeader")) is not None
        assert sum(column.w for column in each._tbl.tblGrid.gridCol_lst) <= opened.sections[0].page_width


def test_a_document_is_set_in_times_new_roman(tmp_path: Path) -> None:
    content = written("docx", table_of([]), tmp_path)
    style = docx.Document(io.BytesIO(content)).styles["Normal"]
    assert style.font.name == "Times New Roman"
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                ET.fromstring(parts.read(name))  # noqa: S314 - our own
        assert {each.date_time for each in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numbers_and_days_are_such_in_a_workbook(tmp_path: Path) -> None:
    row = Row(
        unit=UNIT, since=dt.date(1930, 2, 3), until=dt.date(1899, 1, 1), values={"admissions": 1234, "badges": 10**17}
    )
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx", table_of([row]), tmp_path))).active
    assert sheet is not None
    head = next(each.row for each in sheet["A"] if each.value == "Mã đơn vị")
    cells = {sheet.cell(head, at).value: sheet.cell(head + 1, at) for at in range(1, sheet.max_column + 1)}
    assert (cells["Kết nạp"].value, cells["Kết nạp"].number_format) == (1234, "#,##0")
    assert (cells["Từ"].value, cells["Từ"].number_format) == (dt.datetime(1930, 2, 3), "dd/mm/yyyy")  # noqa: DTZ001
    assert cells["Đến trước"].value == "01/01/1899", "Excel knows no such day"
    assert cells["Huy hiệu Đảng"].value == "100.000.000.000.000.000", "nor so many digits of a number"


def test_what_a_sheet_has_no_place_for_is_refused_with_its_length(tmp_path: Path) -> None:
    table = table_of([Row(unit=UnitName("u", "x" * (EXCEL_TEXT + 1), "cell"), values=None)])
    with pytest.raises(TooLongError) as refused:
        written("xlsx", table, tmp_path)
    assert (refused.value.length, refused.value.most) == (EXCEL_TEXT + 1, EXCEL_TEXT)


def test_the_templates_that_come_with_the_program_are_those_that_are_made() -> None:
    own = own_templates()
    assert word_templates.made() == {"answer.docx": own.answer, "document.docx": own.document}


def test_the_frame_is_dated_and_marked() -> None:
    frame = frame_of(newest_frame(), "frame")
    assert (frame.since, frame.checked) == (dt.date(2026, 5, 27), False)
    assert frame.mark.endswith("(chưa đối chiếu bản gốc)")
    assert (frame.page.top, frame.page.bottom, frame.page.left, frame.page.right) == (20, 20, 30, 15)
    assert (in_capitals("Đảng uỷ xã"), in_capitals("Đảng ủy xã")) == ("ĐẢNG ỦY XÃ", "ĐẢNG ỦY XÃ")
