"""The clauses of a statement, each from what is known of the unit, or refused (domain: Plans and indicators)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from events.catalogue import MEASURES
from events.vocabulary import STOCKS
from events.words import MEASURES as MEASURE_WORDS
from events.words import OF_LAST_YEAR as LAST_YEAR_WORDS
from events.words import RATES_OF_DECLARED, RATES_OF_STOCK
from projections.answers.plans.known_plans import Assigned, Declared, told_of
from projections.answers.plans.plan_answers import Operand, Rate
from projections.answers.plans.rates import OF_DECLARED
from projections.answers.report.report_answers import UnitName
from projections.answers.sentence import notes
from projections.answers.sentence.sentence_answers import Clause
from projections.answers.sentence.sentence_periods import by_when
from projections.answers.sentence.unsaid import UnsaidError
from projections.answers.words.percents import percent
from projections.answers.words.plan_words import SILENT, ZERO_TARGET, not_declared
from projections.answers.words.sentence_words import counted, ends, held
from projections.answers.words.vietnamese_format import day, days, number, percentage
from projections.rules.counting.periods import Days

OF_TARGET: Final = tuple(f"{measure}_of_target" for measure in MEASURES)
OF_LAST_YEAR: Final = tuple(f"{measure}_of_last_year" for measure in MEASURES)
RATES: Final = (*OF_DECLARED, *RATES_OF_STOCK, *OF_LAST_YEAR, *OF_TARGET)
"""The rates that can be said, and claimed."""

SAYABLE: Final = (*(f"{measure}{kind}" for measure in MEASURES for kind in ("", ":target", ":goal")), *STOCKS, *RATES)
"""The clauses that can be asked for."""


class KnownFigures(NamedTuple):
    """What is known of a unit for a statement about days.

    ``counts`` are those of the days by measure, on the basis. ``targets`` are all that stand, ``declared`` the figures
    of days and periods that began by the last day, by last day, ``rates`` those as of the last day.
    """

    unit: UnitName
    days: Days
    basis: str
    position: int
    as_of: dt.datetime | None
    counts: Mapping[str, int]
    targets: list[Assigned]
    declared: list[Declared]
    rates: list[Rate]


class Spoken(NamedTuple):
    """A clause, and what has to be noted below the statement."""

    clause: Clause
    notes: list[str]


def spoken(say: str, told: KnownFigures) -> Spoken:
    """Say a clause of SAYABLE; raises UnsaidError where the data doesn't say it."""
    name, _, kind = say.partition(":")
    if kind == "goal":
        return _goal(say, name, told)
    if name in MEASURES:
        return _count(say, name, told, required=kind == "target")
    if name in OF_TARGET:
        return _count(say, name.removesuffix("_of_target"), told, required=True)
    if name in STOCKS:
        return _stock(say, told)
    return _share(say, told) if name in OF_DECLARED else _compared(say, told)


def target_of(measure: str, told: KnownFigures) -> list[Assigned]:
    """Return the target of the very period, else those that began with it and whose deadline is still to come."""
    begun = [t for t in told.targets if t.measure == measure and t.first == told.days.first]
    same = [t for t in begun if t.last == told.days.last]
    return same or [t for t in begun if t.last > told.days.last]


def known_count(measure: str, told: KnownFigures) -> int | None:
    """Return a count; None where nothing is counted, and the unit did not declare zero of days that it shares."""
    zeros = (each for each in told.declared if each.value == 0)
    return told.counts[measure] if told.counts[measure] or told_of(zeros, measure, told.days) else None


def no_target(measure: str, found: list[Assigned]) -> str:
    """Say why there is no percentage of a target: there is none for the period, or there are several."""
    what = MEASURE_WORDS[measure].rate
    if not found:
        return f"không có chỉ tiêu nào về {what} được giao cho kỳ này nên không tính tỷ lệ"
    return f"có {len(found)} chỉ tiêu về {what} cùng tính từ đầu kỳ này nên không rõ theo chỉ tiêu nào"


def _count(say: str, measure: str, told: KnownFigures, *, required: bool) -> Spoken:
    text, operand, noted = _counted(say, measure, told)
    found = target_of(measure, told)
    if required and len(found) != 1:
        raise UnsaidError(say, no_target(measure, found))
    if len(found) != 1:
        return Spoken(Clause(say, text, [operand]), noted)
    target = found[0]
    reached = _attainment(operand.value, target)
    if required and reached is None:
        raise UnsaidError(say, ZERO_TARGET)
    if reached is None:
        return Spoken(Clause(say, text, [operand]), noted)
    clause = Clause(say, f"{text}, đạt {reached} chỉ tiêu được giao", [operand, *_ends(target)])
    return Spoken(clause, [*noted, notes.of_target(target)])


def _attainment(value: int, target: Assigned) -> str | None:
    """Say which part of a target is reached, of a range of both ends; None where there is no percentage."""
    low = percent(value, target.at_least)
    high = percent(value, target.at_most) if target.at_most != target.at_least else None
    if low is not None and high is not None:
        return f"{percentage(low)} mức tối thiểu và {percentage(high)} mức tối đa của"
    if high is not None:
        return f"{percentage(high)} mức tối đa của"
    return None if low is None else percentage(low)


def _ends(target: Assigned) -> list[Operand]:
    values = dict.fromkeys(end for end in (target.at_least, target.at_most) if end is not None)
    return [Operand(target.measure, target.first, target.last, end, "target", [target.said]) for end in values]


def _counted(say: str, measure: str, told: KnownFigures) -> tuple[str, Operand, list[str]]:
    """Say a count; that there was none is said where the unit declared it, and no total declared within contradicts."""
    n = told.counts[measure]
    declared = [d for d in told.declared if d.figure == measure]
    if n == 0:
        for each in declared:
            if each.value and told.days.first <= each.first and each.last <= told.days.last:
                which = f"{number(each.value)}, {days(each.first, each.last)}, theo {notes.by_event([each.said])}"
                raise UnsaidError(say, f"chưa có sự kiện nào được tính, nhưng đơn vị khai báo {which}")
        if known_count(measure, told) is None:
            raise UnsaidError(say, SILENT)
    same = [d for d in declared if (d.first, d.last) == tuple(told.days) and d.value != n]
    operand = Operand(measure, *told.days, n, "counted", [])
    return counted(measure, n), operand, [notes.of_other_total(each, n) for each in same]


def _goal(say: str, measure: str, told: KnownFigures) -> Spoken:
    found = [t for t in told.targets if t.measure == measure and t.last >= told.days.last]
    if not found:
        reason = (
            f"không có chỉ tiêu nào về {MEASURE_WORDS[measure].rate} có thời hạn từ ngày {day(told.days.last)} trở đi"
        )
        raise UnsaidError(say, reason)
    found.sort(key=lambda target: (target.last, target.first))
    text = "phấn đấu " + ", ".join(_aim(target) for target in found)
    clause = Clause(say, text, [operand for target in found for operand in _ends(target)])
    return Spoken(clause, [notes.of_target(target) for target in found])


def _aim(target: Assigned) -> str:
    words = MEASURE_WORDS[target.measure]
    before, after = by_when(Days(target.first, target.last))
    done = words.goal.format(ends(target.at_least, target.at_most, words.noun))
    return " ".join(part for part in (before, done, after) if part)


def _stock(figure: str, told: KnownFigures) -> Spoken:
    found = [d for d in told.declared if d.figure == figure]
    if not found:
        raise UnsaidError(figure, f"đến ngày {day(told.days.last)} đơn vị {not_declared(figure)}")
    latest = found[-1]
    clause = Clause(figure, held(figure, latest.value) + _dated(latest.last, told), [latest.operand])
    return Spoken(clause, [notes.of_declared(latest.operand)])


def _share(rate: str, told: KnownFigures) -> Spoken:
    found = next(each for each in told.rates if each.rate == rate)
    if found.numerator is None or found.denominator is None or found.percent is None:
        raise UnsaidError(rate, found.reason or "")
    part, whole = found.numerator, found.denominator
    text = RATES_OF_DECLARED[rate].said.format(
        part=number(part.value), whole=number(whole.value), percent=percentage(found.percent)
    )
    clause = Clause(rate, text + _dated(whole.last, told), [part, whole])
    return Spoken(clause, [notes.of_declared(whole)])


def _dated(on: dt.date, told: KnownFigures) -> str:
    """Name the day of a figure that was declared before the days of the statement: it isn't of them."""
    return f" (số liệu ngày {day(on)})" if on < told.days.first else ""


def _compared(rate: str, told: KnownFigures) -> Spoken:
    """Say a count against the stock of members, or against the same period of last year; of the very days alone."""
    of_rate = [each for each in told.rates if each.rate == rate]
    found = next((r for r in of_rate if r.numerator is None or _period(r.numerator) == told.days), None)
    if found is None:
        asked = of_rate[0].numerator
        assert asked is not None  # noqa: S101 - one without is found above
        first, last = _period(asked)
        raise UnsaidError(rate, f"tỷ lệ này tính {days(first, last)}, không phải cho kỳ được hỏi")
    if found.numerator is None or found.denominator is None or found.percent is None:
        raise UnsaidError(rate, found.reason or "")
    text, operand, noted = _counted(rate, found.numerator.what, told)
    name = RATES_OF_STOCK.get(rate, LAST_YEAR_WORDS).said
    note: Callable[[Operand, str], str] = notes.of_stock if rate in RATES_OF_STOCK else notes.of_count
    clause = Clause(rate, f"{text}, bằng {percentage(found.percent)} {name}", [operand, found.denominator])
    return Spoken(clause, [*noted, note(found.denominator, name)])


def _period(operand: Operand) -> Days:
    return Days(operand.last if operand.first is None else operand.first, operand.last)
