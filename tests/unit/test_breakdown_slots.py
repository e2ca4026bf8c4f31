"""The slots of a breakdown: what is stored in one is never another's, and every code has one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue import DIMENSIONS
from events.facets import pack
from projections.rules.counting.breakdown import SLOTS, slots_of

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


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(combinations, min_size=1, max_size=4))
def test_a_fact_counts_in_the_slots_of_its_codes(facts: list[dict[str, str]]) -> None:
    found: list[set[tuple[str, str]]] = [set() for _ in facts]
    for fact, slot in zip(*slots_of(np.array([pack(codes) for codes in facts])), strict=True):
        found[fact].add(SLOTS[slot])
    assert found == [{(name, code) for name, code in codes.items() if code != "unknown"} for codes in facts]
