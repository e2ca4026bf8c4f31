"""Show what would become of the rows of a sheet, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from projections.answers.words.outcome_words import OUTCOMES, REASONS
from services.cli.screen import Column, Sheet, shown, whole
from services.language import either, language

MOST_SHOWN: Final = 200
"""Rows that are shown one by one; the others are in the sheet with the results."""
_STATUSES: Final = {
    "ready": ("sẽ gửi được", "ready"),
    "suspicious": ("đáng ngờ, vẫn gửi được", "suspicious, can be sent"),
    "will_wait": ("gửi được, sẽ phải chờ", "can be sent, will wait"),
    "duplicate": ("đã có, không gửi lại", "there already"),
    "differs": ("khác sự kiện đã gửi", "differs from what was sent"),
    "taken_back": ("đã bị thu hồi", "was taken back"),
    "refused": ("không nhận", "refused"),
}
_PASSED_OVER: Final = {
    "total": ("tổng cộng", "a total"),
    "example": ("ví dụ", "the example"),
    "numbers": ("số thứ tự của cột", "numbers of columns"),
    "head": ("tên cột, lặp lại", "heads once more"),
    "foot": ("cuối bảng", "the foot"),
}
_GOOD: Final = frozenset({"ready", "duplicate", "suspicious"})
_OVER: Final = frozenset({"counted", "applied", "duplicate"})


def is_good(answer: Mapping[str, Any]) -> bool:
    """Tell whether every row can be sent and would hold, or is there already."""
    return not any(number for status, number in answer["counts"].items() if status not in _GOOD)


def is_sent(answer: Mapping[str, Any]) -> bool:
    """Tell whether every row is in the log and holds."""
    return all(_holds(item) for item in answer["items"])


def looked_at(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out what would become of a sheet: counts, and the rows that are not simply ready."""
    heads = {column["name"]: column["head"] for column in answer["columns"]}
    told = [
        (row, _said(row["status"]), heads.get(row["column"], row["column"] or ""), _chosen(row["detail"] or ""))
        for row in answer["rows"]
        if row["status"] not in {"ready", "duplicate"}
    ]
    again = f"tonghop import {shown(answer['import'])} --send"
    return Group(
        *_head(answer),
        *_rows(told, either("Sẽ ra sao", "What would become")),
        Text(either("Chưa gửi gì. Để gửi các hàng gửi được:", "Nothing is sent yet. To send what can be:")),
        whole(f"  {again}"),
    )


def _head(answer: Mapping[str, Any]) -> Iterable[RenderableType]:
    number = sum(answer["counts"].values())
    what = f"{shown(answer['type'])}, {shown(answer['unit'])}"
    yield Text(
        either(
            f"Bảng {shown(answer['import'])}: {number} hàng ({what})",
            f"Sheet {shown(answer['import'])}: {number} rows ({what})",
        )
    )
    if answer["encoding"]:
        encoding = shown(answer["encoding"])
        yield Text(either(f"Đọc theo bảng mã {encoding}.", f"Read as {encoding}."))
    if answer["passed_over"]:
        rows = ", ".join(f"{shown(each['row'])} ({_why(each['why'])})" for each in answer["passed_over"])
        yield Text(either(f"Bỏ qua hàng: {rows}.", f"Rows passed over: {rows}."))
    sheet = Sheet(Column(either("Sẽ ra sao", "What would become")), Column(either("Số hàng", "Rows"), "right"))
    for status, count in answer["counts"].items():
        if count:
            sheet.add(_said(status), str(count))
    yield sheet


def _rows(told: list[tuple[Mapping[str, Any], str, str, str]], heading: str) -> Iterable[RenderableType]:
    if not told:
        return
    sheet = Sheet(
        Column(either("Hàng", "Row"), "right"),
        Column(heading),
        Column(either("Cột", "Column"), words=True),
        Column(either("Giải thích, cách sửa", "Why, and what to do"), words=True),
    )
    for row, said, column, detail in told[:MOST_SHOWN]:
        sheet.add(str(row["row"]), said, shown(column), shown(detail))
    yield sheet
    if (more := len(told) - MOST_SHOWN) > 0:
        yield Text(either(f"… và {more} hàng nữa: dùng --results.", f"… and {more} more rows: use --results."))


def sent(answer: Mapping[str, Any], made: Mapping[str, Any]) -> RenderableType:
    """Lay out what became of a sheet that was sent: how many of each, and the rows that do not hold."""
    counts: dict[str, int] = {}
    told = []
    heads = {column["name"]: column["head"] for column in made["columns"]}
    for item in answer["items"]:
        said = _became(item)
        counts[said] = counts.get(said, 0) + 1
        if not _holds(item):
            field = item.get("field") or ""
            detail = _chosen(item.get("detail") or "") or REASONS.get(item["reason"] or "", item["reason"] or "")
            told.append((item, said, heads.get(field, field), detail))
    sheet = Sheet(Column(either("Kết quả", "What became")), Column(either("Số hàng", "Rows"), "right"))
    for said, count in counts.items():
        sheet.add(said, str(count))
    parts: list[RenderableType] = [sheet, *_rows(told, either("Kết quả", "What became"))]
    if answer["receipt"]:
        receipt = shown(answer["receipt"])
        parts.append(Text(either(f"Biên nhận: {receipt}", f"Receipt: {receipt}")))
    if answer["behind"]:
        parts.append(Text(either("Bộ tổng hợp chưa đọc tới.", "It is not read yet.")))
    if any(item["status"] == "unsent" for item in answer["items"]):
        again = f"tonghop import {shown(answer['import'])} --send"
        parts += [
            Text(either("Chưa gửi hết; gửi lại không hại gì:", "Not all is sent; send again:")),
            whole(f"  {again}"),
        ]
    return Group(*parts)


def _holds(item: Mapping[str, Any]) -> bool:
    return item["status"] in {"accepted", "duplicate"} and item.get("outcome") in _OVER


def _became(item: Mapping[str, Any]) -> str:
    status, outcome = item["status"], item.get("outcome")
    known = {"duplicate": "duplicate", "refused": "refused", "unsent": "unsent"}.get(status) or outcome or "undecided"
    return OUTCOMES.get(known, known) if language() == "vi" else known


def _why(why: str) -> str:
    return shown(either(*_PASSED_OVER.get(why, (why, why))))


def _said(status: str) -> str:
    return either(*_STATUSES.get(status, (status, status)))


def _chosen(detail: str) -> str:
    """Choose the language of a detail that has both."""
    vietnamese, slash, english = detail.partition(" / ")
    return detail if not slash else either(vietnamese, english)
