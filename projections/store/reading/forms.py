"""What an official form is filled in with, all of one snapshot, by the functions that answer the same elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

from projections.answers.access.sight import Holder
from projections.answers.forms.filling_in import Material, Stocks
from projections.answers.forms.template import FormTemplate
from projections.answers.plans.indicators import needed
from projections.answers.plans.known_plans import Children, Known
from projections.answers.plans.members import MEMBERS, at_end_of
from projections.answers.plans.plan_answers import Operand
from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question, named_on
from projections.answers.report.row_periods import year_before
from projections.rules.counting.periods import ONE_DAY, Days
from projections.store.reading.compared_report import compared_report
from projections.store.reading.counts import counts
from projections.store.reading.find_unit import find
from projections.store.reading.indicators import reorganised
from projections.store.reading.plans import declarations_of
from projections.store.reading.silence import SilenceQuestion, silence
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.transfers import transfers_by_province
from projections.store.reading.units import unit_on

Hide = Callable[[Report, Question], Report]
"""Hides of a report that is broken down what may not be shown."""


class FormAsked(NamedTuple):
    """A form, and the question whose unit, days and basis it is filled in for."""

    template: FormTemplate
    question: Question


async def material(snapshot: Snapshot, asked: FormAsked, hide: Hide, confined: Holder | None) -> Material:
    """Read all that a form needs, and of last year too. Raises UnknownUnitError; ValueError for the first year."""
    template, question = asked
    days, before = question.days, year_before(question.days)
    unit = await find(snapshot, question.unit, named_on(question))
    plain = question._replace(by="none", detail="", measures=template.measures)
    transfers: dict[tuple[str, str], tuple[int, int]] = {}
    if template.splits_transfers:
        of_days = [await transfers_by_province(snapshot, unit, each, question.basis) for each in (days, before)]
        transfers = {key: (of_days[0][key], of_days[1][key]) for key in of_days[0]}
    by_dimension = {}
    for dimension, measures in template.broken_down.items():
        broken = question._replace(by="facet", detail=dimension, measures=measures)
        by_dimension[dimension] = hide(await compared_report(snapshot, broken, None), broken)
    above = await unit_on(snapshot, question.unit, named_on(question))
    return Material(
        totals=await compared_report(snapshot, plain, None),
        by_dimension=by_dimension,
        transfers=transfers,
        stocks=await _stocks(snapshot, unit, question, before) if template.has_members else None,
        nobody={level: await _nobody(snapshot, question, before, level, confined) for level in template.levels_asked},
        superior=above.parent,
    )


async def _stocks(snapshot: Snapshot, unit: KnownUnit, question: Question, before: Days) -> Stocks:
    no, days = unit.place.no, question.days
    told = [each for each in await declarations_of(snapshot, no, days.last) if each.figure == MEMBERS]
    known = Known(days.last, [], told, Children([], now=question.basis == "as-now"), {}, reorganised=False)
    ends = [_day_before(days.first), days.last, _day_before(before.first), before.last]

    def at_ends(count_of: dict[int, Callable[[str, Days], int]]) -> list[Operand | None]:
        return [None if day is None else at_end_of(day, known, count_of[no]) for day in ends]

    wanted = needed([no], lambda count_of: at_ends(dict(count_of)))
    opening, closing, opening_before, closing_before = at_ends(
        await counts(snapshot, {no: unit.place}, wanted, question.basis)
    )
    since = None if opening is None else min(source.last for source in told if source.said in opening.said)
    moved = question.basis == "as-was" and since is not None and await reorganised(snapshot, unit, since, days.last)
    return Stocks((opening, opening_before), (closing, closing_before), moved)


def _day_before(day: dt.date) -> dt.date | None:
    return None if day == dt.date.min else day - ONE_DAY


async def _nobody(
    snapshot: Snapshot, question: Question, before: Days, level: str, confined: Holder | None
) -> tuple[int, int] | None:
    """Count the units of a level that admitted nobody; that is told by the hierarchy of the days alone."""
    if question.basis != "as-was":
        return None

    async def found(days: Days) -> int:
        asked = SilenceQuestion(question.unit, days, level, "admitted_nobody", 1, None)
        return (await silence(snapshot, asked, lambda _: None, confined=confined)).admitted_nobody.count

    return await found(question.days), await found(before)
