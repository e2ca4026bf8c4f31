"""`python -m tests.drills.dashboards [--pictures PYTHON]`: every question of the dashboards, asked of Prometheus.

A service works under a load in which something of everything happens, with a leaf beside it; then each query is asked.
With `--pictures` the dashboards are drawn by that Python, which has what deploy/grafana/requirements.txt names.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Final

import nats
from nats.errors import Error

from deploy.grafana.panels import BOARDS
from tests.attacks.leaves import UNIT
from tests.drills.faults import INSTEAD, meanwhile
from tests.drills.leaves import JOB, SMALL, AtLeaf
from tests.drills.service import Service, running_service
from tests.fault.cluster import HERE
from tests.fault.leaf_rig import Rig
from tests.oracle.telling import founded
from tests.servers import short_folder

OF_A_CLUSTER: Final = ("patroni_", "etcd_")
"""What only a cluster tells: there is none here."""
RATE: Final = "15s"


async def _works(on: Service, random: Random) -> None:
    """Let something of everything happen: facts, wrong ones, ones that wait, receipts, questions of all kinds."""
    publishing = [*on.facts(random.randint(5, 60), random.choice(["u0", "u1", "u2"]))]
    if random.random() < 0.5:
        publishing += on.wrong(random.randint(1, 3), [random.choice(["u5", "u6", "u7"])])
    if random.random() < 0.1:
        publishing += on.facts(3, "chi-bo-moi")
    if random.random() < 0.1:
        publishing.append(publishing[0])  # said twice
    await on.publish(*publishing)
    await asyncio.gather(
        *(on.get(path) for path in ("/v1/units?limit=5", "/v1/units/u0", "/v1/status", "/v1/units/nowhere", "/readyz"))
    )
    await on.send(*on.facts(1, "u4"))
    if random.random() < 0.3:
        await on.get_again("/v1/units/u0/report?from=2023-01-01&to=2023-12-31")


async def _asks_for_receipts(on: Service) -> None:
    client = await nats.connect(on.cluster.url_of("reader"))
    try:
        await client.request("tonghop.v1.receipts.u0", b'{"ids": ["fact-1", "fact-2"]}', timeout=2)
    except Error:
        pass
    finally:
        await client.close()


@asynccontextmanager
async def _with_a_leaf(on: Service) -> AsyncIterator[AtLeaf]:
    with short_folder() as folder:
        rig = Rig(folder)
        rig.more = SMALL
        await rig.begin()
        on.also(JOB, "leaf-thanh-hoa", str(rig.metrics))
        try:
            yield AtLeaf(rig, on.prometheus)
        finally:
            await rig.end()


async def unanswered(on: Service, start: float) -> dict[str, str]:
    """Ask every query over the time since, and give those that have no answer, with the panel that asks."""
    found = {}
    for board in BOARDS:
        for panel in (panel for row in board.rows for panel in row.panels):
            for query in panel.queries:
                expr = query.expr.replace("$__rate_interval", RATE)
                if not await on.prometheus.over(expr, start, time.time(), 2.0):
                    found[expr] = f"{board.uid}: {panel.title}"
    return found


async def _run(minutes: float, pictures: str | None, out: str) -> int:
    random = Random(5)
    async with AsyncExitStack() as stack:
        on = await stack.enter_async_context(running_service(dict(INSTEAD)))
        leaf = await stack.enter_async_context(_with_a_leaf(on))
        began = time.time()
        async with meanwhile(lambda: _works(on, random), 0.3), meanwhile(lambda: _asks_for_receipts(on), 0.5):
            await asyncio.sleep(minutes * 20)
            leaf.rig.wire.cut()
            await leaf.rig.publish(UNIT, leaf.facts(UNIT, 40, 10_000))
            async with on.database() as held, held.transaction():  # everybody waits for a while
                await held.execute("LOCK TABLE ledger IN SHARE MODE")
                await asyncio.sleep(12)
            flood = [one for _ in range(20) for one in on.wrong(1, ["u3"])]
            await on.publish(*flood, *on.wrong(30, ["u3"], padding=12_000))
            await on.get_at_once("/v1/units?min_position=999999999&wait=5", 130)
            await asyncio.sleep(minutes * 20)
            leaf.rig.wire.mend()
            await on.publish(founded("chi-bo-moi", "u1", "2000-01-01", "cell", by="u1"))
            await asyncio.sleep(minutes * 20)
            missing = await unanswered(on, began)
            if pictures is not None:
                command = [pictures, "-m", "deploy.grafana.pictures", "--prometheus", on.prometheus.url, "--rate", RATE]
                command += ["--minutes", f"{(time.time() - began) / 60:.1f}", "--out", out]
                await asyncio.to_thread(subprocess.run, command, cwd=HERE, check=True)
    missing = {query: panel for query, panel in missing.items() if not any(word in query for word in OF_A_CLUSTER)}
    for query, panel in missing.items():
        print(f"no answer: {panel}: {query}")
    return 1 if missing else 0


def main() -> int:
    """Run a service for some minutes, and ask everything that the dashboards ask."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.dashboards", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the load lasts (%(default)g)")
    parser.add_argument("--pictures", metavar="PYTHON", help="draw the dashboards with this one")
    parser.add_argument("--out", default="deploy/grafana/pictures", help="where to (%(default)s)")
    given = parser.parse_args()
    return asyncio.run(_run(given.minutes, given.pictures, given.out))


if __name__ == "__main__":
    sys.exit(main())
