"""Why a number changed: from the one total to the other, cause by cause; two bases, or two moments of the log."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from starlette.responses import Response

from projections.answers.past.difference_answers import Contribution, Difference
from projections.answers.past.structure_answers import Source, UnitHistory
from projections.answers.report.report_answers import LogMoment
from services.pages.asked_rows import one_address
from services.pages.asking import RefusedPage, address_of, ask, path_of
from services.pages.bridge import bridge_of, first_that_differs
from services.pages.page import Page
from services.pages.paging import paged
from services.pages.screens.events import PageFigures
from services.pages.unit_page import PLACE, UnitFrame, unit_page

OF_V1: Final = ("against", "measures", "position", "against_position")
BY_DAY: Final = {"known": "position", "against_known": "against_position"}
"""Days by whose evening something was known, and the positions that stand for them."""
LISTED: Final = 1_000
"""Causes that are asked for: as many as there may be, for events of one type are drawn together."""
CHANGES: Final = 12
"""Changes of the unit that are offered as moments."""


class Changed(NamedTuple):
    """A change of the unit: the day from which it holds, what it was, and the position at which it was told."""

    since: dt.date
    type: str
    position: int


async def difference(page: Page) -> Response:
    """Show why two totals differ."""
    said = page.query.multi_items()
    told = one_address(said)
    asked = await _positions(page, dict(said) if told is None else told)
    if list(asked.items()) != said:
        return page.redirect(address_of(page.path, asked))
    u = await unit_page(page)
    of = path_of("units", u.unit.id, "")
    given = {name: page.query.get(name) for name in OF_V1}
    found, history = await page.asking.together_as_far_as_may_be(
        ask(f"{of}difference", Difference, **u.report(**given), limit=LISTED), ask(f"{of}history", UnitHistory)
    )
    measure = page.query.get("measure", first_that_differs(found.difference))
    if measure not in found.difference:
        raise RefusedPage.unfit("measure", page.gettext("Nội dung này không có trong bảng."))
    return u.draw(
        "difference.html",
        figures=PageFigures(found.against_position, found.against_as_of, found.behind),
        found=found,
        v1=given,
        moments=given["position"] is not None,
        measure=measure,
        bridge=bridge_of(found, measure),
        causes=paged(page, found.contributions),
        cause_of=lambda cause: leads_to(u, cause, given, officer=u.officer),
        changes=[] if history is None else changes_of(history)[:CHANGES],
    )


def leads_to(u: UnitFrame, cause: Contribution, given: dict[str, str | None], *, officer: bool) -> str | None:
    """Return where a cause leads: a unit that moved to its figures of those days, an event to its page."""
    if cause.change in {"moved_in", "moved_out"} and cause.unit is not None:
        return u.place(cause.unit.id, "bao-cao", from_=cause.first, to=cause.last, basis=None)
    if cause.said and officer:
        return path_of_event(cause.said[0])
    if cause.change == "reorganised":
        return u.place(end="to-chuc")
    if cause.unit is not None and cause.unit.id != u.unit.id:
        return u.place(cause.unit.id, "chenh-lech", **{name: value for name, value in given.items() if value})
    return None


def path_of_event(said: Source) -> str:
    """Return the page of an event."""
    return path_of("su-kien", said.publisher, said.id).removeprefix("/v1")


def changes_of(history: UnitHistory) -> list[Changed]:
    """Return what changed in a unit, what was told last first; each event once."""
    dated = [(history.founded.since, [history.founded.said])]
    if history.dissolved is not None:
        dated.append((history.dissolved.since, [history.dissolved.said]))
    for spans in (history.names, history.levels, history.parents, history.predecessors, history.successors):
        dated += [(span.since, span.said) for span in spans]
    found = {said.position: Changed(since, said.type, said.position) for since, sources in dated for said in sources}
    return sorted(found.values(), key=lambda change: -change.position)


async def _positions(page: Page, asked: dict[str, str]) -> dict[str, str]:
    """Put positions in the place of days by whose evening something was known."""
    days = {name: asked[name] for name in BY_DAY if name in asked}
    if not days:
        return asked
    known = await page.asking.together(*(ask(path_of("moment"), LogMoment, on=day) for day in days.values()))
    found = {BY_DAY[name]: str(moment.position) for name, moment in zip(days, known, strict=True)}
    return {**{name: value for name, value in asked.items() if name not in BY_DAY}, **found}


SCREENS: Final = {f"{PLACE}/{{unit}}/chenh-lech": difference}
