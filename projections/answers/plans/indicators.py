"""All indicators of a unit as of a day, from what is known and what is counted (domain: Plans and indicators).

They are worked out twice: once to learn which counts are needed, then with all of them counted at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from projections.answers.plans.declared_figures import figures
from projections.answers.plans.known_plans import CountOf, Known
from projections.answers.plans.members import stock
from projections.answers.plans.plan_answers import Figure, Rate, Stock, Target
from projections.answers.plans.rates import rates
from projections.answers.plans.targets import in_order, target
from projections.answers.words.plan_words import NO_TARGET
from projections.rules.counting.periods import Days


class Worked(NamedTuple):
    """What the indicators are made of."""

    targets: list[Target]
    targets_reason: str | None
    figures: list[Figure]
    stock: Stock
    rates: list[Rate]


def indicators(known: Known, count: CountOf) -> Worked:
    """Work all indicators out."""
    targets = [target(said, known.on, known.declared, count) for said in in_order(known.targets)]
    return Worked(
        targets=targets,
        targets_reason=None if targets else NO_TARGET,
        figures=figures(known, count),
        stock=stock(known, count),
        rates=rates(known, count),
    )


def needed(units: Iterable[int], work: Callable[[Mapping[int, CountOf]], object]) -> dict[int, list[tuple[str, Days]]]:
    """Return which measures a piece of work counts in each unit on which days, each once, in the order of asking.

    What is asked for must not depend on what is counted.
    """
    asked: dict[int, dict[tuple[str, Days], None]] = {no: {} for no in units}

    def noting(no: int) -> CountOf:
        def note(measure: str, days: Days) -> int:
            asked[no][measure, days] = None
            return 0

        return note

    work({no: noting(no) for no in asked})
    return {no: list(wanted) for no, wanted in asked.items()}
