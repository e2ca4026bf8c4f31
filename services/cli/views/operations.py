"""Show how far the figures are, what waits, and who is rejected."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from projections.answers.words.outcome_words import REASONS
from services.cli.screen import Column, Sheet, shown
from services.cli.views.shared import behind, paged
from services.cli.words import STATES, moment, number, say
from services.language import either

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
