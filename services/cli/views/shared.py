"""What several views say: that figures are behind the log, and that there are more rows."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.screen import shown, whole
from services.cli.words import STATES, number, say
from services.language import either


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


def paged(sheet: RenderableType, answer: Mapping[str, Any], rows: int) -> RenderableType:
    """Put below a table how many rows it has, and how to see the following ones."""
    if not answer.get("next"):
        return Group(sheet, Text(either(f"{number(rows)} dòng", f"{number(rows)} rows"), style="dim"))
    more = either(f"{number(rows)} dòng, còn nữa: ", f"{number(rows)} rows, and more: ")
    return Group(sheet, whole(f"{more}--cursor {answer['next']}", "dim"))
