"""What a month's facts come to up to each day: two steps say what any days have, of every code of every measure."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from events.facets import field, pack
from projections.rules.counting import breakdown_days
from projections.rules.counting.breakdown import FACT, NUMBER, code_places, codes_in, records
from projections.rules.counting.breakdown_days import PARTS, SIZE, STEP, WIDTH, up_to_each_day

combinations = st.fixed_dictionaries({}, optional={name: st.sampled_from(codes) for name, codes in DIMENSIONS.items()})
facts = st.lists(
    st.tuples(st.sampled_from(range(1, len(MEASURES) + 1)), st.integers(1, 31), combinations, st.booleans()),
    max_size=12,
)
days = st.tuples(st.integers(1, 31), st.integers(1, 31)).map(sorted)


def _made(facts: list[tuple[int, int, dict[str, str], bool]]) -> NDArray[Any]:
    measures, days, codes, lost = ([each[place] for each in facts] for place in range(4))
    packed = np.array([pack(each) for each in codes], np.int64)
    signs = np.array([-1 if each else 1 for each in lost], np.int64)
    return records(np.array(measures, np.int64), np.array(days, np.int64), packed, signs)


@settings(max_examples=60, deadline=None, database=None)
@given(facts, days, st.integers(1, 5))
def test_two_steps_say_what_the_days_between_have(
    facts: list[tuple[int, int, dict[str, str], bool]], days: list[int], at_once: int
) -> None:
    first, last = days
    expected: Counter[tuple[int, str, str]] = Counter()
    for measure, day, codes, lost in facts:
        for name, code in codes.items():
            if first <= day <= last and code != "unknown" and name in dimensions_of(MEASURES[measure - 1]):
                expected[measure, name, code] += -1 if lost else 1
    whole = breakdown_days._AT_ONCE
    try:
        breakdown_days._AT_ONCE = at_once  # type: ignore[misc]
        stored = up_to_each_day(_made(facts))
    finally:
        breakdown_days._AT_ONCE = whole  # type: ignore[misc]
    assert len(stored) == SIZE
    upto, before = (
        np.frombuffer(stored[STEP * (day - 1) : STEP * day] or bytes(STEP), NUMBER) for day in (last, first - 1)
    )
    between = upto.astype(np.int64) - before
    assert len(between) == WIDTH
    found: Counter[tuple[int, str, str]] = Counter()
    for measure, part in PARTS.items():
        for name in dimensions_of(MEASURES[measure - 1]):
            for place, code in zip(code_places(measure, name).tolist(), DIMENSIONS[name], strict=False):
                found[measure, name, code] = int(between[part][place])
    assert {key: n for key, n in found.items() if n} == {key: n for key, n in expected.items() if n}


@settings(max_examples=40, deadline=None, database=None)
@given(st.lists(st.integers(0, (1 << 62) - 1), max_size=8), st.sampled_from(list(DIMENSIONS)))
def test_codes_are_taken_out_of_facts_as_they_are_stored(packed: list[int], dimension: str) -> None:
    """Also numbers that are no codes, as a hand may have left them."""
    stored = np.zeros(len(packed), FACT)
    stored["facets"], stored["what"] = packed, -1
    shift, mask = field(dimension)
    numbers = [packed_codes >> shift & mask for packed_codes in packed]
    expected = [number if number < len(DIMENSIONS[dimension]) else 0 for number in numbers]
    assert codes_in(stored, dimension).tolist() == expected
    some = np.arange(len(packed))[::2]
    assert codes_in(stored, dimension, some).tolist() == expected[::2]


def test_what_a_hand_has_left_is_counted_by_nobody() -> None:
    odd = np.zeros(3, FACT)
    odd["what"] = [32_767, -32_768, 1 << 5]  # measures that there are not, and no day
    odd["facets"] = 1
    assert not np.frombuffer(up_to_each_day(odd), NUMBER).any()
