"""What a run found: figures, what each is held against, and how a sample becomes one."""

import math
from collections.abc import Sequence

import msgspec


class Floor(msgspec.Struct, frozen=True):
    """What a figure is compared with, measured in the same run. The ratio is figure / floor."""

    name: str
    value: float


class Aim(msgspec.Struct, frozen=True):
    """The bounds of the issue on a figure and on its ratio to its floor; None is no bound."""

    at_least: float | None = None
    at_most: float | None = None
    ratio_at_least: float | None = None
    ratio_at_most: float | None = None

    def met(self, value: float, ratio: float | None) -> bool:
        """Say whether all bounds hold; one on a ratio that there is not, doesn't."""
        return _within(value, self.at_least, self.at_most) and (
            (self.ratio_at_least is None and self.ratio_at_most is None)
            or (ratio is not None and _within(ratio, self.ratio_at_least, self.ratio_at_most))
        )

    def __str__(self) -> str:
        bounds = (
            (self.at_least, "≥ {:,g}"),
            (self.at_most, "≤ {:,g}"),
            (self.ratio_at_least, "≥ {:.2f} ×"),
            (self.ratio_at_most, "≤ {:g} ×"),
        )
        return ", ".join(text.format(bound) for bound, text in bounds if bound is not None)


class Figure(msgspec.Struct, frozen=True):
    """One line of the result. `value` is None where the run was too small to tell."""

    name: str
    value: float | None
    unit: str
    floor: Floor | None = None
    aim: Aim | None = None

    @property
    def ratio(self) -> float | None:
        """The figure over its floor."""
        if self.value is None or self.floor is None or not self.floor.value:
            return None
        return self.value / self.floor.value

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none, or no value."""
        return None if self.aim is None or self.value is None else self.aim.met(self.value, self.ratio)


def quantile(sample: Sequence[float], share: float) -> float:
    """Give the smallest value that at least this share of the sample doesn't exceed; the sample isn't empty."""
    return sorted(sample)[max(0, math.ceil(share * len(sample)) - 1)]


def quantiles(
    name: str, sample: Sequence[float], floor: tuple[str, Sequence[float]] | None = None, aim: Aim | None = None
) -> list[Figure]:
    """Make p50 and p99 in milliseconds of a sample in seconds; the aim is the p99's. Percentiles meet their like."""
    made = []
    for share, bound in ((0.5, None), (0.99, aim)):
        label = f"p{round(share * 100)}"
        beneath = Floor(f"{floor[0]} {label}", quantile(floor[1], share) * 1000) if floor else None
        made.append(Figure(f"{name} {label}", quantile(sample, share) * 1000, "ms", beneath, bound))
    return made


def plain(value: float | None) -> str:
    """Write a value for reading: three digits where it is small, a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
