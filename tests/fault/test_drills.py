"""The fault of each alert on running servers, and every question of the dashboards: as docs/runbooks/ shows them."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.drills.__main__ import made
from tests.drills.clusters import CLUSTER_DRILLS, running_cluster
from tests.drills.disks import DISK_DRILLS, missing, running_on_disks
from tests.drills.faults import DRILLS, INSTEAD
from tests.drills.leaves import LEAF_DRILLS, running_leaf
from tests.drills.service import running_service
from tests.drills.versions import VERSION_DRILLS, running_versions
from tests.drills.watching import MISSING, PROMETHEUS
from tests.exposition import TOP

pytestmark = [pytest.mark.drills, pytest.mark.skipif(PROMETHEUS is None, reason=MISSING)]


@pytest.mark.parametrize("name", DRILLS)
async def test_an_alert_fires_when_its_fault_is_made_and_ends_when_it_is_mended(name: str) -> None:
    async with running_service(dict(INSTEAD)) as service:
        await made(DRILLS[name], service)


async def test_so_does_that_of_two_versions() -> None:
    async with running_versions(dict(INSTEAD)) as service:
        for drill in VERSION_DRILLS.values():
            await made(drill, service)


async def test_so_do_those_of_a_leaf() -> None:
    async with running_leaf(dict(INSTEAD)) as leaf:
        for drill in LEAF_DRILLS.values():
            await made(drill, leaf)


@pytest.mark.skipif(shutil.which("etcd") is None, reason="Debian's etcd-server is missing here")
async def test_so_do_those_of_a_cluster() -> None:
    async with running_cluster(dict(INSTEAD)) as cluster:
        for drill in CLUSTER_DRILLS.values():
            await made(drill, cluster)


@pytest.mark.skipif(bool(missing()), reason=f"missing here: {', '.join(missing())}")
async def test_so_do_those_of_disks() -> None:
    async with running_on_disks(dict(INSTEAD)) as cluster:
        for drill in DISK_DRILLS.values():
            await made(drill, cluster)


def test_every_question_of_the_dashboards_has_an_answer() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.drills.dashboards"], cwd=TOP, check=False)
    assert done.returncode == 0
