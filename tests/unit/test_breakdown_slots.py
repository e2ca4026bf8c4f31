"""The numbers of a breakdown's year: what is stored in one is never another's, and every code and pair has one."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from events.facets import pack
from projections.rules.counting.breakdown import (
    LAYOUTS,
    SLOTS,
    by_year,
    code_places,
    day_and_measure,
    net,
    pair_places,
    records,
)

STORED = (
    ("sex", "female male"),
    ("ethnicity", "kinh minority"),
    ("religion", "none some"),
    ("youth_union", "yes no"),
    ("age_band", "18-30 31-40 41-50 51-60 over-60"),
    ("education", "lower_secondary upper_secondary vocational college bachelor master doctor"),
    ("occupation", "worker farmer official public_employee armed_forces business student retired other"),
    ("readmission", "yes no"),
    ("grade", "30 40 45 50 55 60 65 70 75 80 85 90"),
    ("early", "yes no"),
    ("posthumous", "yes no"),
    ("reason", "died expelled struck_off resigned"),
    ("passed", "yes no"),
    ("reason", "not_confirmed"),
)
"""What released versions have stored, in its order, written down a second time: it only grows, at its end."""

combinations = st.fixed_dictionaries({}, optional={name: st.sampled_from(codes) for name, codes in DIMENSIONS.items()})


def test_what_is_stored_stays_where_it_is() -> None:
    assert [*SLOTS] == [(dimension, code) for dimension, codes in STORED for code in codes.split()]


def test_every_code_has_a_slot_of_its_own() -> None:
    assert sorted(SLOTS) == sorted((name, code) for name, codes in DIMENSIONS.items() for code in codes[:-1])


def test_what_is_stored_of_a_measure_grows_at_its_end() -> None:
    """A code that is added comes after all that there are, and so do its pairs: a row that is older ends before."""
    for layout in LAYOUTS.values():
        assert list(layout.codes) == sorted(layout.codes)
        assert [later for _, later in layout.pairs] == sorted(later for _, later in layout.pairs)


COUNTS = {"admissions": 8, "confirmations": 7, "badges": 10, "departures": 8, "trainings": 8}
"""Dimensions that released versions have stored of a measure, where they are more than those of every fact.

One that another measure has already is not to be added to a measure: its codes would come before those that are stored.
"""


def test_no_measure_has_got_a_dimension_that_another_has() -> None:
    assert {measure: len(dimensions_of(measure)) for measure in MEASURES} == dict.fromkeys(MEASURES, 7) | COUNTS


facts = st.lists(
    st.tuples(st.sampled_from(range(1, len(MEASURES) + 1)), st.integers(1, 31), combinations, st.booleans()),
    min_size=1,
    max_size=12,
)


def _own(measure: int, codes: dict[str, str]) -> dict[str, str]:
    return {name: code for name, code in codes.items() if name in dimensions_of(MEASURES[measure - 1])}


@settings(max_examples=60, deadline=None, database=None)
@given(facts)
def test_a_fact_counts_with_its_codes_and_with_each_two_of_them(
    facts: list[tuple[int, int, dict[str, str], bool]],
) -> None:
    measures, days, codes, lost = zip(*facts, strict=True)
    said = [_own(measure, each) for measure, each in zip(measures, codes, strict=True)]
    signs = [-1 if each else 1 for each in lost]
    packed = np.array([pack(each) for each in said], np.int64)
    made = records(np.array(measures), np.array(days), packed, np.array(signs))
    expected: Counter[tuple[str, ...]] = Counter()
    for measure, each, sign in zip(measures, said, signs, strict=True):
        known = [(name, code) for name, code in each.items() if code != "unknown"]
        for one in known:
            expected[str(measure), *one] += sign
        for one, two in permutations(known, 2):
            expected[str(measure), *one, *two] += sign
    found: Counter[tuple[str, ...]] = Counter()
    for measure, of_codes, of_pairs in by_year(np.zeros(len(facts), np.int64), made, 1):
        own = dimensions_of(MEASURES[measure - 1])
        for name in own:
            for place, code in zip(code_places(measure, name).tolist(), DIMENSIONS[name], strict=False):
                found[str(measure), name, code] = int(of_codes[0, place])
        for name, other in permutations(own, 2):
            for row, code in zip(pair_places(measure, name, other).tolist(), DIMENSIONS[name], strict=False):
                for place, second in zip(row, DIMENSIONS[other], strict=False):
                    found[str(measure), name, code, other, second] = int(of_pairs[0, place])
    assert {key: n for key, n in found.items() if n} == {key: n for key, n in expected.items() if n}


@settings(max_examples=60, deadline=None, database=None)
@given(facts)
def test_what_comes_as_often_with_either_sign_is_gone(facts: list[tuple[int, int, dict[str, str], bool]]) -> None:
    few = [(measure, day % 2 + 1, {"sex": codes.get("sex", "unknown")}, lost) for measure, day, codes, lost in facts]
    measures, days, codes, lost = zip(*few, strict=True)
    signs = np.array([-1 if each else 1 for each in lost])
    made = records(np.array(measures), np.array(days), np.array([pack(each) for each in codes], np.int64), signs)

    def counted(facts: NDArray[Any]) -> Counter[tuple[int, ...]]:
        day, measure, sign = day_and_measure(facts["what"].astype(np.int64))
        counts: Counter[tuple[int, ...]] = Counter()
        for *key, n in zip(facts["facets"].tolist(), day.tolist(), measure.tolist(), sign.tolist(), strict=True):
            counts[tuple(key)] += n
        return Counter({key: n for key, n in counts.items() if n})

    left = net(made)
    assert counted(left) == counted(made)
    assert len(left) == sum(abs(n) for n in counted(made).values())
