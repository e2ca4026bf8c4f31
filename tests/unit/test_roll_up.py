"""How rows of a roll-up stand on a page, what adds up, and where each number leads."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec import UNSET

from projections.answers.report.report_answers import NotBrokenDown, Report, Row, Stay, UnitName
from projections.rules.counting.periods import Days
from services.pages import leading, roll_up
from services.pages.asked_rows import one_address
from services.pages.leading import Lead, Shown
from services.pages.matrix import matrix_of
from services.pages.roll_up import RollUpColumn, ShownFigure, Sort

DAYS = Days(dt.date(2023, 1, 1), dt.date(2023, 11, 28))
ADMISSIONS = RollUpColumn("values", "admissions")


def of(name: str, n: int | None = 0, *, last: int | None = None, **more: object) -> Row:
    values = None if n is None else {"admissions": n}
    compared = {} if last is None else {"last_year": {"admissions": last}, "change": {"admissions": (n or 0) - last}}
    return Row(unit=UnitName(name.lower().replace(" ", "-"), name, "grassroots"), values=values, **compared, **more)  # type: ignore[arg-type]


def names(rows: list[Row]) -> list[str]:
    return [row.unit.name if row.unit else roll_up.kind_of(row) for row in rows]


ROWS = [
    of("Own", 1, own=True),
    of("Xã Đại Bái", 3),
    of("Xã Cao Đức", 7),
    Row(rest=True, values={"admissions": 2}),
    of("Xã An Bình", None),
    of("Xã Ấp", 3),
]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["Xã An Bình", "Xã Ấp", "Xã Cao Đức", "Xã Đại Bái"]),
        ("-name", ["Xã Đại Bái", "Xã Cao Đức", "Xã Ấp", "Xã An Bình"]),
        ("admissions", ["Xã Ấp", "Xã Đại Bái", "Xã Cao Đức", "Xã An Bình"]),
        ("-admissions", ["Xã Cao Đức", "Xã Ấp", "Xã Đại Bái", "Xã An Bình"]),
    ],
)
def test_rows_are_sorted_and_what_no_unit_explains_stays_last(sort: str, expected: list[str]) -> None:
    by = roll_up.sort_of(sort, [ADMISSIONS])
    assert by is not None
    assert by.name == sort
    assert names(roll_up.ordered(ROWS, by)) == [*expected, "Own", "rest"]


def test_what_is_no_column_sorts_nothing() -> None:
    assert roll_up.sort_of("change.admissions", [ADMISSIONS]) is None


def test_months_keep_their_order_unless_a_number_sorts_them() -> None:
    months = [Row(month=f"2023-{month:02}", values={"admissions": n}) for month, n in ((1, 5), (2, 1), (3, 9))]
    assert [row.month for row in roll_up.ordered(months, Sort())] == ["2023-01", "2023-02", "2023-03"]
    assert [row.month for row in roll_up.ordered(months, Sort(None, falling=True))] == ["2023-03", "2023-02", "2023-01"]
    assert [row.month for row in roll_up.ordered(months, Sort(ADMISSIONS))] == ["2023-02", "2023-01", "2023-03"]


@pytest.mark.parametrize("begin", [0, 2, 4, 99, 1])
def test_a_page_adds_up_to_the_whole(begin: int) -> None:
    rows = roll_up.ordered(ROWS, Sort())
    sheet = roll_up.sheet_of(rows, begin, size=2)
    shown = [*sheet.rows, *([sheet.elsewhere] if sheet.elsewhere else [])]
    assert sum((row.values or {}).get("admissions") or 0 for row in shown) == 16
    assert sheet.number == 4
    assert ("rest" in names(sheet.rows)) == (sheet.last == sheet.number)


def test_one_page_is_the_whole() -> None:
    sheet = roll_up.sheet_of(roll_up.ordered(ROWS, Sort()), 0)
    assert (sheet.first, sheet.last, sheet.elsewhere) == (1, 4, None)


def test_what_changed_on_other_pages_is_told_too() -> None:
    sheet = roll_up.sheet_of([of("A", 5, last=2), of("B", None, last=4), of("C", 1, last=1)], 0, size=1)
    assert sheet.elsewhere == Row(values={"admissions": 1}, last_year={"admissions": 5}, change={"admissions": -4})


def test_a_cell_says_why_it_has_no_number() -> None:
    def in_cell(row: Row, column: RollUpColumn = ADMISSIONS, *few: str) -> ShownFigure:
        return roll_up.figure(row, column, frozenset(few))

    split = RollUpColumn("split", "admissions", "sex", "female")
    hidden = Row(code="female", values={"admissions": None})
    assert in_cell(of("A", 0)) == (0, "")
    assert in_cell(of("A", None)) == (None, "absent")
    assert in_cell(hidden) == (None, "hidden")
    assert in_cell(hidden, ADMISSIONS, "admissions") == (None, "few")
    assert in_cell(of("A", 5, split={"admissions": None}), split) == (None, "few")
    assert in_cell(of("A", 5, split={"admissions": {"sex": {"female": None}}}), split) == (None, "hidden")
    assert in_cell(of("A", 5, split={"admissions": {"sex": {"female": 5}}}), split) == (5, "")
    assert in_cell(of("A", None, split=None), split) == (None, "absent")


def test_change_is_told_in_numbers_and_per_cent() -> None:
    change, share = RollUpColumn("change", "admissions"), RollUpColumn("percent", "admissions")
    assert roll_up.figure(of("A", 5, last=8), change) == (-3, "")
    assert roll_up.figure(of("A", 5, last=8), share) == (-37.5, "")
    assert roll_up.figure(of("A", 5, last=0), share) == (None, "")
    assert roll_up.figure(of("A", None, last=3), change) == (None, "absent")


def shown(by: str = "child", **more: object) -> Shown:
    return Shown(DAYS, by, "admissions", None, None, officer=False)._replace(**more)  # type: ignore[arg-type]


def days(first: str, last: str) -> dict[str, dt.date]:
    return {"from_": dt.date.fromisoformat(first), "to": dt.date.fromisoformat(last)}


def test_a_number_of_a_child_leads_a_reader_to_the_child_and_an_officer_to_its_events() -> None:
    row = of("A", 5, since=dt.date(2023, 3, 1), until=dt.date(2023, 6, 1))
    lead = leading.of_figure(shown(), row, ADMISSIONS)
    assert lead is not None
    assert (lead.unit, lead.end, lead.changes["measures"]) == ("a", "bao-cao", "admissions")
    assert leading.of_figure(shown(officer=True), row, ADMISSIONS) == Lead(
        "a", "su-kien", {"measure": "admissions", **days("2023-03-01", "2023-05-31")}
    )


def test_events_are_offered_only_where_they_are_as_many_as_the_number_says() -> None:
    twice = of("A", 5, stays=[Stay(DAYS.first, DAYS.first), Stay(DAYS.last, None)])
    for by, row, position in (("child", twice, None), ("level:upper", of("A", 5), None), ("child", of("A", 5), "7")):
        lead = leading.of_figure(shown(by, officer=True, position=position), row, ADMISSIONS)
        assert lead is not None
        assert lead.end == "bao-cao"
    assert leading.of_figure(shown(officer=True), of("Own", 5, own=True), ADMISSIONS) is None
    alone = leading.of_figure(shown(officer=True, alone=True), of("Own", 5, own=True), ADMISSIONS)
    assert alone == Lead(None, "su-kien", {"measure": "admissions", **days("2023-01-01", "2023-11-28")})


def test_a_number_of_last_year_leads_to_the_days_of_last_year() -> None:
    column, row = RollUpColumn("last_year", "admissions"), Row(month="2023-11", values={"admissions": 1})
    lead = leading.of_figure(shown("month"), row, column)
    assert lead is not None
    assert lead.changes.items() >= days("2022-11-01", "2022-11-28").items()
    assert leading.of_total(shown(officer=True), column) == Lead(
        None, "su-kien", {"measure": "admissions", **days("2022-01-01", "2022-11-28")}
    )


def test_a_number_of_a_code_leads_to_the_units_that_it_comes_from() -> None:
    lead = leading.of_figure(shown("facet:sex"), Row(code="female", values={"admissions": 9}), ADMISSIONS)
    assert lead is not None
    assert (lead.unit, lead.changes["by"], lead.changes["split"]) == (None, "child", ["sex"])
    hidden = Row(suppressed=True, values={"admissions": 9})
    assert leading.of_figure(shown("facet:sex"), hidden, ADMISSIONS) is None


def test_the_total_leads_a_reader_to_its_months() -> None:
    lead = leading.of_total(shown(), ADMISSIONS)
    assert lead is not None
    assert lead.changes["by"] == "month"
    assert leading.of_total(shown("month"), ADMISSIONS) is None


def test_a_form_becomes_one_address() -> None:
    form = [("chosen", "1"), ("measures", "admissions"), ("measures", "badges"), ("by", "facet:sex"), ("also", "grade")]
    told = one_address([*form, ("split", "sex"), ("compare", "")])
    assert told == {"measures": "admissions,badges", "by": "facet:sex,grade"}
    assert one_address([("by", "child"), ("split", "sex"), ("split", "grade")]) == {"by": "child", "split": "sex,grade"}
    assert one_address([("by", "facet:sex"), ("also", "sex"), ("chosen", "1")]) == {"by": "facet:sex"}
    assert one_address([("measures", "admissions,badges"), ("by", "facet:sex,grade")]) is None
    assert one_address([]) is None


def by_two(cells: dict[tuple[str, str], int | None], suppressed: int | None = None) -> Report:
    rows = [Row(codes={"sex": a, "passed": b}, values={"trainings": n}) for (a, b), n in cells.items()]
    last = [] if suppressed is None else [Row(suppressed=True, values={"trainings": suppressed})]
    unit = UnitName("a", "A", "cell")
    return Report(unit, *DAYS, "as-was", 1, None, 0, {"trainings": 40}, [*rows, *last])


def test_two_dimensions_are_rows_and_columns_with_sums_where_nothing_is_hidden() -> None:
    cells = {("female", "yes"): 9, ("female", "no"): 0, ("male", "yes"): None, ("male", "no"): None}
    zero = {(sex, "unknown"): 0 for sex in ("female", "male")} | {("unknown", p): 0 for p in ("yes", "no", "unknown")}
    found = matrix_of(by_two({**cells, **zero}, 31), "trainings", "facet:sex,passed")
    assert set(found.codes) == {"yes", "no"}
    lines = {row.code: (dict(zip(found.codes, row.cells, strict=True)), row.total) for row in found.rows}
    assert lines == {"female": ({"yes": 9, "no": 0}, 9), "male": ({"yes": None, "no": None}, None)}
    assert (found.totals, found.suppressed, found.total) == ([None, None], 31, 40)


def test_too_few_people_are_not_broken_down() -> None:
    few = NotBrokenDown(30, ["trainings"], "")
    answer = by_two({})
    unit = answer.unit
    said = Report(unit, *DAYS, "as-was", 1, None, 0, {"trainings": 4}, [], not_broken_down=few, suppressed=UNSET)
    found = matrix_of(said, "trainings", "facet:sex,passed")
    assert (found.rows, found.totals, found.total) == ([], [], 4)
