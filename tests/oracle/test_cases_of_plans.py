"""The second reading decides plans as section 2 says."""

from __future__ import annotations

import pytest

from tests.oracle.cases_of_plans import CASES, TREE
from tests.oracle.given import given


@pytest.mark.parametrize("case", CASES)
def test_what_becomes_of_a_plan(case: str) -> None:
    log, right = CASES[case]
    assert given(*TREE, *log).outcome(len(TREE) + len(log)) == right
