"""The fault of each alert on running servers, and every question of the dashboards: as docs/runbooks/ shows them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.drills.__main__ import made
from tests.drills.faults import DRILLS, INSTEAD
from tests.drills.leaves import LEAF_DRILLS, running_leaf
from tests.drills.service import running_service
from tests.drills.watching import MISSING, PROMETHEUS
from tests.exposition import TOP

pytestmark = [pytest.mark.drills, pytest.mark.skipif(PROMETHEUS is None, reason=MISSING)]


@pytest.mark.parametrize("name", DRILLS)
async def test_an_alert_fires_when_its_fault_is_made_and_ends_when_it_is_mended(name: str) -> None:
    async with running_service(dict(INSTEAD)) as service:
        await made(DRILLS[name], service)


async def test_so_do_those_of_a_leaf() -> None:
    async with running_leaf(dict(INSTEAD)) as leaf:
        for drill in LEAF_DRILLS.values():
            await made(drill, leaf)


def test_every_question_of_the_dashboards_has_an_answer() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.drills.dashboards"], cwd=TOP, check=False)
    assert done.returncode == 0
