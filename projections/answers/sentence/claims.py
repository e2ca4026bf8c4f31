"""Percentages that somebody printed, held against their base: which whole numbers of it give them, if any (domain)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from projections.answers.words.percents import half_up
from projections.answers.words.vietnamese_format import number

_PERCENT: Final = re.compile(r"([0-9]{1,6}|[0-9]{1,3}(?:\.[0-9]{3}){1,4})(?:[.,]([0-9]{1,2}))?%?")
"""Three digits after a point are thousands, one or two are places."""


class Claim(NamedTuple):
    """A percentage of a rate as it was printed: ``value`` in units of its last place, ``places`` after the comma."""

    rate: str
    value: int
    places: int

    def __str__(self) -> str:
        """Write it as it was printed, with a comma."""
        return _written(self.value, self.places)


def claim_of(text: str) -> Claim | None:
    """Read ``RATE:PERCENT``; None where it has another form."""
    rate, _, printed = text.partition(":")
    found = _PERCENT.fullmatch(printed)
    if found is None:
        return None
    whole, places = found[1].replace(".", ""), found[2] or ""
    return Claim(rate, int(whole + places), len(places))


def rounded(part: int, base: int, places: int) -> int:
    """Return how many of a hundred, in units of the last of ``places``, rounded half up; the base is not 0."""
    hundred: int = 100 * 10**places
    return half_up(hundred * part, base)


def whole_numbers(claim: Claim, base: int) -> range:
    """Return the whole numbers that give the percentage of the base as it was printed; the base is not 0."""
    hundred = 200 * 10**claim.places
    low, high = (-(-odd * base // hundred) for odd in (2 * claim.value - 1, 2 * claim.value + 1))
    return range(max(low, 0), high)


def neighbours(claim: Claim, base: int, most: int | None) -> list[int]:
    """Return the whole numbers on both sides of a percentage that none gives, none of them above ``most``."""
    below = claim.value * base // (100 * 10**claim.places)
    if most is not None and below >= most:
        return [most]
    return [below, below + 1]


def share(part: int, base: int, claim: Claim) -> str:
    """Write a share as precisely as the claim, or to one place: 3/23 = 13,0%."""
    places = max(claim.places, 1)
    return f"{number(part)}/{number(base)} = {_written(rounded(part, base, places), places)}"


def _written(value: int, places: int) -> str:
    whole, rest = divmod(value, 10**places)
    return f"{number(whole)},{rest:0{places}}%" if places else f"{number(whole)}%"
