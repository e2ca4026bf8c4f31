"""A form filled in: every number is one that another answer tells too, or the sum of such."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from msgspec import UNSET, UnsetType, structs

from events.catalogue import STOCK_FLOWS
from projections.answers.forms.form_answers import FilledForm, FormDays, FormFrame, FormName, FormRow
from projections.answers.forms.template import Counted, FormLine, FormTemplate
from projections.answers.plans.plan_answers import Operand
from projections.answers.privacy.split_report import HIDDEN
from projections.answers.report.report_answers import NotBrokenDown, Report, Suppressed, UnitName, Values
from projections.answers.words.form_words import UNCHECKED, reorganised_note, stock_note
from projections.answers.words.percents import percent
from projections.rules.counting.periods import ONE_DAY


class Missing(StrEnum):
    """Why a number isn't there; of several in a sum the first of these is told."""

    NOT_COLLECTED = "not_collected"
    NOT_ON_THIS_BASIS = "not_on_this_basis"
    NOT_THERE = "not_there"
    NOT_DECLARED = "not_declared"
    HIDDEN = "hidden"


Amount: TypeAlias = int | Missing


class Both(NamedTuple):
    """A number of the days asked for, and of the same a year before."""

    now: Amount
    before: Amount


class Stocks(NamedTuple):
    """The members at the beginning and at the end of the days, null where none were ever declared; and of last year.

    ``reorganised``: units came to what is below the unit, or went, since the figure that they are told from.
    """

    opening: tuple[Operand | None, Operand | None]
    closing: tuple[Operand | None, Operand | None]
    reorganised: bool


class Material(NamedTuple):
    """All that a form is filled in with: reports with last year beside them, hidden as for whoever asks."""

    totals: Report
    by_dimension: Mapping[str, Report]
    transfers: Mapping[tuple[str, str], tuple[int, int]]
    """By measure and `same` or `other`: those within one province, or not."""
    stocks: Stocks | None
    nobody: Mapping[str, tuple[int, int] | None]
    """By level, how many units admitted nobody; None on a basis on which that isn't told."""
    superior: UnitName | None


def filled_in(name: FormName, template: FormTemplate, material: Material) -> FilledForm:
    """Fill a form in."""
    report = material.totals
    assert not isinstance(report.last_year, UnsetType), "it is asked for beside last year"  # noqa: S101
    amounts = _Amounts(material)
    rows = [_row(line, amounts.of(line)) for line in template.lines]
    frame = FormFrame(
        superior=None if material.superior is None else material.superior.name,
        body=report.unit.name,
        department=template.department,
        receiver=None,
        due=None,
        measured_in=template.measured_in,
        columns=list(template.columns),
        by_whom=template.by_whom,
    )
    for each in template.reporting:
        if each.level == report.unit.level:
            frame = structs.replace(frame, receiver=each.to, due=_later(report.last, each.days))
    return FilledForm(
        form=name,
        unit=report.unit,
        first=report.first,
        last=report.last,
        last_year=FormDays(report.last_year.first, report.last_year.last),
        basis=report.basis,
        position=report.position,
        as_of=report.as_of,
        parked=report.parked,
        frame=frame,
        rows=rows,
        notes=[*([] if name.checked else [UNCHECKED]), *_notes(material)],
        suppressed=_suppressed(material.by_dimension.values()),
        not_broken_down=_not_broken_down(material.by_dimension.values()),
    )


class _Amounts:
    """The number of each line, out of what is known."""

    def __init__(self, material: Material) -> None:
        self._material = material
        last_year = material.totals.last_year
        self.there_before = not isinstance(last_year, UnsetType) and last_year.total is not None

    def of(self, line: FormLine) -> Both:
        """Return the numbers of a line."""
        if line.not_collected:
            return Both(Missing.NOT_COLLECTED, Missing.NOT_COLLECTED)
        if line.members is not None:
            return self._members(line.members)
        if line.admitted_nobody is not None:
            return self._nobody(line.admitted_nobody)
        terms = [(each.times, self.counted(each)) for each in line.counts]
        return Both(
            _sum((times, both.now) for times, both in terms), _sum((times, both.before) for times, both in terms)
        )

    def counted(self, each: Counted) -> Both:
        """Return how many there are of what is counted."""
        material = self._material
        if each.province is not None:
            return self._both(*material.transfers[each.measure, each.province])
        if each.dimension is None:
            return self.total(each.measure)
        report = material.by_dimension[each.dimension]
        rows = {row.code: row for row in report.rows if row.code is not None}
        here = [_cell(rows[code].values if code in rows else None, each.measure) for code in each.codes]
        last = [_cell((rows[code].last_year or None) if code in rows else None, each.measure) for code in each.codes]
        before = _sum((1, amount) for amount in last) if self.there_before else Missing.NOT_THERE
        return Both(_sum((1, amount) for amount in here), before)

    def total(self, measure: str) -> Both:
        """Return the total of a measure."""
        last_year = self._material.totals.last_year
        assert not isinstance(last_year, UnsetType), "it is asked for beside last year"  # noqa: S101
        before = 0 if last_year.total is None else last_year.total[measure]
        return self._both(self._material.totals.total[measure], before)

    def _members(self, which: str) -> Both:
        stocks = self._material.stocks
        assert stocks is not None, "it is asked for where a line has it"  # noqa: S101
        now, before = stocks.opening if which == "opening" else stocks.closing
        return self._both(_declared(now), _declared(before))

    def _nobody(self, level: str) -> Both:
        found = self._material.nobody[level]
        if found is None:
            return Both(Missing.NOT_ON_THIS_BASIS, Missing.NOT_ON_THIS_BASIS)
        return self._both(*found)

    def _both(self, now: Amount, before: Amount) -> Both:
        return Both(now, before if self.there_before else Missing.NOT_THERE)


def _row(line: FormLine, both: Both) -> FormRow:
    kind = line.kind
    heading = kind == "heading"
    now, before = both
    return FormRow(
        kind=kind,
        mark=line.mark,
        text=line.text,
        indent=line.indent,
        value=None if heading else _number(now),
        reason=None if heading else _reason(now),
        last_year=None if heading else _number(before),
        last_year_reason=None if heading else _reason(before),
        percent=None if heading else _percent(now, before),
        measures=",".join(dict.fromkeys(each.measure for each in line.counts)) or None,
        dimension=next((each.dimension for each in line.counts if each.dimension is not None), None),
        level=line.admitted_nobody,
    )


def _sum(terms: Iterable[tuple[int, Amount]]) -> Amount:
    """Add up; what is missing in any is missing in all."""
    found, missing = 0, set[Missing]()
    for times, amount in terms:
        if isinstance(amount, Missing):
            missing.add(amount)
        else:
            found += times * amount
    return next((reason for reason in Missing if reason in missing), found)


def _cell(values: Values | None, measure: str) -> Amount:
    """Read a cell of a breakdown: one that isn't shown is hidden."""
    found = None if values is None else values[measure]
    return Missing.HIDDEN if found is None else found


def _declared(operand: Operand | None) -> Amount:
    return Missing.NOT_DECLARED if operand is None else operand.value


def _number(amount: Amount) -> int | None:
    return None if isinstance(amount, Missing) else amount


def _reason(amount: Amount) -> str | None:
    return amount.value if isinstance(amount, Missing) else None


def _percent(now: Amount, before: Amount) -> float | None:
    if isinstance(now, Missing) or isinstance(before, Missing) or now < 0 or before < 0:
        return None
    return percent(now, before)


def _notes(material: Material) -> list[str]:
    """Say where the stock at the end isn't that at the beginning with what came and went, and why it may not be."""
    stocks, report = material.stocks, material.totals
    if stocks is None:
        return []
    opening, closing = stocks.opening[0], stocks.closing[0]
    notes = []
    if opening is not None and closing is not None:
        net = sum(sign * count for sign, count in _flows(report))
        if closing.value != opening.value + net:
            notes.append(stock_note(closing.value - opening.value - net, opening.value + net))
    if stocks.reorganised:
        notes.append(reorganised_note())
    return notes


def _flows(report: Report) -> Iterable[tuple[int, int]]:
    return [(sign, report.total[measure]) for measure, sign in STOCK_FLOWS.items()]


def _suppressed(reports: Iterable[Report]) -> Suppressed | UnsetType:
    """Say what is hidden in all breakdowns together."""
    found = [report.suppressed for report in reports if not isinstance(report.suppressed, UnsetType)]
    if not found:
        return UNSET
    cells: dict[str, int] = {}
    for each in found:
        for measure, hidden in each.cells.items():
            cells[measure] = cells.get(measure, 0) + hidden
    smallest = found[0].smallest
    return Suppressed(smallest, cells, HIDDEN.format(smallest=smallest))


def _not_broken_down(reports: Iterable[Report]) -> NotBrokenDown | UnsetType:
    found = [report.not_broken_down for report in reports if not isinstance(report.not_broken_down, UnsetType)]
    if not found:
        return UNSET
    measures = dict.fromkeys(measure for each in found for measure in each.measures)
    return structs.replace(found[0], measures=list(measures))


def _later(day: dt.date, days: int) -> dt.date | None:
    """Return a day so much later; None where there is none any more."""
    return day + days * ONE_DAY if (dt.date.max - day).days >= days else None
