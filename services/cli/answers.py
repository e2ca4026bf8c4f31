"""Show the other answers of the API in the terminal: units, the events under a number, an event, the state."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from services.cli.words import LEVELS, MEASURES, OUTCOMES, REASONS, day, number, say


def units(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the units found, and say where there are more."""
    table = Table("Mã / id", "Tên / name", "Cấp / level", show_edge=False, pad_edge=False)
    for unit in answer["units"]:
        table.add_row(Text(unit["id"]), Text(unit["name"]), say(LEVELS, unit.get("level")))
    return _paged(table, answer, len(answer["units"]))


def events(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the events under a number in the answer's order."""
    table = Table(
        "Ngày", "Đơn vị", "Chỉ tiêu", "Loại / type", "Người gửi / publisher", "id", show_edge=False, pad_edge=False
    )
    table.add_column("Vị trí", justify="right")
    for event in answer["events"]:
        unit = event.get("unit")
        table.add_row(
            day(event["day"]),
            Text(unit["id"] if isinstance(unit, Mapping) else str(unit)),
            MEASURES.get(event.get("measure", ""), ""),
            event["type"],
            Text(event["publisher"]),
            Text(event["id"]),
            str(event["position"]),
        )
    return _paged(table, answer, len(answer["events"]))


def why(answer: Mapping[str, Any]) -> RenderableType:
    """Say what became of an event and why, with the event itself below."""
    verdict = _pairs()
    verdict.add_row("Kết quả / outcome", Text(say(OUTCOMES, answer["outcome"]), style=_style(answer["outcome"])))
    if answer.get("reason"):
        verdict.add_row("Lý do / reason", say(REASONS, answer["reason"]))
    shown = {"outcome", "reason", "event"}
    for name, value in answer.items():
        if name not in shown and value is not None:
            verdict.add_row(name, Text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    event = answer.get("event")
    return Group(verdict, Text(), Text(event) if isinstance(event, str) else JSON.from_data(event, ensure_ascii=False))


def status(answer: Mapping[str, Any]) -> RenderableType:
    """Say how far the figures are, and what waits or was rejected."""
    words = {
        "position": "Vị trí / position",
        "stream_last": "Cuối nhật ký / stream last",
        "lag": "Còn chậm / lag",
        "parked": "Đang chờ / parked",
        "rejected": "Bị từ chối / rejected",
        "generation": "Lần dựng / generation",
    }
    table = _pairs()
    most_rejected = answer.get("most_rejected", ())
    for name, value in answer.items():
        if name == "most_rejected":
            continue
        parts = {f"{name} {part}": one for part, one in value.items()} if isinstance(value, Mapping) else {name: value}
        for label, one in parts.items():
            style = "red" if one == "paused" else ""
            table.add_row(words.get(label, label), Text("" if one is None else str(one), style=style))
    for each in most_rejected:
        table.add_row("Bị từ chối nhiều / rejects", Text(f"{_publisher(each)}: {number(each['rejected'])}"))
    return table


def rejects(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the publishers whose events are rejected, most first, with the reasons of each."""
    table = Table("Người gửi / publisher", show_edge=False, pad_edge=False)
    table.add_column("Bị từ chối / rejected", justify="right")
    table.add_column("Vị trí cuối / last position", justify="right")
    table.add_column("Lý do / reasons", overflow="fold")
    for each in answer["publishers"]:
        reasons = "\n".join(f"{say(REASONS, reason)}: {number(n)}" for reason, n in each["reasons"].items())
        table.add_row(Text(_publisher(each)), number(each["rejected"]), str(each["last_position"]), Text(reasons))
    return _paged(table, answer, len(answer["publishers"]))


def _publisher(rejects: Mapping[str, Any]) -> str:
    return rejects["publisher"] or "không đọc được / unreadable"


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _paged(table: Table, answer: Mapping[str, Any], shown: int) -> RenderableType:
    if not answer.get("next"):
        return Group(table, Text(f"{number(shown)} dòng / rows", style="dim"))
    return Group(table, Text(f"{number(shown)} dòng, còn nữa / more: --cursor {answer['next']}", style="dim"))


def _style(outcome: str) -> str:
    return {"parked": "yellow", "rejected": "red", "retracted": "yellow"}.get(outcome, "green")
