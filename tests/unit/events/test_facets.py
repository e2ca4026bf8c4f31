"""Packed codes: every combination comes back, and where a dimension lies never changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue import DIMENSIONS
from events.errors import UnknownCodeError
from events.facets import MAX_BITS, field, pack, unpack

combinations = st.fixed_dictionaries({}, optional={name: st.sampled_from(codes) for name, codes in DIMENSIONS.items()})


@settings(max_examples=300, deadline=None, database=None)
@given(combinations)
def test_what_is_packed_is_unpacked(codes: dict[str, str]) -> None:
    packed = pack(codes)
    assert 0 <= packed < 2**MAX_BITS
    assert {name: unpack(packed, name) for name in DIMENSIONS} == {
        name: codes.get(name, "unknown") for name in DIMENSIONS
    }
    for name, known in DIMENSIONS.items():
        shift, mask = field(name)
        number = (packed >> shift) & mask
        assert number == (0 if unpack(packed, name) == "unknown" else known.index(codes[name]) + 1)


def test_where_a_dimension_lies_is_stored() -> None:
    assert {name: field(name) for name in DIMENSIONS} == {
        "sex": (0, 0b111),
        "ethnicity": (3, 0b111),
        "religion": (6, 0b111),
        "youth_union": (9, 0b111),
        "age_band": (12, 0b1111),
        "education": (16, 0b1111),
        "occupation": (20, 0b11111),
        "grade": (25, 0b11111),
        "reason": (30, 0b1111),
        "passed": (34, 0b111),
        "readmission": (37, 0b111),
        "early": (40, 0b111),
        "posthumous": (43, 0b111),
    }


def test_every_field_has_a_bit_to_spare() -> None:
    for name, codes in DIMENSIONS.items():
        assert len(codes) - 1 <= field(name).mask >> 1


def test_unknown_is_nothing() -> None:
    assert pack({}) == pack(dict.fromkeys(DIMENSIONS, "unknown")) == 0
    assert all(unpack(0, name) == "unknown" for name in DIMENSIONS)


def test_what_is_not_known_is_refused() -> None:
    for codes in ({"sex": "other"}, {"height": "tall"}, {"grade": "35"}):
        with pytest.raises(UnknownCodeError):
            pack(codes)
    with pytest.raises(UnknownCodeError):
        unpack(0b111, "sex")
    with pytest.raises(KeyError):
        unpack(0, "height")
    with pytest.raises(KeyError):
        field("height")
