"""Show single events: those under a number, what became of one and why, all that wait, and what to do about them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.text import Text

from events.names import harmless
from projections.answers.words.outcome_words import OUTCOMES, REASONS
from services.cli.screen import Column, Sheet, shown, whole
from services.cli.views.shared import paged
from services.cli.words import MEASURES, day, moment, position, say, word
from services.language import either

Ends = Mapping[str, Mapping[str, Any]]
"""What is known of units through time (`GET /v1/units/{unit}/history`), by id."""


def events(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the events under a number in the answer's order."""
    sheet = Sheet(
        either("Ngày", "Day"),
        either("Đơn vị", "Unit"),
        either("Nội dung", "Measure"),
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


def why(answer: Mapping[str, Any], units: Ends) -> RenderableType:
    """Say what became of an event and why, what took it back, and what to do; the event itself is below."""
    sheet = Sheet(either("Sự kiện", "Event"), Column(f"{answer['publisher']} {answer['id']}", words=True))
    sheet.add(either("Kết quả", "Outcome"), Text(say(OUTCOMES, answer["outcome"]), style=_style(answer["outcome"])))
    if answer.get("reason"):
        sheet.add(either("Lý do", "Reason"), say(REASONS, answer["reason"]))
    if taken := answer.get("taken_back"):
        sheet.add(either("Rút bởi", "Taken back by"), f"{taken['publisher']} {taken['id']}")
        sheet.add(either("Lý do rút", "Because"), shown(taken["reason"]))
    for name, (vietnamese, english) in _TOLD.items():
        if (value := answer.get(name)) is not None:
            sheet.add(either(vietnamese, english), moment(value) if name == "published_at" else shown(value))
    if todo := advice(answer, units):
        sheet.add(either("Nên làm", "What to do"), todo)
    event = answer.get("event")
    body = Text(harmless(event, lines=True)) if isinstance(event, str) else _event(event)
    return Group(sheet, Text(), body)


def parked(answer: Mapping[str, Any], units: Ends) -> RenderableType:
    """Lay out what waits: which event, what it waits for, and what to do; the oldest first."""
    rows = answer["outcomes"]
    if not rows:
        return Text(either("Không có sự kiện nào đang chờ.", "Nothing is parked."))
    sheet = Sheet(
        Column(either("Vị trí", "Position"), "right"),
        either("Người gửi", "Publisher"),
        "id",
        either("Loại", "Type"),
        Column(either("Chờ gì", "Waits for"), words=True),
        Column(either("Nên làm", "What to do"), words=True),
    )
    for said in rows:
        publisher, id_ = said["publisher"] or "", said["id"] or ""
        sheet.add(str(said["position"]), publisher, id_, said["type"] or "", waits_for(said), advice(said, units))
    return Group(paged(sheet, answer, len(rows)), whole(position(answer["position"]), "dim"))


def units_asked_for(said: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the units whose history the advice for these events needs, each once."""
    inactive = (each for each in said if each.get("outcome") == "parked" and each.get("reason") == "inactive_unit")
    return list(dict.fromkeys(unit for each in inactive if (unit := _named(each))))


def waits_for(said: Mapping[str, Any]) -> str:
    """Say what a parked event waits for."""
    unit, reason = _named(said), said.get("reason")
    match reason:
        case "unknown_unit" if unit:
            return either(f"đơn vị {unit} được thành lập", f"the unit {unit} to be established")
        case "inactive_unit" if unit:
            return either(f"đơn vị {unit} hoạt động vào ngày đó", f"the unit {unit} to be active on that day")
        case "not_authorised":
            who, subject = said.get("publisher") or "?", said.get("subject") or "?"
            return either(f"{who} là cấp trên của {subject}", f"{who} to be above {subject}")
        case "unknown_event":
            data = _data(said)
            target = f"{str(data.get('source', '')).removeprefix('/units/')} {data.get('id', '')}"
            return either(f"sự kiện {shown(target)}", f"the event {shown(target)}")
        case _:
            return say(REASONS, reason)


def advice(said: Mapping[str, Any], units: Ends) -> str:
    """Say what whoever sent a parked or rejected event should do."""
    if said.get("outcome") == "rejected":
        return either(
            "Sửa theo lý do trên và gửi lại với id mới; sự kiện này không bao giờ được tính.",
            "Correct what the reason names and send it under a new id; this one will never count.",
        )
    if said.get("outcome") != "parked":
        return ""
    unit, reason = _named(said), str(said.get("reason"))
    if reason == "inactive_unit":
        return _of_inactive(unit, units.get(unit or ""))
    vietnamese, english = _ADVICE.get(reason, ("", ""))
    return either(vietnamese, english).format(unit=unit)


_ADVICE = {
    "unknown_unit": (
        "Gửi unit.established của {unit}, hoặc rút lại nếu mã sai; sau đó tự được tính.",
        "Send unit.established of {unit}, or retract this if the id is wrong; then it holds by itself.",
    ),
    "not_authorised": (
        "Để đơn vị đó hoặc cấp trên của nó gửi, và rút lại sự kiện này.",
        "Let the unit itself or one above it say so, and retract this one.",
    ),
    "unknown_event": (
        "Gửi sự kiện cần rút, hoặc kiểm tra lại source và id.",
        "Send the event that it takes back, or look at source and id again.",
    ),
}


def _of_inactive(unit: str | None, known: Mapping[str, Any] | None) -> str:
    dissolved = (known or {}).get("dissolved")
    if dissolved is not None:
        since = day(dissolved["since"])
        heirs = [each["unit"]["id"] for each in (known or {})["successors"] if each["child"] is None]
        if heirs:
            return either(
                f"{unit} giải thể ngày {since}, đơn vị tiếp nhận là {heirs[0]}: nếu ngày đúng thì rút lại và báo cho "
                f"{heirs[0]}; nếu ngày sai thì rút lại và báo với ngày trước {since}.",
                f"{unit} was dissolved on {since}, its successor is {heirs[0]}: if the day is right, retract it and "
                f"say it of {heirs[0]}; if not, retract it and say it with a day before {since}.",
            )
        return either(
            f"{unit} giải thể ngày {since}, không có đơn vị tiếp nhận: rút lại và báo với ngày trước {since}, "
            "hoặc cho đơn vị đang quản lý.",
            f"{unit} was dissolved on {since} without a successor: retract it and say it with a day before {since}, "
            "or of the unit that has its members now.",
        )
    founded = (known or {}).get("founded")
    if founded is not None:
        since = day(founded["since"])
        return either(
            f"{unit} thành lập ngày {since}: rút lại và báo với ngày từ {since}, hoặc sửa ngày thành lập.",
            f"{unit} was established on {since}: retract it and send it with a day from then on, or correct {since}.",
        )
    return either("Kiểm tra lại ngày và đơn vị.", "Look at the day and the unit again.")


def _named(said: Mapping[str, Any]) -> str | None:
    """Take the unit that a verdict is about from the field that it names."""
    field = str(said.get("field") or "subject")
    if field == "source":
        return said.get("publisher")
    if field == "subject":
        return said.get("subject")
    value = _data(said).get(field.removeprefix("data."))
    return value.removeprefix("/units/") if isinstance(value, str) else None


def _data(said: Mapping[str, Any]) -> Mapping[str, Any]:
    event = said.get("event")
    data = event.get("data") if isinstance(event, Mapping) else None
    return data if isinstance(data, Mapping) else {}


_TOLD = {
    "field": ("Trường", "Field"),
    "detail": ("Chi tiết", "Detail"),
    "subject": ("Về đơn vị", "About"),
    "position": ("Vị trí", "Position"),
    "published_at": ("Vào nhật ký lúc", "Came into the log"),
    "held_at": ("Có hiệu lực từ vị trí", "Holds since position"),
    "retracted_at": ("Bị rút ở vị trí", "Taken back at position"),
    "first_position": ("Trước đó ở vị trí", "First at position"),
    "body": ("Nội dung (base64)", "Body (base64)"),
}


def _event(event: object) -> RenderableType:
    """Write an event as JSON; what can't be seen in it is escaped, as JSON does."""
    text = json.dumps(event, ensure_ascii=False)
    return JSON.from_data(event, ensure_ascii=harmless(text) != text)


def _style(outcome: str) -> str:
    return {"parked": "yellow", "rejected": "red", "retracted": "yellow"}.get(outcome, "green")
