"""What a statement about a unit is made of, from one snapshot: counts, targets, declared figures, rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from events.catalogue import MEASURES
from projections.answers.plans.indicators import needed
from projections.answers.plans.known_plans import Children, CountOf, Known
from projections.answers.plans.plan_answers import Rate
from projections.answers.plans.rates import rates
from projections.answers.report.report_question import Basis
from projections.answers.sentence.claims import Claim
from projections.answers.sentence.clauses import RATES, KnownFigures
from projections.answers.sentence.sentence import stated
from projections.answers.sentence.sentence_answers import Statement
from projections.rules.counting.periods import Days
from projections.rules.hierarchy.unit import FOREVER
from projections.store.reading.counts import counts
from projections.store.reading.find_unit import LAST_KNOWN, find
from projections.store.reading.plans import declarations_of, targets_of
from projections.store.reading.snapshot import Snapshot


class SentenceAsked(NamedTuple):
    """What a statement is asked to say, of which unit and days, on which basis; ``claim`` None where there is none."""

    unit: str
    days: Days
    basis: Basis
    says: Sequence[str]
    claim: Claim | None


async def statement(snapshot: Snapshot, asked: SentenceAsked) -> Statement:
    """Make a statement. Raises UnknownUnitError, and UnsaidError for what the data doesn't say."""
    days, basis = asked.days, asked.basis
    unit = await find(snapshot, asked.unit, days.last if basis == "as-was" else LAST_KNOWN)
    no = unit.place.no
    targets = (await targets_of(snapshot, [no], FOREVER)).get(no, [])
    declared = [each for each in await declarations_of(snapshot, no, FOREVER) if each.first <= days.last]
    begun = [target for target in targets if target.first <= days.last]
    ended = [each for each in declared if each.last <= days.last]
    # No rate asks for children or for what was reorganised.
    known = Known(days.last, begun, ended, Children([], now=basis == "as-now"), {}, reorganised=False)
    with_rates = asked.claim is not None or any(say in RATES for say in asked.says)

    def work(count_of: Mapping[int, CountOf]) -> tuple[dict[str, int], list[Rate]]:
        count = count_of[no]
        return {measure: count(measure, days) for measure in MEASURES}, rates(known, count) if with_rates else []

    counted, found = work(await counts(snapshot, {no: unit.place}, needed([no], work), basis))
    told = KnownFigures(
        unit=unit.name,
        days=days,
        basis=basis,
        position=snapshot.position,
        as_of=snapshot.as_of,
        counts=counted,
        targets=targets,
        declared=declared,
        rates=found,
    )
    return stated(told, asked.says, asked.claim)
