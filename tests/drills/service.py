"""The service that drills are made on: two projectors and an API with low limits, each a process that can be hurt."""

from __future__ import annotations

import asyncio
import itertools
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from tests.drills.watching import FAR, FILES, HOUR, Watching, watching
from tests.fault.cluster import HERE, Cluster, Command
from tests.fault.eventually import eventually
from tests.fault.load import told_of
from tests.fault.publishing import Publisher, publishing
from tests.oracle.telling import ROOT, Said, admitted, founded, root, say
from tests.servers import free_address, short_folder

JOBS: Final = {"tonghop-projector": "", "tonghop-api": "", "tonghop-leaf": ""}
LIMITS: Final = {"reject_window": 40, "growth_least": 100, "lead_patience": 20}
"""Low ones: forty events are soon rejected. A frozen projector stays in force for long enough to be seen."""
UNITS: Final = tuple(f"u{n}" for n in range(40))


class Scene:
    """What is watched, and what is done there: both are written down, as the page of an alert shows them."""

    def __init__(self, prometheus: Watching) -> None:
        self.prometheus = prometheus
        self.said: list[str] = []
        self._targets: dict[str, dict[str, str]] = {}

    def also(self, job: str, instance: str, address: str | None) -> None:
        """Have Prometheus ask one more, or with None one less."""
        asked = self._targets.setdefault(job, {})
        if address is None:
            del asked[instance]
        else:
            asked[instance] = address
        self.prometheus.targets({job: asked})

    def does(self, command: str) -> None:
        """Write down a command that was given."""
        self.said.append(f"$ {command}")

    async def metric(self, expression: str) -> None:
        """Ask Prometheus, and write down the answer as `promtool query instant` has it."""
        rows = await self.prometheus.ask(expression)
        self.said.append(f"$ promtool query instant http://prometheus:9090 '{expression}'")
        for row in rows[:6]:
            name = row["metric"].pop("__name__", "")
            labels = ", ".join(f'{key}="{value}"' for key, value in sorted(row["metric"].items()))
            self.said.append(f"{name}{{{labels}}} => {float(row['value'][1]):g}")
        if not rows:
            self.said.append("(nothing)")

    async def well(self) -> None:
        """Wait until a fault can be made."""


class Service(Scene):
    """Two projectors and an API, with whoever publishes."""

    def __init__(self, cluster: Cluster, folder: Path, prometheus: Watching, publisher: Publisher) -> None:
        super().__init__(prometheus)
        self.cluster = cluster
        self.folder = folder
        self.publisher = publisher
        self._numbers = itertools.count(1)

    async def well(self) -> None:
        await self.leader()

    async def types(self, command: str, lines: int = 12, keep: str = "") -> str:
        """Run a command as an operator would, write it down with what it said, shortened, and give all of that."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
        environ |= {
            **self.cluster.settings.as_environment(),
            "TONGHOP_API_URL": self.cluster.api,
            "TONGHOP_NATS_URL": self.cluster.url_of("reader"),
            "TONGHOP_LANG": "en",
            "COLUMNS": "140",
        }
        words = command.replace("tonghop ", f"{sys.executable} -m services.cli ", 1)
        for shown, at in {
            "127.0.0.1:8080": str(self.cluster.settings.http),
            "projector-1:8081": self.cluster.metrics_of("projector"),
            "projector-2:8081": self.cluster.metrics_of("projector-2"),
            "api-1:8082": self.cluster.metrics_of("api"),
            "$DATABASE": shlex.quote(self.cluster.settings.database_url),
        }.items():
            words = words.replace(shown, at)
        done = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-c", words],
            cwd=HERE,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        output = (done.stdout + done.stderr).rstrip()
        shown = [
            line.rstrip()[:150] for line in output.splitlines() if not keep or any(k in line for k in keep.split("|"))
        ]
        if len(shown) > lines:
            shown = [*shown[:lines], "…"]
        self.said += [f"$ {command}", *shown]
        return output

    # What is done to it

    def signal(self, names: Sequence[str], number: signal.Signals) -> None:
        for name in names:
            with suppress(ProcessLookupError):
                os.kill(self.cluster.pid_of(name), number)

    async def leader(self) -> str:
        """Name the projector that leads."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for row in await self.prometheus.ask("tonghop_leading == 1"):
                return "projector" if row["metric"]["instance"] == "projector-1" else "projector-2"
            await asyncio.sleep(0.2)
        raise AssertionError("nobody leads")

    async def watched_for_an_hour(self) -> None:
        """Wait until Prometheus has: rules of what grows are silent where it was not there an hour ago."""
        until = time.monotonic() + FAR
        while not await self.prometheus.ask(f"tonghop_readable_database_up offset {HOUR}s"):
            assert time.monotonic() < until
            await asyncio.sleep(0.5)

    async def publish(self, *said: Said) -> None:
        await self.publisher.send([told_of(one) for one in said])

    def facts(self, n: int, unit: str = "u0") -> list[Said]:
        """Say good events of a unit."""
        return [admitted(unit, "2023-05-01", f"fact-{next(self._numbers)}") for _ in range(n)]

    def wrong(self, n: int, units: Iterable[str] = UNITS, padding: int = 0) -> list[Said]:
        """Say events that can never hold, by units in turn: of a day that is none, as long as is asked for."""
        turn, data = itertools.cycle(units), {"member": "m-1", "decided_on": f"2023-02-30{'x' * padding}"}
        said = []
        for _ in range(n):
            unit = next(turn)
            said.append(say(unit, f"wrong-{next(self._numbers)}", "member.admitted", unit, data))
        return said

    async def settled(self) -> None:
        """Wait until the figures reflect all that was published."""
        last = max(one.position for one in self.publisher.acked)
        async with self.database() as connection:
            until = time.monotonic() + 120
            while await connection.fetchval("SELECT position FROM checkpoint") < last:
                assert time.monotonic() < until, self.cluster.log_of("projector")
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        from tests.servers import connect

        connection = await connect(self.cluster.settings.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def get(self, path: str, within: float = 60) -> int:
        """Ask the API; gives the status, 0 where there was no answer."""
        async with httpx.AsyncClient(base_url=self.cluster.api, trust_env=False, timeout=within) as client:
            try:
                return (await client.get(path)).status_code
            except httpx.TransportError:
                return 0

    async def send(self, *said: Said) -> None:
        """Send events over HTTP, one by one."""
        async with httpx.AsyncClient(base_url=self.cluster.api, trust_env=False, timeout=20) as client:
            for one in said:
                headers = {"content-type": "application/cloudevents+json"}
                await client.post("/v1/events", content=one.body, headers=headers)

    async def get_at_once(self, path: str, times: int) -> None:
        """Ask so many times at once."""
        most = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self.cluster.api, trust_env=False, timeout=60, limits=most) as client:
            await asyncio.gather(*(client.get(path) for _ in range(times)), return_exceptions=True)

    async def get_again(self, path: str) -> int:
        """Ask twice, the second time as somebody who has the answer already."""
        async with httpx.AsyncClient(base_url=self.cluster.api, trust_env=False, timeout=60) as client:
            etag = (await client.get(path)).headers.get("etag", "")
            return (await client.get(path, headers={"if-none-match": etag})).status_code

    async def answers(self, path: str) -> None:
        """Wait until the API answers 200."""

        async def so() -> bool:
            return await self.get(path) == 200

        await eventually(so, f"{path} is never answered")


async def _counts(service: Service) -> None:
    """Say the units, and wait until Prometheus has seen a service in which all is well."""
    await service.publish(root(since="2000-01-01"), *(founded(unit, ROOT, "2000-01-01") for unit in UNITS))
    await service.publish(*service.facts(30))
    await service.settled()
    await service.leader()
    await service.answers("/readyz")


@asynccontextmanager
async def running_service(
    instead: dict[str, str] | None = None, files: Sequence[str] = FILES
) -> AsyncIterator[Service]:
    """Run everything, watched by these rules, with units that are established and facts that count."""
    with short_folder() as folder:
        cluster = Cluster(folder, {}, projectors=2, **LIMITS)
        try:
            await cluster.open()
            async with (
                watching(folder, JOBS, instead=instead, files=files) as prometheus,
                publishing(cluster.url_of("reader")) as publisher,
            ):
                service = Service(cluster, folder, prometheus, publisher)
                service.also("tonghop-projector", "projector-1", cluster.metrics_of("projector"))
                service.also("tonghop-projector", "projector-2", cluster.metrics_of("projector-2"))
                service.also("tonghop-api", "api-1", cluster.metrics_of("api"))
                await _counts(service)
                yield service
        finally:
            await asyncio.to_thread(cluster.close)


def another_projector(service: Service, name: str, **settings: Any) -> tuple[Command, str]:
    """Make one more projector, not started, and say where it tells its metrics."""
    at = free_address()
    changed = replace(service.cluster.settings, projector_http=at, **settings)
    return Command(name, changed, service.folder), str(at)
