"""Who may have which breakdown: readers whole months and large tables, officers any, and small cells if they ask."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from projections.answers.privacy.breakdown_rules import (
    OfficersOnlyError,
    RefusedBreakdownError,
    Thresholds,
    require_breakdown,
    thresholds_for,
    whole_months,
)
from projections.answers.privacy.report_suppression import TOO_FEW, suppressed
from projections.answers.report.codes import row_of_codes, rows_of_codes
from projections.answers.report.report_answers import Report, UnitName
from projections.answers.report.report_question import Question
from projections.answers.tables.report_table import report_table
from projections.rules.counting.periods import ONE_DAY, Days, month_of
from services.api.breakdowns import may_be_shown
from services.api.problems import Problem
from services.cli.views.reports import as_table
from services.files.delimited import csv_pieces

SET = Thresholds(3, 30)
MAY = Days(dt.date(2023, 5, 1), dt.date(2023, 5, 31))


def days(first: str, last: str) -> Days:
    return Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def report_of(detail: str, **measures: list[int]) -> Report:
    """Make a report by dimensions whose rows have these numbers."""
    rows = [
        row_of_codes(detail, codes, {measure: cells[place] for measure, cells in measures.items()})
        for place, codes in enumerate(rows_of_codes(detail))
    ]
    unit = UnitName("gia-binh", "Gia Bình", "upper")
    total = {measure: sum(cells) for measure, cells in measures.items()}
    return Report(unit, MAY.first, MAY.last, "as-was", 1, None, 0, total, rows)


def question_of(detail: str, *measures: str) -> Question:
    return Question("gia-binh", MAY, "as-was", measures, "facet", detail)


@pytest.mark.parametrize(
    ("asked", "parameter", "nearest"),
    [
        (("2023-01-02", "2023-11-30"), "from", ("2023-01-01", "2023-11-30")),
        (("2023-01-01", "2023-11-28"), "to", ("2023-01-01", "2023-11-30")),
        (("2023-01-20", "2023-11-05"), "from", ("2023-02-01", "2023-10-31")),
        (("2023-01-20", "2023-01-25"), "from", ("2023-01-01", "2023-01-31")),
        (("2023-05-05", "2023-05-12"), "from", ("2023-05-01", "2023-05-31")),
        (("2023-05-01", "2023-05-02"), "to", ("2023-05-01", "2023-05-31")),
        (("2023-04-25", "2023-05-03"), "from", ("2023-05-01", "2023-05-31")),
        (("2023-02-01", "2024-02-28"), "to", ("2023-02-01", "2024-02-29")),
        (("0001-01-01", "0001-01-03"), "to", ("0001-01-01", "0001-01-31")),
        (("9999-12-30", "9999-12-31"), "from", ("9999-12-01", "9999-12-31")),
    ],
)
def test_readers_are_told_the_nearest_whole_period(
    asked: tuple[str, str], parameter: str, nearest: tuple[str, str]
) -> None:
    with pytest.raises(RefusedBreakdownError) as refused:
        require_breakdown(days(*asked), None, as_officer=False)
    assert (refused.value.parameter, refused.value.nearest) == (parameter, days(*nearest))
    assert all(day in str(refused.value) for day in nearest)
    require_breakdown(days(*asked), None, as_officer=True)
    require_breakdown(days(*nearest), None, as_officer=False)


@given(st.tuples(st.dates(), st.dates()).map(sorted))
def test_the_nearest_period_is_of_whole_months_close_by(asked: list[dt.date]) -> None:
    given_days = Days(*asked)
    found = whole_months(given_days)
    assert found.first == month_of(found.first).first <= found.last == month_of(found.last).last
    assert max(abs(found.first - given_days.first), abs(found.last - given_days.last)) <= 30 * ONE_DAY
    assert whole_months(found) == found


def test_readers_have_no_breakdown_of_the_past() -> None:
    with pytest.raises(RefusedBreakdownError) as refused:
        require_breakdown(MAY, 7, as_officer=False)
    assert refused.value.parameter == "position"
    assert "“split”" in str(refused.value), "what asks for a breakdown is named, whichever it was"
    require_breakdown(MAY, 7, as_officer=True)


def test_only_officers_ask_for_all_cells() -> None:
    assert thresholds_for(SET, as_officer=False, cells_all=False) == SET
    assert thresholds_for(SET, as_officer=True, cells_all=False) == Thresholds(3, 0)
    assert thresholds_for(SET, as_officer=True, cells_all=True) == Thresholds(1, 0)
    with pytest.raises(OfficersOnlyError):
        thresholds_for(SET, as_officer=False, cells_all=True)


def test_the_api_says_it_as_problems() -> None:
    some_days = question_of("sex", "badges")._replace(days=days("2023-05-01", "2023-05-30"))
    with pytest.raises(Problem) as refused:
        may_be_shown(some_days, None, SET, cells_all=False, as_officer=False)
    assert (refused.value.status, refused.value.members) == (
        422,
        {"parameter": "to", "nearest": {"from": "2023-05-01", "to": "2023-05-31"}},
    )
    with pytest.raises(Problem) as refused:
        may_be_shown(some_days, None, SET, cells_all=True, as_officer=False)
    assert (refused.value.status, refused.value.members) == (403, {"parameter": "cells"})
    with pytest.raises(Problem) as refused:
        may_be_shown(question_of("sex", "badges"), 7, SET, cells_all=False, as_officer=False)
    assert (refused.value.status, refused.value.members) == (422, {"parameter": "position"})
    for by in ("child", "month", "level", "none"):
        assert may_be_shown(some_days._replace(by=by), 7, SET, cells_all=False, as_officer=False) == SET
    assert may_be_shown(some_days, 7, SET, cells_all=False, as_officer=True) == Thresholds(3, 0)


def test_a_measure_of_few_people_has_its_total_alone() -> None:
    report = report_of("sex", admissions=[20, 9, 0], badges=[20, 10, 0], departures=[28, 2, 0])
    found = suppressed(report, question_of("sex", "admissions", "badges", "departures"), SET)
    assert [row.values for row in found.rows] == [
        {"admissions": None, "badges": 20, "departures": None},
        {"admissions": None, "badges": 10, "departures": None},
        {"admissions": None, "badges": 0, "departures": 0},
        {"admissions": 29, "badges": 0, "departures": 30},
    ]
    said, hidden = found.not_broken_down, found.suppressed
    assert said is not msgspec.UNSET
    assert hidden is not msgspec.UNSET
    assert (said.smallest, said.measures) == (30, ["admissions"])
    assert "30" in said.reason
    assert hidden.cells == {"badges": 0, "departures": 2}
    assert found.total == report.total


def test_where_all_measures_are_of_few_people_there_are_no_rows() -> None:
    report = report_of("sex,passed", trainings=[3, 3, 3, 3, 3, 3, 3, 3, 3], admissions=[0] * 9)
    found = suppressed(report, question_of("sex,passed", "trainings", "admissions"), SET)
    assert (found.rows, found.total) == ([], {"trainings": 27, "admissions": 0})
    assert found.suppressed is msgspec.UNSET
    assert found.not_broken_down is not msgspec.UNSET
    assert found.not_broken_down.measures == ["trainings", "admissions"]


async def test_files_and_tables_have_what_the_answer_has() -> None:
    """A number that is null is nowhere in them, and the table says why."""
    report = report_of("sex", admissions=[21, 8, 0], badges=[29, 2, 0])
    found = suppressed(report, question_of("sex", "admissions", "badges"), SET)
    answer = json.loads(msgspec.json.encode(found))
    text = b"".join([piece async for piece in csv_pieces(report_table(found))]).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["kind"], row["admissions"], row["badges"]) for row in rows] == [
        ("row", "", ""),
        ("row", "", ""),
        ("row", "", "0"),
        ("suppressed", "29", "31"),
        ("total", "29", "31"),
    ]
    out = io.StringIO()
    Console(file=out, width=200).print(as_table(answer))
    printed = out.getvalue()
    assert TOO_FEW.format(smallest=30) in printed
    assert not {"21", "8", "2"} & set(printed.split())


def test_officers_see_any_table_and_all_cells_if_they_ask() -> None:
    report = report_of("sex", admissions=[20, 2, 0])
    question = question_of("sex", "admissions")
    hidden = suppressed(report, question, thresholds_for(SET, as_officer=True, cells_all=False))
    assert [row.values["admissions"] for row in hidden.rows] == [None, None, 0, 22]
    assert suppressed(report, question, thresholds_for(SET, as_officer=True, cells_all=True)) == report


@given(st.data())
def test_a_measure_hides_the_same_whatever_else_is_asked(data: st.DataObject) -> None:
    """So measures together tell no more than each in an answer of its own: rows of two are one row of each."""
    few = st.lists(st.one_of(st.integers(0, 4), st.integers(0, 40)), min_size=3, max_size=3)
    several = {measure: data.draw(few) for measure in ("transfers_out", "transfers_in", "badges")}
    together = suppressed(report_of("sex", **several), question_of("sex", *several), SET)
    for measure, cells in several.items():
        alone = suppressed(report_of("sex", **{measure: cells}), question_of("sex", measure), SET)
        for place in range(3):
            seen = alone.rows[place].values[measure] if alone.rows else None
            assert not together.rows or together.rows[place].values[measure] == seen
