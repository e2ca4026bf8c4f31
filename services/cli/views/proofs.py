"""Show how a rebuild or a verification gets on, and what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from projections.store.rebuilding.comparing.compare_generations import Comparison
from projections.store.rebuilding.comparing.repairing import Repair
from projections.store.rebuilding.making.generation import COUNTERS, FACTS, FOLDING, FOLLOWING
from projections.store.rebuilding.making.generation import Progress as Told
from projections.store.rebuilding.row_difference import RowDifference
from services.cli.screen import Column, Sheet, console
from services.cli.words import MEASURES, moment, number, position, say
from services.language import either
from services.progress_bar import progress_bar
from services.verification.rebuilding import Rebuilt
from services.verification.verifying import LOG, Verified

SHOWN = 50
"""Differences in a table on the screen."""

_PHASES = {
    LOG: ("Đối chiếu luồng", "reading the stream"),
    FOLDING: ("Đọc sổ cái", "reading the ledger"),
    FACTS: ("Xếp sự kiện", "sorting facts"),
    COUNTERS: ("Cộng số liệu", "counting"),
    FOLLOWING: ("Theo kịp", "catching up"),
}
_TABLES = {
    "unit": ("đơn vị", "units"),
    "statement": ("văn bản tổ chức", "statements"),
    "edge": ("trực thuộc", "parents"),
    "unit_name": ("tên", "names"),
    "unit_level": ("cấp", "levels"),
    "as_now_term": ("quy đổi hiện nay", "as-now terms"),
    "as_now_past": ("số cộng sẵn theo hiện nay", "as-now sums of the past"),
    "target": ("chỉ tiêu giao", "targets"),
    "declaration": ("số khai báo", "declarations"),
    "access_grant": ("quyền truy cập", "grants of access"),
    "fact": ("số trực tiếp", "own figures"),
    "counter": ("số tổng hợp", "counters"),
    "running_sum": ("số lũy kế", "running sums"),
    "counted": ("số theo ngày", "counts by day"),
    "breakdown": ("cơ cấu", "breakdowns"),
    "tally": ("đếm kết quả", "tally"),
    "publisher_rejects": ("bị từ chối theo người gửi", "rejects by publisher"),
    "packed": ("bản xếp cột", "packed columns"),
    "verdict": ("kết quả xét", "verdicts"),
    "ledger": ("sổ cái", "ledger"),
    "checkpoint": ("mốc tổng hợp", "checkpoint"),
}


@contextmanager
def phases() -> Iterator[Told]:
    """Show on standard error how many positions of how many are done, phase by phase."""
    err = console(stderr=True)
    with progress_bar(err) as bar:
        tasks: dict[str, Any] = {}

        def told(phase: str, done: int, of: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(either(*_PHASES[phase]) if phase in _PHASES else phase, total=of)
            bar.update(tasks[phase], completed=done, total=of)

        yield told


def show_rebuilt(done: Rebuilt) -> None:
    """Say what the comparison found and whether there was a switch."""
    lines: list[RenderableType] = [compared(done.comparison)]
    if done.switched is None:
        lines.append(
            Text(either(f"Bản số {done.number} đã dựng, chưa dùng.", f"Generation {done.number} is made, not in use."))
        )
    else:
        before, now, at, outcomes = done.switched
        switched = either(
            f"Đã chuyển từ bản số {before} sang {now} tại vị trí {number(at)}.",
            f"Switched from generation {before} to {now} at position {number(at)}.",
        )
        lines.append(Text(switched, style="bold"))
        if outcomes:
            others = either("sự kiện có kết quả khác trước.", "outcomes are other than before.")
            lines.append(Text(f"{number(outcomes)} {others}"))
    console().print(Group(*lines))


def show_there_already(generation: int | None) -> None:
    """Say that nothing had to be done."""
    told = either(f"Bản số {generation} đang dùng rồi.", f"Generation {generation} is in use already.")
    console().print(Text(told))


def show_verified(done: Verified) -> None:
    """Say what differed, what of it was repaired, and where the ledger is not what the stream has."""
    lines: list[RenderableType] = []
    if done.unlike is not None:
        at = ", ".join(number(position) for position in done.unlike[:SHOWN])
        lines.append(
            Text(either(f"Sổ cái khác luồng tại: {at}", f"The ledger is unlike the stream at: {at}"), style="red")
            if done.unlike
            else Text(
                either("Sổ cái trùng với luồng từng byte.", "The ledger is the stream, byte for byte."), style="green"
            )
        )
    if done.aside:
        at = ", ".join(number(position) for position in done.aside[:SHOWN])
        lines.append(
            Text(
                either(
                    f"{number(len(done.aside))} sự kiện không xử lý được, lấy theo sổ cái, tại: {at}",
                    f"{number(len(done.aside))} messages that could not be processed, taken as the ledger says: {at}",
                ),
                style="yellow",
            )
        )
    lines.append(compared(done.comparison))
    if done.repaired is not None:
        rows = number(sum(done.repaired.counts.values()))
        repaired = either(f"Đã sửa {rows} dòng, có ghi lại.", f"{rows} rows were repaired, with a record.")
        lines.append(Text(repaired, style="bold"))
    console().print(Group(*lines))


def show_repairs(made: list[Repair]) -> None:
    """List what was repaired."""
    if not made:
        console().print(Text(either("Chưa sửa gì.", "Nothing was ever repaired.")))
        return
    sheet = Sheet(
        either("Lúc", "When"),
        Column(either("Vị trí", "Position"), "right"),
        *_headings(),
        Column(either("Đã là", "Was"), words=True),
        Column(either("Nay là", "Is now"), words=True),
    )
    for each in made:
        sheet.add(moment(each.at.isoformat()), number(each.position), *_cells(each.difference))
    console().print(sheet)


def compared(comparison: Comparison) -> Group:
    """Lay out a comparison: that nothing differs, or what is and what should be."""
    at = position(comparison.position)
    if not comparison:
        return Group(Text(either(f"Mọi số liệu trùng khớp. {at}.", f"Everything agrees. {at}."), style="green"))
    summary = Sheet(
        either("Bảng", "Table"),
        Column(either("Số dòng", "Rows"), "right"),
        title=either(f"Khác biệt. {at}.", f"Differences. {at}."),
    )
    for table, rows in comparison.counts.items():
        if rows:
            summary.add(either(*_TABLES[table]) if table in _TABLES else table, number(rows))
    return Group(summary, Text(), differences(comparison.listed))


def differences(listed: list[RowDifference]) -> Group:
    """Lay out differences row by row: unit, measure, period, what is and what should be."""
    sheet = Sheet(
        *_headings(),
        Column(either("Đang là", "Is"), words=True),
        Column(either("Phải là", "Should be"), words=True),
    )
    for each in listed[:SHOWN]:
        *known, one, two = _cells(each)
        sheet.add(*known, Text(one, "red"), Text(two, "green"))
    if len(listed) > SHOWN:
        return Group(sheet, Text(either(f"{SHOWN} dòng đầu", f"The first {SHOWN}"), style="italic"))
    return Group(sheet)


def _headings() -> tuple[str | Column, ...]:
    return (
        either("Bảng", "Table"),
        either("Đơn vị", "Unit"),
        either("Nội dung", "Measure"),
        either("Kỳ", "Period"),
        Column(either("Khóa", "Key"), words=True),
    )


def _cells(each: RowDifference) -> tuple[str, ...]:
    measure = each.measure and say(MEASURES, each.measure)
    return (each.table, each.unit or "", measure or "", each.period or "", _key(each), *_values(each))


def _key(each: RowDifference) -> str:
    known = {"unit", "id", "measure", "period", "month"}
    return ", ".join(f"{name} {value}" for name, value in each.key.items() if name not in known)


def _values(each: RowDifference) -> tuple[str, str]:
    """Name what is and should be; of columns in which the two agree, nothing."""
    one, two = each.is_now, each.should
    if one is None or two is None:
        return _said(one), _said(two)
    names = [name for name in one if one[name] != two.get(name)]
    return _said({name: one[name] for name in names}), _said({name: two[name] for name in names})


def _said(row: dict[str, Any] | None) -> str:
    if row is None:
        return either("không có", "nothing")
    said = {name: value for name, value in row.items() if value is not None and (name != "copies" or len(row) == 1)}
    if list(said) in (["n"], ["copies"]):
        return str(next(iter(said.values())))
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in said.items())
