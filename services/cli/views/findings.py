"""Show what is suspicious in the log, in the terminal and as a file that spreadsheets open."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from events.names import harmless
from projections.answers.words.suspicion_words import SUSPICIONS
from services.cli.screen import Column, Sheet, shown
from services.cli.views.shared import behind, paged
from services.cli.words import day, position
from services.files.spreadsheet_texts import text_cell
from services.language import chosen, either

_SAID: Final = ("publisher", "id", "position", "type", "day")
MOST_EVENTS: Final = 2
"""Events of one finding."""


def as_table(answer: Mapping[str, Any]) -> RenderableType:
    """Lay findings out in the answer's order, the events of each below each other."""
    if not answer["findings"] and not answer["next"]:
        nothing = Text(either("Không có gì đáng ngờ.", "Nothing is suspicious."))
        return Group(nothing, *behind(answer), Text(position(answer["position"]), style="dim"))
    sheet = Sheet(
        either("Ngày", "Day"),
        either("Đơn vị", "Unit"),
        Column(either("Đáng ngờ vì", "Suspicious because"), words=True),
        either("Người gửi", "Publisher"),
        "id",
        either("Ngày của sự kiện", "Day of the event"),
        Column(either("Vị trí", "Position"), "right"),
    )
    for found in answer["findings"]:
        cells = [[_cell(event, name) for event in found["events"]] for name in ("publisher", "id", "day", "position")]
        columns = ("\n".join(column) for column in cells)
        sheet.add(day(found["day"]), shown(found["unit"]), title(found["kind"]), *columns)
    return Group(paged(sheet, answer, len(answer["findings"])), *behind(answer))


def title(kind: str) -> str:
    """Name a kind; one that this program does not know stands as it is."""
    return chosen(SUSPICIONS[kind].title) if kind in SUSPICIONS else shown(kind)


def as_csv(findings: Iterable[Mapping[str, Any]]) -> str:
    """Write a header and a line a finding; what is not told of an event is empty.

    Texts are such that no spreadsheet takes them for formulas, and harmless to show.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    events = range(1, MOST_EVENTS + 1)
    writer.writerow(("kind", "day", "unit", *(f"{name}_{number}" for number in events for name in _SAID)))
    for found in findings:
        said = [event.get(name) for event in found["events"] for name in _SAID]
        said += [None] * (MOST_EVENTS * len(_SAID) - len(said))
        writer.writerow([_plain(value) for value in (found["kind"], found["day"], found["unit"], *said)])
    return text.getvalue()


def _plain(value: object) -> object:
    return text_cell(harmless(value)) if isinstance(value, str) else value


def _cell(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if value is None:
        return "…"
    return day(value) if name == "day" else shown(value)
