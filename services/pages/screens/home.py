"""The page of a unit at one look."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from starlette.responses import Response

from projections.answers.past.difference_answers import Difference
from projections.answers.plans.plan_answers import Indicators, Target
from projections.answers.plans.silence_answers import Silence
from projections.answers.report.report_answers import Report, Row, UnitName
from projections.answers.sentence.sentence_answers import Statement
from services.pages import visits
from services.pages.asking import Ask, RefusedPage, ask, path_of
from services.pages.charts import Bullet, Months, bullet, months
from services.pages.me import OFFICERS
from services.pages.page import Page
from services.pages.paging import paged
from services.pages.unit_page import PLACE, UnitFrame, unit_page

MEASURES: Final = ("admissions", "confirmations", "badges")
YEARS: Final = 3
CHILDREN: Final = 1_000
"""Children whose state is asked for; of more it is on the page of who has not reported."""
_A_YEAR: Final = 365 * 24 * 3_600


class Goal(NamedTuple):
    """A target with its picture."""

    target: Target
    chart: Bullet


async def home(page: Page) -> Response:
    """Show a unit at one look."""
    u = await unit_page(page)
    of = path_of("units", u.unit.id, "")
    first = dt.date(max(u.period.last.year - YEARS + 1, dt.MINYEAR), 1, 1)
    last = dt.date(u.period.last.year, 12, 31)
    level = _level(u.unit.children)
    asked: list[Ask[object]] = [
        ask(f"{of}report", Report, **u.report(measures=MEASURES, compare="last-year")),
        ask(f"{of}report", Report, from_=first, to=last, basis=u.basis, measures=MEASURES, by="month"),
        ask(f"{of}indicators", Indicators, on=u.period.last, basis=u.basis),
        ask(f"{of}silence", Silence, from_=u.period.first, to=u.period.last, limit=1),
        ask(f"{of}statement", Statement, **u.report()),
    ]
    if level is not None and len(u.unit.children) <= CHILDREN:
        days = {"from_": u.period.first, "to": u.period.last}
        asked.append(ask(f"{of}silence", Silence, **days, level=level, limit=CHILDREN))
    found = await page.asking.together_as_far_as_may_be(*asked)
    report, by_month, indicators, silence, statement, *of_level = found
    assert isinstance(report, Report)  # noqa: S101 - what refuses it has refused the page
    seen, kept = _looked(page, u, report.position)
    response = u.draw(
        "home.html",
        figures=report,
        report=report,
        measures=MEASURES,
        rows=paged(page, report.rows),
        charts=_charts(by_month, u.period.last.year) if isinstance(by_month, Report) else {},
        goals=_goals(indicators, report) if isinstance(indicators, Indicators) else {},
        indicators=indicators,
        silence=silence,
        states=_states(of_level[0], report.rows) if of_level else {},
        statement=statement,
        changed=await _changed(u, seen, report),
        before=seen.before,
        officer=u.me.has(OFFICERS),
    )
    if "prefetch" not in page.request.headers.get("sec-purpose", ""):
        response.set_cookie(
            visits.COOKIE, visits.written(kept), max_age=_A_YEAR, path="/", httponly=True, samesite="lax"
        )
    return response


def _level(children: Sequence[UnitName]) -> str | None:
    """Return the level of the children, where they have one."""
    levels = {each.level for each in children}
    return levels.pop() if len(levels) == 1 else None


def _charts(report: Report, year: int) -> Mapping[str, Months]:
    """Lay out the months of each measure, of this year and those before."""
    by_month = {row.month: row.values or {} for row in report.rows}
    years = [year - back for back in range(YEARS) if year - back >= dt.MINYEAR]
    named = [[by_month.get(f"{each:04}-{month:02}", {}) for month in range(1, 13)] for each in years]
    return {
        measure: months(years, [[month.get(measure, 0) for month in of_year] for of_year in named])
        for measure in MEASURES
    }


def _goals(indicators: Indicators, report: Report) -> Mapping[str, Goal]:
    """Choose for each measure the target whose deadline comes first after the days."""
    before = report.last_year.total if report.last_year and report.last_year.total else {}
    found: dict[str, Goal] = {}
    for target in sorted(indicators.targets, key=lambda each: each.last):
        if target.measure not in found and target.first <= report.last <= target.last:
            same = target.first == report.first and target.until == report.last
            last_year = before.get(target.measure) if same else None
            found[target.measure] = Goal(target, bullet(target.value, target.at_least, target.at_most, last_year))
    return found


def _states(silence: object, rows: Sequence[Row]) -> Mapping[str, str]:
    """Tell of each child whether it has figures, declared that there were none, or has not reported."""
    if not isinstance(silence, Silence) or silence.silent.next is not None:
        return {}
    silent = {each.id for each in silence.silent.units}
    zero = {each.id for each in silence.only_zero.units}
    ids = [row.unit.id for row in rows if row.unit is not None and not row.own]
    return {each: "silent" if each in silent else "zero" if each in zero else "figures" for each in ids}


def _looked(page: Page, u: UnitFrame, position: int) -> tuple[visits.Seen, list[visits.Seen]]:
    kept = visits.read(page.request.cookies.get(visits.COOKIE, ""))
    return visits.looked(kept, u.unit.id, position, int(time.time()) // 60)


async def _changed(u: UnitFrame, seen: visits.Seen, report: Report) -> Mapping[str, int] | None:
    """Say by how much the totals have changed since the visit before; None where that can't be said."""
    if seen.before >= report.position:
        return {}
    try:
        parameters = u.report(position=seen.before, against_position=report.position, measures=MEASURES)
        found = await u.page.asking.one(ask(path_of("units", u.unit.id, "difference"), Difference, **parameters))
    except RefusedPage:
        return None
    return {measure: n for measure, n in found.difference.items() if n}


SCREENS: Final = {f"{PLACE}/{{unit}}": home}
