"""The dimensions that a breakdown asks for, one or two, and the rows of codes that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product

from events.catalogue import DIMENSIONS
from events.facets import field, unpack
from events.vocabulary import UNKNOWN
from projections.answers.report.report_answers import Row

Codes = tuple[str, ...]
"""A code of each dimension asked for, in their order."""


def dimensions_asked(detail: str) -> tuple[str, ...]:
    """Return the dimensions that a question's detail names, with commas between them."""
    return tuple(detail.split(","))


@cache
def codes_of(dimension: str) -> Codes:
    """Return the codes of a dimension as they are shown, `unknown` last."""
    return (*(code for code in DIMENSIONS[dimension] if code != UNKNOWN), UNKNOWN)


def rows_of_codes(detail: str) -> list[Codes]:
    """Return the codes of each row, those of the first dimension changing last."""
    return list(product(*(codes_of(dimension) for dimension in dimensions_asked(detail))))


def row_of_codes(detail: str, codes: Codes, values: Mapping[str, int]) -> Row:
    """Lay out the row of a code, or of a pair of codes."""
    if len(codes) == 1:
        return Row(code=codes[0], values=values)
    return Row(codes=dict(zip(dimensions_asked(detail), codes, strict=True)), values=values)


def packed_mask(detail: str) -> int:
    """Return the bits of a fact's packed facets that hold the codes of the dimensions."""
    mask = 0
    for dimension in dimensions_asked(detail):
        bits = field(dimension)
        mask |= bits.mask << bits.shift
    return mask


def unpacked_codes(detail: str, packed: int) -> Codes:
    """Read a code of each dimension from packed facets."""
    return tuple(unpack(packed, dimension) for dimension in dimensions_asked(detail))
