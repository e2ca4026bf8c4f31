"""A cluster on loopback as the tests of faults take it: its machines, who leads, whether all of it stands."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any, Final

import pytest

from deploy.cluster.loopback import machines as loopback
from deploy.cluster.loopback.machine import Machine as OnLoopback
from services.embedded.process import ServerError
from services.settings import Settings
from tests.fault.disk import Disk, mounted
from tests.servers import short_folder

LOOK_EVERY: Final = 0.5
TIMES_TOLD: Final = 5
LAG: Final = 1 << 20
"""Bytes that a standby may be behind where all of it stands: it is written to all the time."""
PUBLISHES: Final = "anybody"
"""The user of the bus who may speak as every unit."""
READS: Final = "reader"


class Machine:
    """One machine; what is done to it is done to all of its processes, in a thread."""

    def __init__(self, machine: OnLoopback) -> None:
        self._machine = machine
        self.name = machine.name
        self._doing = asyncio.Lock()

    async def kill(self) -> None:
        """End it with SIGKILL."""
        async with self._doing:
            await asyncio.to_thread(self._machine.kill)

    async def stop(self) -> None:
        """Freeze it with SIGSTOP."""
        await asyncio.to_thread(self._machine.stop)

    async def resume(self) -> None:
        """Let it go on."""
        await asyncio.to_thread(self._machine.resume)

    async def start(self) -> None:
        """Start it; nothing is waited for."""
        async with self._doing:
            await asyncio.to_thread(self._machine.start, wait=False)

    async def start_again(self) -> str | None:
        """Start it where it has ended by itself; tell how it had ended, None where it had not."""
        async with self._doing:
            if not self._machine.wanted or self._machine.alive:
                return None
            ended = self._machine.exit
            with suppress(ServerError):
                await asyncio.to_thread(self._machine.start, wait=False)
            return ended

    async def restart(self) -> None:
        """End it as an operator would, and start it."""
        async with self._doing:
            await asyncio.to_thread(self._machine.end)
        await self.start()

    async def cut(self) -> None:
        """Let nothing through, to it or from it."""
        await _told(self._machine.cut)

    async def mend(self) -> None:
        """Let everything through again."""
        await _told(self._machine.mend)


class Cluster:
    """All machines together. What ends by itself is started again, as systemd does; `restarts` has the names."""

    def __init__(self, cluster: loopback.Cluster, disks: Mapping[str, Disk], no_more_disks: str) -> None:
        self._cluster = cluster
        self.disks = disks
        self.no_more_disks = no_more_disks
        """Why there are not all that were asked for."""
        self.roles = {name: Machine(machine) for name, machine in cluster.roles.items()}
        self.restarts: list[str] = []

    @property
    def api_urls(self) -> list[str]:
        """Where the APIs answer."""
        return self._cluster.api_urls

    @property
    def admin_token(self) -> str:
        """The token of `admin`."""
        return self._cluster.admin_token

    def settings(self, user: str) -> Settings:
        """Give the settings of one who signs in on the bus as this user, and owns the database."""
        return self._cluster.settings(user)

    def environ(self, user: str) -> dict[str, str]:
        """Give the same as a process's environment."""
        return self._cluster.environment(user)

    async def stream_leader(self) -> str | None:
        """Name the machine; None where nobody leads."""
        return await asyncio.to_thread(self._cluster.stream_leader)

    async def primary(self) -> str | None:
        """Name the machine; None where nobody is."""
        return await asyncio.to_thread(self._cluster.primary)

    async def etcd_leader(self) -> str | None:
        """Name the machine; None where nobody leads."""
        return await asyncio.to_thread(self._cluster.etcd_leader)

    async def leading_projector(self) -> str | None:
        """Name the machine; None where nobody leads."""
        return await asyncio.to_thread(self._cluster.leading_projector)

    async def whole(self) -> str | None:
        """Say what is missing; None where everybody is there and has its part."""
        return await asyncio.to_thread(self._missing)

    async def keep(self) -> None:
        """Start again what ends, until cancelled."""
        while True:
            for name, machine in self.roles.items():
                if (ended := await machine.start_again()) is not None:
                    self.restarts.append(f"{name} ({ended})")
            await asyncio.sleep(LOOK_EVERY)

    def tails(self) -> str:
        """Give the last lines of every machine."""
        return "\n\n".join(f"{name}:\n{machine.tail()}" for name, machine in self._cluster.roles.items())

    async def away(self) -> list[str]:
        """Name the machines that can't be used."""
        return await asyncio.to_thread(self._away)

    def _away(self) -> list[str]:
        return [name for name, machine in self._cluster.roles.items() if not machine.ready()]

    def _missing(self) -> str | None:
        away = self._away()
        if away:
            return f"not ready: {', '.join(away)}"
        return next((words for look in (self._bus, self._database, self._projectors) if (words := look())), None)

    def _bus(self) -> str | None:
        leader = self._cluster.stream_leader()
        if leader is None:
            return "nobody leads the stream"
        current = [one["name"] for one in self._replicas(leader) if one.get("current") and not one.get("lag")]
        return None if len(current) == 2 else f"replicas of the stream that follow {leader}: {current}"

    def _replicas(self, leader: str) -> Sequence[dict[str, Any]]:
        address = self._cluster.layout.address(leader, "monitor")
        try:
            with urllib.request.urlopen(f"http://{address}/jsz?streams=true&accounts=true", timeout=2) as answer:
                said = json.load(answer)
        except (OSError, ValueError):
            return ()
        streams = [one for account in said.get("account_details") or () for one in account.get("stream_detail") or ()]
        of = next((one for one in streams if one["name"] == Settings.stream), {})
        replicas: Sequence[dict[str, Any]] = of.get("cluster", {}).get("replicas") or ()
        return replicas

    def _database(self) -> str | None:
        members = self._cluster.asking.members()
        told = ", ".join(f"{one['name']} {one.get('role')} {one.get('state')} {one.get('lag', '')}" for one in members)
        leaders = [one for one in members if one.get("role") == "leader" and one.get("state") == "running"]
        follow = [one for one in members if one.get("state") == "streaming" and _near(one.get("lag"))]
        in_time = {one.get("timeline") for one in members}
        good = (len(leaders), len(follow), len(in_time)) == (1, 2, 1) and self._cluster.asking.has_a_successor()
        return None if good else f"PostgreSQL: {told}"

    def _projectors(self) -> str | None:
        states = self._cluster.asking.projectors()
        return None if sorted(states.values()) == ["leading", "standby"] else f"projectors: {states}"


@asynccontextmanager
async def running_cluster(small: Mapping[str, int]) -> AsyncIterator[Cluster]:
    """Bring up all machines in a folder of their own, and leave nothing behind.

    `small`: megabytes of the disks of some machines, which are there where they can be mounted.
    """
    with short_folder() as folder, ExitStack() as stack:
        disks, why_not = dict[str, Disk](), ""
        for name, megabytes in small.items():
            try:
                disks[name] = stack.enter_context(mounted(folder / name, megabytes))
            except pytest.skip.Exception as skipped:
                why_not = str(skipped)
                (folder / name).rmdir()
        async with loopback.Cluster(folder).running() as running:
            cluster = Cluster(running, disks, why_not)
            keeping = asyncio.create_task(cluster.keep())
            try:
                yield cluster
            except BaseException:
                print(cluster.tails())
                raise
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)


async def _told(word: Callable[[], None]) -> None:
    """Tell the relays, again where they are too busy to answer: it is harmless."""
    for _ in range(TIMES_TOLD):
        with suppress(TimeoutError):
            await asyncio.to_thread(word)
            return
    await asyncio.to_thread(word)


def _near(lag: object) -> bool:
    return isinstance(lag, int) and lag < LAG
