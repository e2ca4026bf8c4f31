"""How cells are shown to people: exactly what they are, in Vietnamese."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.report.report_answers import LastYear, Report, Row, UnitName
from projections.answers.tables.answer_table import HIDDEN, Cell
from projections.answers.tables.report_table import report_table
from projections.answers.tables.showing import plain, said, shown
from projections.rules.counting.periods import Days
from tests.property.examples import examples

UNIT = UnitName("tp", "Thành ủy", "upper")
YEAR = Days(dt.date(2023, 1, 1), dt.date(2023, 12, 31))


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("admissions", 1234, "1.234"),
        ("change.admissions", -1234567, "-1.234.567"),
        ("admissions", 0, "0"),
        ("admissions", None, ""),
        ("admissions", HIDDEN, "ẩn"),
        ("percent", 84.2, "84,2%"),
        ("percent", 128.0, "128%"),
        ("attainment.at_least", 100, "100%"),
        ("pace.so_far", 1234567.5, "1.234.567,5"),
        ("pace.so_far", -0.5, "-0,5"),
        ("since", dt.date(2026, 2, 5), "05/02/2026"),
        ("as_of", dt.datetime(2023, 11, 28, 17, 1, 2, tzinfo=dt.UTC), "29/11/2023 00:01:02"),
        ("time", "2023-11-28T09:01:02.500Z", "28/11/2023 16:01:02,5"),
        ("time", "2023-11-28T09:01:02", "2023-11-28T09:01:02"),
        ("time", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("month", "2023-05", "05/2023"),
        ("quarter", "2023-Q2", "Quý 2/2023"),
        ("year", "2023", "2023"),
        ("stays", "2021-01-01/2021-06-01; 2021-09-01/", "01/01/2021 – 01/06/2021; 01/09/2021 –"),
        ("level", "cell", "Chi bộ"),
        ("unit.level", "province", "Tỉnh ủy và tương đương"),
        ("name", "cell", "cell"),
        ("facets.sex", "female", "nữ"),
        ("figure", "members", "Đảng viên"),
        ("reconciled", True, "Có"),
        ("reorganised", False, "Không"),
        ("name", "a\u202eb\x00\uffff\n", "a\\u202eb\\u0000\\uffff\\u000a"),
    ],
)
def test_a_cell(column: str, cell: Cell, text: str) -> None:
    assert shown(column, cell) == text


@examples(60)
@given(st.integers(-(10**18), 10**18))
def test_a_number_is_told_by_what_is_shown(n: int) -> None:
    assert int(shown("admissions", n).replace(".", "")) == n


@examples(60)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_so_is_any_other_number(x: float) -> None:
    text = shown("value", x)
    plainly = text if "e" in text else text.replace(".", "")
    assert float(plainly.replace(",", ".")) == x


@examples(60)
@given(st.text())
def test_a_text_has_nothing_that_a_file_has_no_place_for(text: str) -> None:
    for kept in (plain(text), shown("name", text), shown("note", text)):
        assert all(ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff" for c in kept)


def test_what_is_hidden_is_told_from_what_was_not_there() -> None:
    there = Row(
        unit=UNIT,
        values={"admissions": 0, "badges": None},
        split={"admissions": {"sex": {"female": None, "male": 0, "unknown": 0}}, "badges": None},
        last_year=None,
        change=None,
    )
    before = Row(
        unit=UNIT,
        values=None,
        last_year={"admissions": 3, "badges": 1},
        last_year_split=None,
        change=None,
    )
    both = Row(
        unit=UNIT,
        values={"admissions": 2, "badges": None},
        split=None,
        last_year={"admissions": 3, "badges": 1},
        last_year_split=None,
        change={"admissions": -1, "badges": None},
    )
    total = {"admissions": 2, "badges": 1}
    report = Report(
        UNIT, *YEAR, "as-was", 7, None, 0, total, [there, before, both], split=None,
        last_year=LastYear(dt.date(2022, 1, 1), dt.date(2022, 12, 31), total, None, None),
    )  # fmt: skip
    table = report_table(report, ("sex",))
    names = [column.name for column in table.columns]
    first, second, third, *_ = (dict(zip(names, row, strict=True)) for row in table.rows)
    shown_of = ("admissions", "badges", "last_year.admissions", "change.badges", "split.admissions.sex.female")
    assert [first[name] for name in shown_of] == [0, HIDDEN, None, None, HIDDEN]
    assert [second[name] for name in shown_of] == [None, None, 3, None, None]
    assert [third[name] for name in shown_of] == [2, HIDDEN, 3, HIDDEN, HIDDEN]
    assert (first["split.admissions.sex.male"], first["split.badges.sex.male"]) == (0, HIDDEN)
    assert (first["last_year_split.admissions.sex.male"], second["last_year_split.admissions.sex.male"]) == (
        None,
        HIDDEN,
    )


def test_what_is_said_of_all_of_it() -> None:
    table = report_table(Report(UNIT, *YEAR, "as-now", 1234, dt.datetime(2023, 12, 31, tzinfo=dt.UTC), 3, {}, []))
    assert said(table) == [
        ("Đơn vị", "Thành ủy (tp), Cấp trên trực tiếp cơ sở"),
        ("Kỳ", "từ 01/01/2023 đến 31/12/2023"),
        ("Cơ sở tổ chức", "theo tổ chức hiện nay (as-now)"),
        ("Vị trí nhật ký", "1.234"),
        ("Thời điểm số liệu", "31/12/2023 07:00:00 (giờ Việt Nam)"),
        ("Đang chờ", "3"),
    ]
