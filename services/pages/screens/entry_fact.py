"""One fact by form: filled in, looked at before it is sent, sent; what was typed is kept on the way."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from events.vocabulary import Outcome
from projections.answers.report.report_answers import UnitDay
from services.pages.asking import ProblemSaid, RefusedPage
from services.pages.entry import saying, units
from services.pages.entry.answers import path_of_event
from services.pages.entry.facts import TYPES, Fact, column_of, read_fact, typed_of
from services.pages.form_fields import fields_of
from services.pages.me import WhoAsks
from services.pages.page import Page
from services.pages.periods import today
from services.send_answers import ACCEPTED, DUPLICATE, REFUSED, SentItem
from services.sheets.units import NamedUnit

PATH: Final = "/nhap/mot"
AGAIN: Final = "lai"
"""The parameter that names an event, as publisher and id with a blank between, whose content is to be said right."""
SEEN, MENDED, SENT = "xem", "sua", "gui"


async def form(page: Page) -> Response:
    """Show the form of a type for a unit, with what the address says of its fields."""
    me = await units.clerk(page)
    given = dict(page.query)
    if AGAIN in given:
        given |= await _said_before(page, given[AGAIN])
    event_type, unit = _type(page, given), await units.shown(page, given.get("unit", ""))
    fact = read_fact(event_type, unit.id, given, page.texts, today())
    return _form(page, me, unit, fact._replace(faults={}))


async def take(page: Page) -> Response:
    """Look at what was typed, go back to it, or send it."""
    given = await fields_of(page)
    me = await units.clerk(page)
    event_type, unit = _type(page, given), await units.shown(page, given.get("unit", ""))
    fact = read_fact(event_type, unit.id, given, page.texts, today())
    step = given.get("step", SEEN)
    if step == MENDED:
        return _form(page, me, unit, fact._replace(faults={}))
    if fact.faults:
        return await _faulty(page, me, unit, fact)
    if step == SENT:
        answer = await saying.send(page, fact, given.get("id", ""), given.get("at", ""))
        if answer is not None:
            (item,) = answer.items
            if item.status == ACCEPTED and answer.receipt is not None:
                return page.redirect(f"/phieu/{answer.receipt}")
            if item.status == DUPLICATE:
                return page.redirect(path_of_event(item))
            if item.status == REFUSED and item.field and item.field != "id":
                return _form(page, me, unit, with_fault(page, fact, item), item=item)
    return await _looked_at(page, me, unit, fact, again=given.get("again") == "1")


async def _looked_at(page: Page, me: WhoAsks, unit: UnitDay, fact: Fact, *, again: bool) -> Response:
    """Show what would become of a fact, with what is suspicious about it, before it is sent."""
    found = await saying.tried(page, fact, again=again)
    item = found.item
    if found.there is None and (item.status == REFUSED or item.outcome == Outcome.REJECTED):
        return _form(page, me, unit, with_fault(page, fact, item), item=item)
    return page.draw(
        "entry/look.html",
        me=me,
        unit=unit,
        fact=fact,
        fields=await units.fields_of(page, fact),
        tried=found,
        item=item,
        once_more=again,
        holds=found.there is not None and found.there.outcome in saying.HOLDS,
        path=PATH,
    )


def _form(page: Page, me: WhoAsks, unit: UnitDay, fact: Fact, *, item: SentItem | None = None, **more: Any) -> Response:
    fields = fact.fields(page.texts, more.pop("meant", ()))
    faults = [each for each in fields if each.fault]
    return page.draw(
        "entry/fact.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if faults or item is not None else HTTPStatus.OK,
        me=me,
        unit=unit,
        fact=fact,
        fields=fields,
        faults=faults,
        item=item if item is not None and not faults else None,
        path=PATH,
        **more,
    )


async def _faulty(page: Page, me: WhoAsks, unit: UnitDay, fact: Fact) -> Response:
    """Show the form with what is wrong; where a unit isn't clear, with those that may be meant."""
    fact, meant = await with_units_meant(page, fact)
    if not fact.faults:
        return await _looked_at(page, me, unit, fact, again=False)
    return _form(page, me, unit, fact, meant=meant)


async def with_units_meant(page: Page, fact: Fact) -> tuple[Fact, list[NamedUnit]]:
    """Put the id of a unit where its name was typed; where several may be meant, return these."""
    for column in fact.columns.all:
        text = fact.typed.get(column.name, "").strip()
        if column.kind == "unit" and column.name in fact.faults and text:
            meant = await units.meant(page, text)
            if len(meant) != 1:
                return fact, meant
            clear = {**fact.typed, column.name: meant[0].id}
            fact = read_fact(fact.columns.type, fact.unit, clear, page.texts, today())
    return fact, []


def with_fault(page: Page, fact: Fact, item: SentItem) -> Fact:
    """Put what `/v1` refuses beside the field that it names."""
    name = column_of(item.field or None)
    if name is None or name not in fact.columns.named or name == "unit":
        return fact
    return fact._replace(faults={name: page.said(item.detail or item.reason or "")})


def _type(page: Page, given: Mapping[str, str]) -> str:
    if given.get("type") in TYPES:
        return given["type"]
    title, detail = page.gettext("Chưa rõ việc gì"), page.gettext("Hãy chọn loại sự việc ở trang nhập số liệu.")
    raise RefusedPage(ProblemSaid(title, detail, HTTPStatus.UNPROCESSABLE_ENTITY, "type"))


async def _said_before(page: Page, key: str) -> dict[str, str]:
    """Return what an event said, as it would be typed."""
    publisher, _, event_id = key.partition(" ")
    said = await saying.event_said(page, publisher, event_id)
    if said is None or said.type not in TYPES:
        return {}
    content = saying.content_of(said)
    data = content.get("data")
    return {
        "type": said.type,
        "unit": str(content.get("subject") or publisher),
        **(typed_of(said.type, data) if isinstance(data, dict) else {}),
    }


SCREENS: Final = {PATH: form, f"POST {PATH}": take}
