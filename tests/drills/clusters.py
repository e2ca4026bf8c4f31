"""Faults of a cluster: of NATS R3, of PostgreSQL under Patroni, of etcd; on the loopback cluster of deploy/cluster."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import asyncpg
import psutil
from nats.errors import Error

from deploy.cluster.loopback.machines import Cluster
from deploy.cluster.loopback.tools import find
from projections.store.connecting import connect
from services.connecting.bus import connect_once
from tests.drills.faults import Drill, meanwhile
from tests.drills.service import Scene
from tests.drills.watching import FILES, OF_A_CLUSTER, Watching, watching
from tests.oracle.telling import ROOT, Said, admitted, founded, root
from tests.servers import short_folder

INSTEAD: Final = {"dcs_last_seen > 60": "dcs_last_seen > 20", "> 67108864": "> 8388608"}
"""Bounds that a drill does not wait for, and what they are in it: 20 s for 60, 8 MB for 64."""
UNIT: Final = "u0"
_On = TypeVar("_On", bound="OnCluster")


class OnCluster(Scene):
    """The cluster, and who publishes to it."""

    def __init__(self, cluster: Cluster, prometheus: Watching) -> None:
        super().__init__(prometheus)
        self.cluster = cluster
        self._numbers = itertools.count(1)

    async def well(self) -> None:
        async with asyncio.timeout(120):
            at = self.cluster
            while not (at.leading_projector() and at.primary() and at.stream_leader()):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.5)

    async def publish(self, *said: Said) -> None:
        """Publish as whoever may speak for any unit; what fails is published another time."""
        with suppress(Error, OSError, TimeoutError):
            client = await connect_once(self.cluster.settings("anybody"), "a drill")
            try:
                for one in said:
                    await client.request(one.bus_subject, one.body, timeout=3)
            finally:
                await client.close()

    def facts(self, n: int) -> list[Said]:
        return [admitted(UNIT, "2023-05-01", f"fact-{next(self._numbers)}") for _ in range(n)]

    @asynccontextmanager
    async def database(self, machine: str | None = None) -> AsyncIterator[asyncpg.Connection]:
        """Enter the database as its superuser, on the primary or on one machine."""
        connection = await connect(self.cluster.database_url_of("postgres", machine))
        try:
            yield connection
        finally:
            await connection.close()

    async def patronictl(self, *words: str, shown: int = 12) -> None:
        """Run `patronictl`, and write down what it said."""
        tools = find()
        secrets = self.cluster.layout.secrets / "patronictl.yml"
        command = [tools.patroni_python, str(Path(tools.patroni).parent / "patronictl"), "-c", secrets, *words]
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "COLUMNS": "140", "LC_ALL": "C.UTF-8"},
        )
        self.does(f"patronictl {' '.join(words)}")
        self.said += [line.rstrip()[:149] for line in (done.stdout + done.stderr).splitlines() if line.strip()][:shown]


async def _no_standby(on: OnCluster) -> AsyncIterator[None]:
    standby = next(one for one in ("projector-1", "projector-2") if one != on.cluster.leading_projector())
    on.does(f"kill -9 PID-OF-{standby.upper()}              # the one that stands by")
    on.cluster.roles[standby].kill()
    yield
    await on.metric("tonghop_leading")
    on.does("systemctl start tonghop-projector")
    await asyncio.to_thread(on.cluster.roles[standby].start)


async def _copy_missing(on: OnCluster) -> AsyncIterator[None]:
    leader = on.cluster.stream_leader()
    follower = next(one for one in ("nats-1", "nats-2", "nats-3") if one != leader)
    on.does(f"kill -9 PID-OF-{follower.upper()}                   # a server of the bus that does not lead the stream")
    on.cluster.roles[follower].kill()
    yield
    await on.metric("tonghop_log_copies and on (job, instance) tonghop_leading == 1")
    await on.metric("tonghop_log_copies_wanted and on (job, instance) tonghop_leading == 1")
    on.does("systemctl start nats-server")
    await asyncio.to_thread(on.cluster.roles[follower].start)


def _replaying(place: Path) -> psutil.Process:
    """Find the process of a standby that replays the primary's log: if that is paused, Patroni lets it go on."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "startup" in " ".join(process.cmdline()) and Path(process.cwd()).is_relative_to(place):
                return process
    raise AssertionError(f"nothing replays in {place}")


async def _one_api_reads_from_it(on: OnCluster) -> None:
    """Restart an API until one reads from the standby that lags and another one doesn't: each takes any of them."""
    apart = "max(tonghop_readable_behind_seconds) - min(tonghop_readable_behind_seconds) > 5"
    for _ in range(8):
        for _ in range(24):
            if await on.prometheus.ask(apart):
                return
            await asyncio.sleep(0.5)
        on.does("systemctl restart tonghop-api                  # on api-2: both APIs read from the same standby")
        await asyncio.to_thread(on.cluster.roles["api-2"].restart)


async def _standbys_lag(on: OnCluster) -> AsyncIterator[None]:
    primary = on.cluster.primary()
    standbys = [one for one in ("postgres-1", "postgres-2", "postgres-3") if one != primary]
    lagging = standbys[0]
    for one in standbys:  # of two standbys, one from which an API reads
        async with on.database(one) as looking:
            if await looking.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tonghop_api'"):
                lagging = one
                break
    replaying = _replaying(on.cluster.layout.place(lagging))
    on.does(
        f"kill -STOP PID-OF-STARTUP-PROCESS            # that replays on {lagging}; on the primary 20 MB are written"
    )
    replaying.suspend()
    async with on.database() as connection:
        await connection.execute(
            "CREATE TABLE drill AS SELECT n, repeat(md5(n::text), 30) AS t FROM generate_series(1, 20000) AS n"
        )
    await _one_api_reads_from_it(on)
    yield
    await on.metric("patroni_xlog_replayed_location and on (scope, instance) patroni_replica == 1")
    await on.patronictl("list")
    on.does("kill -CONT PID-OF-STARTUP-PROCESS")
    replaying.resume()
    async with on.database() as connection:
        await connection.execute("DROP TABLE drill")


async def _standby_missing(on: OnCluster) -> AsyncIterator[None]:
    standby = next(one for one in ("postgres-1", "postgres-2", "postgres-3") if one != on.cluster.primary())
    on.does(f"kill -9 all of {standby}                       # Patroni and PostgreSQL of a standby")
    on.cluster.roles[standby].kill()
    yield
    await on.metric("patroni_postgres_streaming")
    await on.patronictl("list")
    on.does("systemctl start patroni")
    await asyncio.to_thread(on.cluster.roles[standby].start)


async def _no_failover(on: OnCluster) -> AsyncIterator[None]:
    await on.patronictl("pause", "--wait", "tonghop")
    primary = str(on.cluster.primary())
    on.does(f"kill -9 all of {primary}                       # the primary, while nobody may take over")
    on.cluster.roles[primary].kill()
    yield
    await on.metric("patroni_primary")
    await on.patronictl("list")
    await on.patronictl("resume", "tonghop")
    await asyncio.sleep(30)
    await on.patronictl("list")
    on.does(f"systemctl start patroni                    # on {primary}")
    await asyncio.to_thread(on.cluster.roles[primary].start)


def _without_etcd(many: int) -> Callable[[OnCluster], AsyncIterator[None]]:
    async def fault(on: OnCluster) -> AsyncIterator[None]:
        leader = str(on.cluster.etcd_leader())
        killed = [leader, *(one for one in ("etcd-1", "etcd-2", "etcd-3") if one != leader)][:many]
        on.does(f"kill -9 {' '.join(killed)}                      # the leader among them")
        for one in killed:
            on.cluster.roles[one].kill()
        yield
        await on.metric("etcd_server_has_leader")
        await on.metric("time() - patroni_dcs_last_seen")
        on.does("systemctl start etcd                       # on each")
        await asyncio.gather(*(asyncio.to_thread(on.cluster.roles[one].start) for one in killed))

    return fault


CLUSTER_DRILLS = {
    each.alert: each
    for each in (
        Drill("TonghopNoStandby", _no_standby),  # type: ignore[arg-type]
        Drill("TonghopLogCopyMissing", _copy_missing),  # type: ignore[arg-type]
        Drill("TonghopPostgresStandbyLags", _standbys_lag, ("TonghopApiReadsOldFigures",)),  # type: ignore[arg-type]
        Drill("TonghopPostgresStandbyMissing", _standby_missing),  # type: ignore[arg-type]
        Drill("TonghopPostgresNoPrimary", _no_failover, ("TonghopFailoverOff",)),  # type: ignore[arg-type]
        Drill("TonghopEtcdNoLeader", _without_etcd(2), ("TonghopEtcdMemberMissing",)),  # type: ignore[arg-type]
        Drill("TonghopPatroniAlone", _without_etcd(3)),  # type: ignore[arg-type]
    )
}


@asynccontextmanager
async def running_cluster(_: dict[str, str]) -> AsyncIterator[OnCluster]:
    """Run a whole cluster, watched, with a unit that goes on publishing."""
    with short_folder() as folder:
        async with running_cluster_in(folder, OnCluster, {}, {}) as on:
            yield on


@asynccontextmanager
async def running_cluster_in(
    folder: Path, kind: type[_On], more: Mapping[str, str], instead: Mapping[str, str]
) -> AsyncIterator[_On]:
    """Run one in a folder; `more` are further jobs of Prometheus, `instead` further bounds that it doesn't wait for."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns at each end of a connection over TLS
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(Cluster(folder / "cluster").running())
        keys = cluster.certificates
        ours = f"scheme: https, tls_config: {{ca_file: '{keys.ca}'}}, "
        pair = f"cert_file: '{keys.database.certificate}', key_file: '{keys.database.key}'"
        theirs = f"scheme: https, tls_config: {{ca_file: '{keys.database_ca}', {pair}}}, "
        jobs = {"tonghop-projector": ours, "tonghop-api": ours, "patroni": theirs, "etcd": "", **more}
        prometheus = await stack.enter_async_context(
            watching(folder, jobs, instead={**INSTEAD, **instead}, files=(*FILES, *OF_A_CLUSTER))
        )
        on = kind(cluster, prometheus)
        ports = {"projector": ("tonghop-projector", "http"), "api": ("tonghop-api", "metrics")}
        ports |= {"postgres": ("patroni", "rest-behind"), "etcd": ("etcd", "metrics")}
        for role, (job, port) in ports.items():
            for machine in cluster.layout.of(role):
                on.also(job, machine, str(cluster.layout.address(machine, port)))
        await on.publish(root(since="2000-01-01"), founded(UNIT, ROOT, "2000-01-01"))
        await on.well()
        async with meanwhile(lambda: on.publish(*on.facts(3)), 1.0):
            yield on
