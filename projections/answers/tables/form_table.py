"""An official form as a table, in its frame: a line a row, each number beside why there is none."""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec import UNSET

from projections.answers.forms.form_answers import FilledForm, FormRow
from projections.answers.report.report_answers import Behind
from projections.answers.tables.answer_table import (
    HIDDEN,
    KIND,
    AnswerTable,
    Cell,
    OfficialFrame,
    TableColumn,
    behind_note,
    column,
    stated,
)
from projections.answers.words.vietnamese_format import day, days

COLUMNS: Final = (
    column(KIND),
    TableColumn("mark", "Mục"),
    TableColumn("text", "Chỉ tiêu"),
    TableColumn("indent", "Bậc"),
    TableColumn("value", "Kỳ này"),
    TableColumn("reason", "Kỳ này: vì sao không có số"),
    TableColumn("last_year", "Cùng kỳ năm trước"),
    TableColumn("last_year_reason", "Cùng kỳ năm trước: vì sao không có số"),
    TableColumn("percent", "% so cùng kỳ"),
    TableColumn("measures", "Theo nội dung"),
    TableColumn("dimension", "Theo chiều"),
    TableColumn("level", "Cấp đơn vị"),
)
DOTS: Final = "…………"


def form_table(answer: FilledForm) -> AnswerTable:
    """Return the table of a form."""
    said = stated(
        answer.unit,
        first=answer.first,
        last=answer.last,
        basis=answer.basis,
        position=answer.position,
        as_of=answer.as_of,
        others={"parked": answer.parked},
    )
    reasons = [each.reason for each in (answer.suppressed, answer.not_broken_down) if each is not UNSET]
    behind = answer.behind if isinstance(answer.behind, Behind) else UNSET
    name = answer.form
    return AnswerTable(
        f"{name.number}: {name.title}",
        said,
        COLUMNS,
        [_cells(row) for row in answer.rows],
        (*behind_note(behind), *answer.notes, *reasons, f"Theo {name.source}"),
        official=_frame(answer),
    )


def _cells(row: FormRow) -> list[Cell]:
    def kept(value: int | None, reason: str | None) -> Cell:
        return HIDDEN if reason == "hidden" else value

    return [
        *(row.kind, row.mark, row.text, row.indent),
        *(kept(row.value, row.reason), row.reason),
        *(kept(row.last_year, row.last_year_reason), row.last_year_reason),
        *(row.percent, row.measures, row.dimension, row.level),
    ]


def _frame(answer: FilledForm) -> OfficialFrame:
    frame = answer.frame
    right = [answer.form.number, f"Đơn vị báo cáo: {frame.body}"]
    if frame.receiver is not None:
        right.append(f"Đơn vị nhận báo cáo: {frame.receiver}")
    if frame.due is not None:
        right.append(f"Gửi trước ngày {day(frame.due)}")
    above = [each for each in (frame.superior, frame.body) if each is not None]
    return OfficialFrame(
        left=(*above, frame.department),
        right=tuple(right),
        title=answer.form.title,
        period=_period(answer.first, answer.last),
        measured_in=f"Đvt: {frame.measured_in}",
        columns=tuple(frame.columns),
        by_whom=frame.by_whom,
        place_and_date=f"{DOTS}, ngày …… tháng …… năm ……",
    )


def _period(first: dt.date, last: dt.date) -> str:
    whole = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year
    return f"Năm {last.year}" if whole else days(first, last).capitalize()
