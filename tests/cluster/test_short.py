"""Some faults of a cluster, in about two minutes: `make test-cluster-short`; all of them are `make test-cluster`."""

from __future__ import annotations

import pytest

from tests.cluster.course import Plan, course
from tests.cluster.plan import SHORT, chosen

NAMES = ",".join(SHORT)


@pytest.mark.cluster
async def test_some_faults_cost_no_event_and_no_answer_is_wrong() -> None:
    found = await course(Plan(1, chosen(NAMES), 420.0, "make test-cluster-short"), print)
    assert not found.failed
    assert [one.fault for one in found.suffered] == list(SHORT)
    assert not any(one.wrong for one in found.suffered)
