"""A claimed percentage held against what is known: its base, and its numerator where that is known too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from events.words import OF_LAST_YEAR, RATES_OF_STOCK
from projections.answers.plans.plan_answers import Rate
from projections.answers.plans.rates import OF_DECLARED
from projections.answers.sentence import notes
from projections.answers.sentence.claims import Claim, neighbours, share, whole_numbers
from projections.answers.sentence.clauses import OF_TARGET, KnownFigures, known_count, no_target, target_of
from projections.answers.sentence.unsaid import UnsaidError
from projections.answers.words.plan_words import ZERO_DENOMINATOR, not_declared
from projections.answers.words.vietnamese_format import days, number


class _Base(NamedTuple):
    """A denominator in words, and the numerator where it is known; ``whole``: the numerator is a part of it."""

    value: int
    name: str
    part: int | None
    whole: bool = False


def held_against(claim: Claim, told: KnownFigures) -> list[str]:
    """Return notes that the data does not contradict a claim; raises UnsaidError where it does, or there is no base.

    A range has two bases: a claim that agrees with one of them agrees.
    """
    refused: list[str] = []
    for base in _bases(claim, told):
        reason = _contradiction(claim, base)
        if reason is None:
            known = f"khớp với {share(base.part, base.value, claim)}" if base.part is not None else _possible(base)
            return [base.name, f"tỷ lệ {claim} {known}"]
        refused.append(reason)
    raise _unsaid(claim, refused[0])


def _contradiction(claim: Claim, base: _Base) -> str | None:
    if base.value <= 0:
        return ZERO_DENOMINATOR
    fitting = whole_numbers(claim, base.value)
    most = base.value if base.whole and (base.part is None or base.part <= base.value) else None
    if most is not None:
        fitting = range(fitting.start, min(fitting.stop, most + 1))
    if not fitting:
        near = ", ".join(share(n, base.value, claim) for n in neighbours(claim, base.value, most))
        return f"{claim} không ứng với số nguyên nào trên {number(base.value)}: {near} ({base.name})"
    if base.part is not None and base.part not in fitting:
        return f"{claim} không đúng với số liệu: {share(base.part, base.value, claim)} ({base.name})"
    return None


def _possible(base: _Base) -> str:
    return f"ứng với số nguyên trên {number(base.value)}"


def _bases(claim: Claim, told: KnownFigures) -> Iterator[_Base]:
    """Yield at least one base; raises UnsaidError where there is none."""
    if claim.rate in OF_TARGET:
        yield from _of_target(claim, told)
    elif claim.rate in OF_DECLARED:
        yield _of_declared(claim, told)
    else:
        yield from _of_counted(claim, [rate for rate in told.rates if rate.rate == claim.rate], told)


def _of_target(claim: Claim, told: KnownFigures) -> Iterator[_Base]:
    measure = claim.rate.removesuffix("_of_target")
    found = target_of(measure, told)
    if len(found) != 1:
        raise _unsaid(claim, no_target(measure, found))
    (target,) = found
    for end in (target.at_least, target.at_most):
        if end is not None:
            yield _Base(end, notes.of_target(target), known_count(measure, told))


def _of_declared(claim: Claim, told: KnownFigures) -> _Base:
    """Return both figures where they are declared for one day, else the latest declared denominator alone."""
    (rate,) = (rate for rate in told.rates if rate.rate == claim.rate)
    if rate.numerator is not None and rate.denominator is not None:
        return _Base(rate.denominator.value, notes.of_declared(rate.denominator), rate.numerator.value, whole=True)
    figure = OF_DECLARED[claim.rate][1]
    latest = next((each for each in reversed(told.declared) if each.figure == figure), None)
    if latest is None:
        raise _unsaid(claim, f"không có mẫu số: đơn vị {not_declared(figure)}")
    return _Base(latest.value, notes.of_declared(latest.operand), None, whole=True)


def _of_counted(claim: Claim, rates: list[Rate], told: KnownFigures) -> Iterator[_Base]:
    """Yield the bases of counts: a zero is known where the unit declared it of the days asked for."""
    for rate in rates:
        part, whole = rate.numerator, rate.denominator
        if part is None or whole is None:
            raise _unsaid(claim, rate.reason or "")
        same = (part.first, part.last) == tuple(told.days)
        name = RATES_OF_STOCK.get(claim.rate, OF_LAST_YEAR).said
        note = notes.of_stock if claim.rate in RATES_OF_STOCK else notes.of_count
        of_days = f"{note(whole, name)}; tử số tính {days(part.first or part.last, part.last)}"
        yield _Base(whole.value, of_days, part.value or (known_count(part.what, told) if same else None))


def _unsaid(claim: Claim, reason: str) -> UnsaidError:
    return UnsaidError(f"{claim.rate}:{claim}", reason, parameter="claim")
