"""The codes of a fact, packed into one integer, so that a stored fact costs 8 bytes for all its dimensions.

Every dimension has a fixed field of bits: 0 says unknown (or no dimension of the fact's measure), i the i-th code of
`events.catalogue.DIMENSIONS`. In SQL a code is `(facets >> shift) & mask`, with both from `field`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from events.catalogue import DIMENSIONS, FACTS
from events.errors import UnknownCodeError
from events.vocabulary import UNKNOWN

# What is stored depends on it: never change it. Each has room for twice the codes that it had when it was laid out.
_FACETS: Final = (
    ("sex", 0, 3),
    ("ethnicity", 3, 3),
    ("religion", 6, 3),
    ("youth_union", 9, 3),
    ("age_band", 12, 4),
    ("education", 16, 4),
    ("occupation", 20, 5),
)
"""The dimensions of every fact: the first bit, and how many. Those of a fact's own are laid out in its row."""
MAX_BITS: Final = 62


class BitField(NamedTuple):
    """Where a dimension lies: its number is `(packed >> shift) & mask`."""

    shift: int
    mask: int


def _lay_out() -> dict[str, BitField]:
    own = {(each.name, each.at, each.width) for row in FACTS for each in row.own}
    fields: dict[str, BitField] = {}
    free = 0
    for dimension, at, width in sorted((*_FACETS, *own), key=lambda each: each[1:]):
        if at < free or at + width > MAX_BITS or dimension in fields or len(DIMENSIONS[dimension]) > 1 << width:
            raise AssertionError(f"{dimension} can't lie in {width} bits from {at} on; the first free one is {free}")
        fields[dimension] = BitField(at, (1 << width) - 1)
        free = at + width
    return fields


_FIELDS = _lay_out()
_CODES = {name: (UNKNOWN, *(code for code in codes if code != UNKNOWN)) for name, codes in DIMENSIONS.items()}
_NUMBERS = {name: {code: number for number, code in enumerate(codes)} for name, codes in _CODES.items()}


def field(dimension: str) -> BitField:
    """Where a dimension lies in the integer; raises KeyError for an unknown dimension."""
    return _FIELDS[dimension]


def code_bits(dimension: str, code: str) -> int:
    """Pack one code alone; raises UnknownCodeError."""
    number = _NUMBERS.get(dimension, {}).get(code)
    if number is None:
        raise UnknownCodeError(dimension, code)
    return number << _FIELDS[dimension].shift


def pack(codes: Mapping[str, str]) -> int:
    """Pack a code a dimension into one integer of 62 bits; absent ones are unknown. Raises UnknownCodeError."""
    return sum(code_bits(dimension, code) for dimension, code in codes.items())


def unpack(packed: int, dimension: str) -> str:
    """Read a dimension's code; raises KeyError for an unknown dimension, UnknownCodeError for a number without code."""
    shift, mask = _FIELDS[dimension]
    number = (packed >> shift) & mask
    if number >= len(_CODES[dimension]):
        raise UnknownCodeError(dimension, number)
    return _CODES[dimension][number]
