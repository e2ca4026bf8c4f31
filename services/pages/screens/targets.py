"""Targets and what came of them, how they are handed down, declared figures beside counted ones, rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from starlette.responses import Response

from events.catalogue import STOCK_FLOWS
from projections.answers.plans.plan_answers import (
    AllocatedRow,
    Allocation,
    Allocations,
    Indicators,
    Stock,
    Target,
)
from projections.answers.words.plan_words import SILENT
from projections.answers.words.vietnamese_order import by_name
from services.pages.asking import ask, path_of
from services.pages.charts import Bullet, bullet
from services.pages.clauses import rate_words
from services.pages.page import Page
from services.pages.paging import LONGEST, Pages, paged
from services.pages.periods import today
from services.pages.plan_reasons import reasons
from services.pages.unit_page import PLACE, UnitFrame, files_of, unit_page

ALONE: Final = "phan-bo"
"""The parameter that shows one allocation alone, with pages: measure, first and last day."""


class HandedDown(NamedTuple):
    """An allocation, and the children that have a part of it, in Vietnamese order: so many as are shown."""

    key: str
    allocation: Allocation
    rows: Sequence[AllocatedRow]
    whole: int


class GoalShown(NamedTuple):
    """A target, its picture, and how it is handed down."""

    target: Target
    bullet: Bullet
    handed_down: HandedDown | None

    @property
    def silent(self) -> bool:
        """Tell whether nothing was said of it: that is not zero."""
        return self.target.reason == SILENT


async def targets(page: Page) -> Response:
    """Show the plans of a unit as of the last of the days, or today where that is to come."""
    u = await unit_page(page)
    on = min(u.period.last, today())
    of = path_of("units", u.unit.id, "")
    indicators, allocations = await page.asking.together(
        ask(f"{of}indicators", Indicators, on=on, basis=u.basis),
        ask(f"{of}targets", Allocations, on=on, basis=u.basis),
    )
    handed = {each.key: each for each in map(_handed_down, allocations.targets)}
    alone = handed.get(page.query.get(ALONE, ""))
    if alone is not None:
        return _alone(page, u, on, alone, allocations)
    known = {_key(each.measure, each.first, each.last) for each in indicators.targets}
    shown = [
        GoalShown(
            each, bullet(each.value, each.at_least, each.at_most), handed.get(_key(each.measure, each.first, each.last))
        )
        for each in indicators.targets
    ]
    return u.draw(
        "targets.html",
        figures=indicators,
        answer=indicators,
        officer=u.officer,
        on=on,
        goals=shown,
        children_alone=[each for key, each in handed.items() if key not in known],
        said=[each for each in indicators.figures if each.declared is not None or each.children.declared is not None],
        unsaid=[each for each in indicators.figures if each.declared is None and each.children.declared is None],
        rates=[each for each in indicators.rates if each.percent is not None],
        no_rates=[each for each in indicators.rates if each.percent is None],
        flows=_flows(indicators.stock),
        name_of=lambda rate: rate_words(page.texts, rate.rate),
        why=reasons(page.gettext),
        silent_reason=SILENT,
        files={end: files_of(f"{of}{end}", {"on": on, "basis": u.basis}) for end in ("indicators", "targets")},
    )


def _alone(page: Page, u: UnitFrame, on: dt.date, alone: HandedDown, figures: Allocations) -> Response:
    """Show all children that have a part of one target, a hundred a page."""
    rows = _with_target(alone.allocation)
    pages: Pages[AllocatedRow] = paged(page, rows)
    shown = alone._replace(rows=pages.rows)
    return u.draw(
        "allocation.html",
        figures=figures,
        on=on,
        handed=shown,
        rows=pages,
        why=reasons(page.gettext),
        silent_reason=SILENT,
    )


def _handed_down(allocation: Allocation) -> HandedDown:
    rows = _with_target(allocation)
    key = _key(allocation.measure, allocation.first, allocation.last)
    return HandedDown(key, allocation, rows[:LONGEST], len(rows))


def _with_target(allocation: Allocation) -> list[AllocatedRow]:
    rows = [each for each in allocation.rows if each.at_least is not None]
    return sorted(rows, key=lambda each: by_name(each.unit))


def _key(measure: str, first: dt.date, last: dt.date) -> str:
    return f"{measure},{first},{last}"


def _flows(stock: Stock) -> list[tuple[str, int]]:
    """Return what each measure adds to the members, with its sign."""
    if stock.flows is None:
        return []
    return [(measure, sign * getattr(stock.flows, measure)) for measure, sign in STOCK_FLOWS.items()]


SCREENS: Final = {f"{PLACE}/{{unit}}/chi-tieu": targets}
