"""A bridge from one total to another, cause by cause: where each bar begins and ends, in thousandths of the width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from projections.answers.past.difference_answers import Contribution, Difference

WIDTH: Final = 1000
"""What a picture is wide, in its own units."""
CAUSES: Final = 12
"""Causes that are drawn one by one; what the others come to is one more bar."""
_CUT_BELOW: Final = 5
"""A bridge that is less than a fifth of its totals is drawn from just below them."""


class BridgeBar(NamedTuple):
    """A bar: where it begins, how wide it is, where the next one goes on; `change` is what it adds, None of a total."""

    x: int
    width: int
    onward: int
    value: int
    change: int | None = None


class Step(NamedTuple):
    """A cause that is drawn: one, or all events of a type of which each was counted or taken back."""

    cause: Contribution
    value: int
    times: int = 1


class Bridge(NamedTuple):
    """The two totals, the causes between them, and what is not drawn one by one.

    `base` is where the scale begins: above 0 it is cut off.
    """

    measure: str
    first: BridgeBar
    causes: list[tuple[Step, BridgeBar]]
    rest: BridgeBar | None
    rest_count: int
    last: BridgeBar
    base: int


def bridge_of(difference: Difference, measure: str, most: int = CAUSES) -> Bridge:
    """Lay out the bridge of a measure: the causes that change it, the largest first."""
    told = sorted(steps_of(difference.contributions, measure), key=lambda step: -abs(step.value))
    drawn, others = told[:most], told[most:]
    left = difference.rest
    rest = sum(step.value for step in others) + (left.values[measure] if left else 0)
    rest_count = sum(step.times for step in others) + (left.count if left else 0)
    changes = [step.value for step in drawn] + ([rest] if rest_count else [])
    total, against = difference.total[measure], difference.against_total[measure]
    levels = levels_of(total, changes)
    scale = _scale([*levels, against])
    bars = [scale.bar(a, b, b - a, changes=True) for a, b in pairwise(levels)]
    return Bridge(
        measure,
        scale.bar(scale.base, total, total),
        list(zip(drawn, bars, strict=False)),
        bars[-1] if rest_count else None,
        rest_count,
        scale.bar(scale.base, against, against),
        scale.base,
    )


def steps_of(contributions: Iterable[Contribution], measure: str) -> list[Step]:
    """Return what changes a measure: events of one type that were counted, or taken back, together."""
    found: dict[object, Step] = {}
    for place, cause in enumerate(contributions):
        value = cause.values[measure]
        event = cause.change in {"counted", "retracted"} and bool(cause.said)
        key = (cause.change, cause.said[0].type) if event else place
        if value:
            known = found.get(key, Step(cause, 0, 0))
            found[key] = known._replace(value=known.value + value, times=known.times + 1)
    return list(found.values())


def levels_of(total: int, changes: Sequence[int]) -> list[int]:
    """Return where the bridge stands before and after each change."""
    found = [total]
    for change in changes:
        found.append(found[-1] + change)
    return found


def first_that_differs(difference: Mapping[str, int]) -> str:
    """Return the measure that is drawn unless another is asked for: the one that changes most."""
    return max(difference, key=lambda measure: abs(difference[measure]))


class _Scale(NamedTuple):
    base: int
    span: int

    def at(self, level: int) -> int:
        return round((level - self.base) * WIDTH / self.span)

    def bar(self, begin: int, end: int, value: int, *, changes: bool = False) -> BridgeBar:
        x = self.at(min(begin, end))
        width = max(self.at(max(begin, end)) - x, 2 if value else 0)
        return BridgeBar(min(x, WIDTH - width), width, self.at(end), value, value if changes else None)


def _scale(levels: Sequence[int]) -> _Scale:
    low, high = min(levels), max(levels)
    cut_off = low > 0 and low < high and (high - low) * _CUT_BELOW < high
    base = max(2 * low - high, 0) if cut_off else min(low, 0)
    return _Scale(base, max(high - base, 1))
