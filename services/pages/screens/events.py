"""The events under a number, those that wait or were rejected below a unit, and one event with what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from events.catalogue import ACCESS_TYPES, CATALOGUE, MEASURES
from projections.answers.report.report_answers import (
    Behind,
    CountedEventPage,
    Report,
    Said,
    SaidPage,
    UnitDay,
    UnitName,
)
from services.pages.asked_rows import one_address
from services.pages.asking import RefusedPage, address_of, ask, path_of
from services.pages.event_lines import facets_in_words, lines_of, units_named, value_at
from services.pages.me import ENTERING
from services.pages.page import Page
from services.pages.unit_page import PLACE, UnitFrame, of_unit, unit_page

STANDING: Final = frozenset({"counted", "applied", "parked"})
"""What may be taken back."""
LOOKED_BACK: Final = dt.timedelta(10 * 366)
"""How far back other events of the same person are looked for."""


class PageFigures(NamedTuple):
    """What a page is of, where its answer does not say the time of its position."""

    position: int
    as_of: dt.datetime | None
    behind: Behind | UnsetType = UNSET


async def events(page: Page) -> Response:
    """Show the events under a number, or those that wait for something or were rejected."""
    asked = one_address(page.query.multi_items())
    if asked is not None:
        return page.redirect(address_of(page.path, asked))
    u = await unit_page(page)
    try:
        if page.query.get("outcome") is None:
            return await _counted(page, u)
        return await _outcomes(page, u, page.query["outcome"])
    except RefusedPage as refused:
        if refused.said.status != HTTPStatus.FORBIDDEN:
            raise
        context = {"found": None, "said": refused.said.told(page.language)}
        return u.draw("events.html", status=refused.said.status, outcome=page.query.get("outcome"), **context)


async def _counted(page: Page, u: UnitFrame) -> Response:
    """Show what a number counts, beside the number itself."""
    measures = page.query.get("measure")
    member = page.query.get("member")
    asked = {"measure": measures, "member": member}
    of = path_of("units", u.unit.id, "")
    found, report = await page.asking.together(
        ask(f"{of}events", CountedEventPage, **u.report(**asked, cursor=page.query.get("cursor"))),
        ask(f"{of}report", Report, **u.report(measures=measures or tuple(MEASURES), by="none")),
    )
    return u.draw(
        "events.html",
        figures=PageFigures(found.position, report.as_of, found.behind),
        found=found,
        outcome=None,
        asked=asked,
        number=None if member else sum(report.total.values()),
        names=_names(found.units),
        measures=tuple(MEASURES),
        told_of=lambda facets: facets_in_words(facets, page.language),
    )


async def _outcomes(page: Page, u: UnitFrame, outcome: str) -> Response:
    """Show the events about the unit or below it that are not counted, with what each waits for."""
    given = {"outcome": outcome, "unit": u.unit.id, "cursor": page.query.get("cursor")}
    found = await page.asking.one(ask(path_of("outcomes"), SaidPage, **given))
    # The answer says no time: that of the unit is of the same position, or the log has just moved on.
    return u.draw(
        "events.html",
        figures=PageFigures(found.position, u.now.as_of),
        found=found,
        outcome=outcome,
        names=_names(found.units),
        waits=lambda said: waits_for(page, said),
    )


async def event(page: Page) -> Response:
    """Show one event, and what became of it."""
    publisher, event_id = page.part("publisher"), page.part("id")
    said = await page.asking.one(ask(path_of("events", publisher, event_id), Said))
    told = msgspec.json.decode(said.event)
    concerned = [each for each in dict.fromkeys((said.subject, publisher, *units_named(told))) if each]
    recorded = _moment(value_at(told, "time"))
    asked = [of_unit(publisher, recorded.date() if recorded else None), *(of_unit(unit) for unit in concerned)]
    me, then, *units = await page.asking.together_as_far_as_may_be(page.me(), *asked)
    known: dict[str, UnitDay] = {unit.id: unit for unit in units if unit is not None}
    row = CATALOGUE.get(said.type or "")
    kind = None if row is None else row.kind
    enters = me.has_over(ENTERING, then, known.get(publisher)) and said.type not in ACCESS_TYPES
    speaks = enters and said.outcome in STANDING
    return page.draw(
        "event.html",
        me=me,
        said=said,
        publisher=publisher,
        event_id=event_id,
        lines=lines_of(told, page.language),
        whole=msgspec.json.format(bytes(said.event), indent=2).decode() if said.body is None else said.body,
        recorded=recorded,
        known=known,
        waits=waits_for(page, said),
        may_retract=speaks and kind != "correction",
        may_replace=speaks and kind == "fact",
        may_say_right=enters and not speaks and kind == "fact",
        person=_person(said, told),
    )


def waits_for(page: Page, said: Said) -> str | None:
    """Say what a parked event waits for, or what has to be mended in one that is rejected; None of any other."""
    named = value_at(msgspec.json.decode(said.event), said.field) or said.subject or "?"
    unit = said.subject or "?" if said.field == "subject" else named.removeprefix("/units/")
    match said.outcome, said.reason:
        case "parked", "unknown_unit":
            text = page.gettext("Chờ đơn vị “%(unit)s” được thành lập; khi đó sự kiện tự được tính.")
        case "parked", "inactive_unit":
            text = page.gettext(
                "Ngày của sự kiện nằm ngoài thời gian hoạt động của “%(unit)s”. Sự kiện tự được tính khi ngày thành lập"
                " hay kết thúc được sửa; nếu nhầm đơn vị hay nhầm ngày, hãy rút lại và gửi lại đúng."
            )
        case "parked", "not_authorised":
            text = page.gettext("Chờ “%(unit)s” có thẩm quyền: là chính đơn vị được nói đến, hay cấp trên của nó.")
        case "parked", "unknown_event":
            text = page.gettext("Chờ sự kiện “%(unit)s” mà nó rút lại.")
        case "rejected", _:
            return page.gettext("Không bao giờ được tính. Hãy sửa trường đã nêu và gửi lại với mã khác.")
        case _:
            return None
    return text % {"unit": unit}


def _names(units: Iterable[UnitName]) -> dict[str, UnitName]:
    return {unit.id: unit for unit in units}


def _person(said: Said, told: object) -> dict[str, object] | None:
    """Return by which reference, and from which day on, other events of the same person are found."""
    known = CATALOGUE.get(said.type or "")
    reference = value_at(told, f"data.{known.person}") if known is not None and known.person is not None else None
    if reference is None or said.subject is None or said.outcome != "counted":
        return None
    return {"member": reference, "from_": said.published_at.date() - LOOKED_BACK, "to": None}


def _moment(text: str | None) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


SCREENS: Final = {f"{PLACE}/{{unit}}/su-kien": events, "/su-kien/{publisher}/{id}": event}
