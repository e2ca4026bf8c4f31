"""An upgrade that was not finished: the last release, installed as its wheel has it, goes on beside this version."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from services.settings import Settings
from tests.drills.faults import Drill
from tests.drills.service import Service, running_service
from tests.drills.watching import FILES, OF_A_CLUSTER
from tests.servers import free_address
from tests.upgrade.programs import HERE, LAST_RELEASE, Program
from tests.upgrade.service import Part

INSTEAD: Final = {"for: 2h": "for: 10m"}
"""What a drill does not wait for, and what it is in it."""


def _installed(folder: Path) -> Program:
    """Install the last release, so that it also knows its version; it needs no other packages than this one."""
    name, commit = LAST_RELEASE.read_text().split()
    source = folder / "source"
    archive = subprocess.run(["git", "-C", HERE, "archive", commit], capture_output=True, check=True)  # noqa: S607
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(source, filter="data")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-index", "--no-deps"]
    home = folder / "installed"
    subprocess.run([*pip, "--no-build-isolation", "--target", home, source], check=True)
    return Program(name, home)


async def _not_finished(on: Service) -> AsyncIterator[None]:
    program = await asyncio.to_thread(_installed, on.folder / "before")
    at = replace(on.cluster.settings, http=free_address(), projector_http=free_address(), metrics_http=free_address())
    this = Program("this version", HERE)
    kinds = ("projector", "api")
    left = {kind: Part(kind, program, at, on.folder / "logs" / f"{kind}-left.log") for kind in kinds}
    upgraded = {kind: Part(kind, this, at, on.folder / "logs" / f"{kind}-upgraded.log") for kind in kinds}
    on.does(f"systemctl start tonghop-projector tonghop-api    # on a machine that still has {program.name}")
    async with AsyncExitStack() as stack:
        for kind in kinds:
            await _start(on, left[kind], at)
            stack.push_async_callback(left[kind].end)
        yield
        await on.metric("count by (job, version) (tonghop_build_info or tonghop_api_build_info)")
        await on.metric('up{job="tonghop-api"} == 1 unless on (instance) tonghop_api_build_info')
        for kind, said in {
            "projector": "ln -sfn /opt/tonghop-0.3.0 /opt/tonghop; systemctl restart tonghop-projector",
            "api": "systemctl restart tonghop-api               # it had been forgotten",
        }.items():
            assert VERSIONS.alert in await on.prometheus.firing()
            on.does(said)
            await left[kind].end()
            await _start(on, upgraded[kind], at)
            stack.push_async_callback(upgraded[kind].end)
            await asyncio.sleep(8)  # some scrapes
        await on.prometheus.ends(VERSIONS.alert)
        await on.metric("count by (job, version) (tonghop_build_info or tonghop_api_build_info)")
    on.also("tonghop-projector", "projector-3", None)
    on.also("tonghop-api", "api-2", None)


async def _start(on: Service, part: Part, at: Settings) -> None:
    """Start a part, wait until it is ready, and have it watched."""
    part.start()
    if part.kind == "projector":
        await part.ready("standby")
        on.also("tonghop-projector", "projector-3", str(at.projector_http))
    else:
        await part.ready()
        on.also("tonghop-api", "api-2", str(at.metrics_http))


VERSIONS: Final = Drill("TonghopVersionsDiffer", _not_finished)
VERSION_DRILLS: Final = {VERSIONS.alert: VERSIONS}


@asynccontextmanager
async def running_versions(instead: dict[str, str]) -> AsyncIterator[Service]:
    """Run the service of this version, watched with the rules of a cluster too."""
    async with running_service(instead | INSTEAD, files=(*FILES, *OF_A_CLUSTER)) as service:
        yield service
