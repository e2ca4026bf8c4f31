"""What is known of a unit, as plain data, and asking for a statement of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from events.catalogue import MEASURES
from projections.answers.past.structure_answers import Source
from projections.answers.plans.known_plans import Assigned, Declared
from projections.answers.plans.rates import OF_DECLARED, of_declared
from projections.answers.report.report_answers import UnitName
from projections.answers.sentence.claims import claim_of
from projections.answers.sentence.clauses import KnownFigures
from projections.answers.sentence.sentence import DEFAULT_CLAUSES, stated
from projections.answers.sentence.sentence_answers import Statement
from projections.answers.sentence.unsaid import UnsaidError
from projections.rules.counting.periods import Days

YEAR = ("2021-01-01", "2021-12-31")
NONE = dict.fromkeys(MEASURES, 0)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def told(days: tuple[str, str] = ("2021-01-01", "2021-12-31"), name: str = "Chi bộ 4", **known: Any) -> KnownFigures:
    """Tell what is known; ``counts`` are by measure, zero for the others."""
    counts = NONE | known.pop("counts", {})
    declared = known.pop("declared", [])
    shares = [of_declared(rate, declared) for rate in OF_DECLARED]
    return KnownFigures(
        unit=UnitName("u", name, "upper"),
        days=Days(*map(day, days)),
        basis=known.pop("basis", "as-was"),
        position=1234,
        as_of=dt.datetime(2023, 11, 28, 9, 1, 2, tzinfo=dt.UTC),
        counts=counts,
        targets=known.pop("targets", []),
        declared=declared,
        rates=[*shares, *known.pop("rates", [])],
    )


def target(measure: str, first: str, last: str, at_least: int, at_most: int | None = None) -> Assigned:
    said = Source(9, "tren", "t-1", "target.assigned")
    return Assigned(measure, day(first), day(last), at_least, at_most, "Nghị quyết số 5", said)


def stock(figure: str, on: str, value: int) -> Declared:
    return Declared(figure, day(on), day(on), value, None, Source(8, "u", f"{figure}-1", "figure.declared"))


def total(figure: str, first: str, last: str, value: int) -> Declared:
    return Declared(figure, day(first), day(last), value, None, Source(7, "u", "d-1", "figure.declared"))


def said(known: KnownFigures, *says: str, claim: str | None = None) -> Statement:
    return stated(known, says or DEFAULT_CLAUSES, None if claim is None else claim_of(claim))


def clause(known: KnownFigures, say: str) -> str:
    return said(known, say).clauses[0].text


def refusal(known: KnownFigures, *says: str, claim: str | None = None) -> UnsaidError:
    with pytest.raises(UnsaidError) as refused:
        said(known, *says, claim=claim)
    return refused.value
