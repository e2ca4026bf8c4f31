"""Show the other answers of the API in the terminal: units, the events under a number, the state, who is rejected."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.language import either
from services.cli.screen import Column, Sheet, shown, whole
from services.cli.words import LEVELS, MEASURES, REASONS, STATES, day, moment, number, say, word


def units(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the units found, and say where there are more."""
    sheet = Sheet(either("Mã", "Id"), Column(either("Tên", "Name"), words=True), either("Cấp", "Level"))
    for unit in answer["units"]:
        sheet.add(unit["id"], shown(unit["name"]), say(LEVELS, unit.get("level")))
    return paged(sheet, answer, len(answer["units"]))


def events(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the events under a number in the answer's order."""
    sheet = Sheet(
        either("Ngày", "Day"),
        either("Đơn vị", "Unit"),
        either("Chỉ tiêu", "Measure"),
        either("Loại", "Type"),
        either("Người gửi", "Publisher"),
        "id",
        Column(either("Vị trí", "Position"), "right"),
    )
    for event in answer["events"]:
        unit = event.get("unit")
        sheet.add(
            day(event["day"]),
            unit["id"] if isinstance(unit, Mapping) else str(unit),
            word(MEASURES, event.get("measure", "")),
            event["type"],
            event["publisher"],
            event["id"],
            str(event["position"]),
        )
    return paged(sheet, answer, len(answer["events"]))


_STATUS: Mapping[str, tuple[str, str]] = {
    "position": ("Vị trí", "Position"),
    "as_of": ("Số liệu đến lúc", "Figures as of"),
    "stream_last": ("Cuối nhật ký", "Last in the log"),
    "lag": ("Còn chậm", "Behind by"),
    "parked": ("Đang chờ", "Parked"),
    "rejected": ("Bị từ chối", "Rejected"),
    "generation": ("Lần dựng", "Generation"),
    "bus": ("Bus", "Bus"),
    "worker": ("Bộ tổng hợp", "Projector"),
    "worker name": ("Bộ tổng hợp", "Projector"),
    "worker state": ("Trạng thái", "State"),
    "worker detail": ("Chi tiết", "Detail"),
    "worker seen_at": ("Nghe thấy lần cuối", "Last heard of"),
    "worker fetched_at": ("Đọc nhật ký lần cuối", "Last read the log"),
    "worker advanced_at": ("Tiến lên lần cuối", "Last advanced"),
    "worker stream_last": ("Cuối nhật ký nó biết", "Last in the log that it knows"),
}


def status(answer: Mapping[str, Any]) -> RenderableType:
    """Say how far the figures are, and what waits or was rejected."""
    sheet = Sheet(either("Tình trạng", "Status"), Column("", words=True))
    for name, value in answer.items():
        if name in {"most_rejected", "behind", "troubles"}:
            continue
        parts = {f"{name} {part}": one for part, one in value.items()} if isinstance(value, Mapping) else {name: value}
        for label, one in parts.items():
            vietnamese, english = _STATUS.get(label, (label, label))
            sheet.add(either(vietnamese, english), Text(_told(one), style="red" if one == "paused" else ""))
    for each in answer.get("troubles", ()):
        sheet.add(either("Trở ngại", "Trouble"), Text(shown(each), style="red"))
    for each in answer.get("most_rejected", ()):
        rejected = f"{_publisher(each)}: {number(each['rejected'])}"
        sheet.add(either("Bị từ chối nhiều", "Most rejected"), rejected)
    return Group(sheet, *behind(answer))


def behind(answer: Mapping[str, Any]) -> list[Text]:
    """Say that figures are behind the log, why and by how much, where the answer says so (contract §9)."""
    told = answer.get("behind")
    if not told:
        return []
    events, state = number(told["events"]), say(STATES, told["state"])
    detail = f": {shown(told['detail'])}" if told.get("detail") else "."
    text = either(
        f"Số liệu chưa đầy đủ: còn {events} sự kiện chưa tính, bộ tổng hợp {state}{detail}",
        f"These figures are behind: {events} events are not counted yet, the projector is {state}{detail}",
    )
    return [Text(text, style="bold red")]


def rejects(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the publishers whose events are rejected, most first, with the reasons of each."""
    sheet = Sheet(
        either("Người gửi", "Publisher"),
        Column(either("Bị từ chối", "Rejected"), "right"),
        Column(either("Vị trí cuối", "Last position"), "right"),
        Column(either("Lý do", "Reasons"), words=True),
    )
    for each in answer["publishers"]:
        reasons = "\n".join(f"{say(REASONS, reason)}: {number(n)}" for reason, n in each["reasons"].items())
        sheet.add(_publisher(each), number(each["rejected"]), str(each["last_position"]), reasons)
    return paged(sheet, answer, len(answer["publishers"]))


def paged(sheet: RenderableType, answer: Mapping[str, Any], rows: int) -> RenderableType:
    """Put below a table how many rows it has, and how to see the following ones."""
    if not answer.get("next"):
        return Group(sheet, Text(either(f"{number(rows)} dòng", f"{number(rows)} rows"), style="dim"))
    more = either(f"{number(rows)} dòng, còn nữa: ", f"{number(rows)} rows, and more: ")
    return Group(sheet, whole(f"{more}--cursor {answer['next']}", "dim"))


def _told(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            return moment(value) if value[:4].isdecimal() and "T" in value else say(STATES, value)
        except ValueError:
            return value
    return str(value)


def _publisher(rejects: Mapping[str, Any]) -> str:
    return rejects["publisher"] or either("không đọc được", "unreadable")
