"""Declaring figures: totals of a period, "không phát sinh" among them, and stocks on a day (contract, section 1)."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from events.catalogue import MEASURES
from events.vocabulary import STOCKS, Outcome
from projections.answers.report.report_answers import UnitDay
from projections.answers.words.vietnamese_format import day as written
from services.pages.asking import RefusedPage
from services.pages.entry import saying, units
from services.pages.entry.answers import path_of_event
from services.pages.form_fields import Fields, fields_of
from services.pages.me import WhoAsks
from services.pages.page import Page
from services.pages.periods import Period, month_end, today
from services.publishing.lines import said_at
from services.send_answers import ACCEPTED, REFUSED

PATH: Final = "/nhap/khai-bao"
DECLARED: Final = "figure.declared"
SEEN, SENT = "xem", "gui"
NOTHING: Final = "khong"
"""The box that says that nothing happened: what is left empty is 0."""
MOST: Final = 2**53 - 1
_whole: Final = re.compile(r"[0-9]{1,16}|[0-9]{1,3}(?:[. ][0-9]{3}){1,5}").fullmatch
_key: Final = re.compile(r"[0-9a-f]{32}").fullmatch


class DeclaredFigures(NamedTuple):
    """What was typed, read: days and figures, and what is wrong by field."""

    period: Period | None
    on: dt.date | None
    values: Mapping[str, int]
    faults: Mapping[str, str]

    def data(self, figure: str) -> dict[str, Any]:
        """Return what is declared of a figure."""
        if figure in STOCKS:
            assert self.on is not None, "else it is a fault"  # noqa: S101
            days = {"on": self.on.isoformat()}
        else:
            assert self.period is not None, "else it is a fault"  # noqa: S101
            days = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        return {"figure": figure, **days, "value": self.values[figure]}


async def form(page: Page) -> Response:
    """Show the form, for the month before this one unless the address says another period."""
    me = await units.clerk(page)
    last = today().replace(day=1) - dt.timedelta(days=1)
    given = {"from": written(last.replace(day=1)), "to": written(month_end(last)), "on": written(last)}
    return _form(page, me, await units.shown(page, page.query.get("unit", "")), {**given, **page.query})


async def take(page: Page) -> Response:
    """Look at what is declared, go back to it, or send it."""
    given = await fields_of(page)
    me = await units.clerk(page)
    unit = await units.shown(page, given.get("unit", ""))
    declared = _read(page, given)
    step = given.get("step", SEEN)
    if step not in {SEEN, SENT} or declared.faults:
        return _form(page, me, unit, given, declared.faults if step in {SEEN, SENT} else {})
    key, at = given.get("key", ""), saying.time_of(given.get("at", ""))
    if step == SENT and _key(key) and at is not None:
        answer = await saying.send_all(page, _events(unit, declared, key, at))
        if answer.receipt is not None and any(item.status == ACCEPTED for item in answer.items):
            return page.redirect(f"/phieu/{answer.receipt}")
        known = next((item for item in answer.items if item.status != REFUSED), None)
        if known is not None:
            return page.redirect(path_of_event(known))
    key, at = secrets.token_hex(16), saying.now()
    items = await saying.try_all(page, _events(unit, declared, key, at))
    bad = next((each for each in items if each.status == REFUSED or each.outcome == Outcome.REJECTED), None)
    if bad is not None:
        return _form(page, me, unit, given, {"": page.said(bad.detail or bad.reason or "")})
    figures = list(zip(declared.values.items(), items, strict=True))
    return page.draw(
        "entry/declared_look.html",
        me=me,
        unit=unit,
        declared=declared,
        figures=figures,
        stocks=STOCKS,
        kept={**{name: given.get(name, "") for name in ("from", "to", "on")}, **declared.values},
        key=key,
        at=at.isoformat(),
        path=PATH,
    )


def _form(
    page: Page, me: WhoAsks, unit: UnitDay, given: Mapping[str, str], faults: Mapping[str, str] | None = None
) -> Response:
    return page.draw(
        "entry/declared.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK,
        me=me,
        unit=unit,
        given=given,
        faults=faults or {},
        measures=MEASURES,
        stocks=STOCKS,
        nothing=NOTHING,
        path=PATH,
    )


def _read(page: Page, given: Fields) -> DeclaredFigures:
    faults: dict[str, str] = {}
    values: dict[str, int] = {}
    for name in (*MEASURES, *STOCKS):
        text = given.get(name, "")
        if not text and name in MEASURES and NOTHING in given:
            text = "0"
        if not text:
            continue
        number = int(re.sub("[. ]", "", text)) if _whole(text) else MOST + 1
        if number > MOST:
            faults[name] = page.gettext("Cần một số nguyên, ví dụ 12.")
        else:
            values[name] = number
    of_period, of_day = (any(given.get(name) for name in names) for names in (MEASURES, STOCKS))
    first, last = (_day(page, given, name, faults, needed=of_period or NOTHING in given) for name in ("from", "to"))
    on = _day(page, given, "on", faults, needed=of_day)
    period = None if first is None or last is None else Period(first, last)
    if period is not None and period.first > period.last:
        faults["to"] = page.gettext("Ngày đầu phải trước hoặc trùng ngày cuối.")
    if not values and not faults:
        faults[""] = page.gettext("Chưa có số nào: điền số, hoặc đánh dấu “không phát sinh”.")
    return DeclaredFigures(period, on, values, faults)


def _day(page: Page, given: Fields, name: str, faults: dict[str, str], *, needed: bool) -> dt.date | None:
    try:
        return given.day(page, name, needed=True) if needed else None
    except RefusedPage as refused:
        faults[name] = refused.said.detail
        return None


def _events(unit: UnitDay, declared: DeclaredFigures, key: str, at: dt.datetime) -> list[dict[str, Any]]:
    """Make the events; the form's key makes their ids, so that the same form sent twice is the same events."""
    return [
        said_at(unit.id, _id(key, figure), DECLARED, unit.id, declared.data(figure), at=at)
        for figure in declared.values
    ]


def _id(key: str, figure: str) -> str:
    return f"d-{sha256(f'{key}/{figure}'.encode()).hexdigest()[:32]}"


SCREENS: Final = {PATH: form, f"POST {PATH}": take}
