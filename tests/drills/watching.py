"""A real Prometheus with the shipped rules, quickened: what takes minutes in them takes seconds here."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.servers import free_address

PROMETHEUS: Final = shutil.which("prometheus")
MISSING: Final = "Prometheus is missing here: apt-get install prometheus"
RULES: Final = Path(__file__).parents[2] / "deploy" / "prometheus"
FILES: Final = ("alerts.yml", "slo.yml")
OF_A_CLUSTER: Final = ("cluster.yml",)
DOCS: Final = "https://tonghop.example.org/docs"
FAR: Final = 200.0
"""Seconds after which an alert that has to fire, or to end, won't."""
QUICKER: Final = 30
HOUR: Final = 3600 // QUICKER
"""Seconds that stand for an hour of the rules."""
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WINDOW: Final = re.compile(r"\[(\d+)([smhd])(?::(\d+)([smhd]))?\]|(offset |for: |interval: )(\d+)([smhd])\b")


def quickened(text: str, times: int, instead: Mapping[str, str]) -> str:
    """Make all durations of rules shorter by `times`, but no bound that is compared with: `instead` has those."""

    def shorter(found: re.Match[str]) -> str:
        def milliseconds(number: str, unit: str, least: int) -> str:
            return f"{max(least, int(number) * _SECONDS[unit] * 1000 // times)}ms"

        if found[5]:
            return found[5] + milliseconds(found[6], found[7], 0 if found[5] != "interval: " else 1000)
        step = f":{milliseconds(found[3], found[4], 2000)}" if found[3] else ""
        return f"[{milliseconds(found[1], found[2], 8000)}{step}]"

    for before, after in instead.items():
        assert before in text, before
        text = text.replace(before, after)
    return _WINDOW.sub(shorter, text)


class Watching:
    """Prometheus as it runs: who it asks can change at any time, and it tells which alerts fire."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = free_address()
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20)

    @property
    def url(self) -> str:
        return f"http://{self._address}"

    def targets(self, targets: Mapping[str, Mapping[str, str]]) -> None:
        """Ask these from now on: by job, for each instance its address."""
        for job, instances in targets.items():
            listed = [{"targets": [at], "labels": {"instance": name}} for name, at in instances.items()]
            partial = self._folder / f"{job}.partial"
            partial.write_text(json.dumps(listed))
            partial.rename(self._folder / f"{job}.json")

    async def begin(
        self, jobs: Mapping[str, str], times: int, instead: Mapping[str, str], files: Sequence[str]
    ) -> None:
        """Start it."""
        for name in files:
            text = (RULES / name).read_text(encoding="utf-8")
            here = {before: after for before, after in instead.items() if before in text}
            (self._folder / name).write_text(quickened(text, times, here), encoding="utf-8")
        configured = (
            f"global: {{scrape_interval: 2s, evaluation_interval: 500ms, external_labels: {{runbooks: '{DOCS}'}}}}\n"
        )
        configured += f"rule_files: [{', '.join(files)}]\nscrape_configs:\n"
        for job, how in jobs.items():
            found = f"file_sd_configs: [{{files: ['{self._folder}/{job}.json']}}]"
            configured += f"  - {{job_name: {job}, {how}{found}}}\n"
        (self._folder / "prometheus.yml").write_text(configured)
        assert PROMETHEUS, MISSING
        with (self._folder / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it begins at once
                [
                    PROMETHEUS,
                    f"--config.file={self._folder}/prometheus.yml",
                    f"--storage.tsdb.path={self._folder}/tsdb",
                    f"--web.listen-address={self._address}",
                    "--query.lookback-delta=20s",
                ],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "GOMAXPROCS": "1"},
            )
        until = time.monotonic() + FAR
        while not await self._ready():
            assert self._process.poll() is None, (self._folder / "prometheus.log").read_text()[-2000:]
            assert time.monotonic() < until
            await asyncio.sleep(0.1)

    async def end(self) -> None:
        await self._client.aclose()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """Ask now; gives Prometheus' own rows."""
        return list((await self._get("query", query=query))["result"])

    async def over(self, query: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Ask for a range."""
        return list((await self._get("query_range", query=query, start=start, end=end, step=step))["result"])

    async def firing(self) -> dict[str, dict[str, Any]]:
        """Name the alerts that fire, the most severe one of each name."""
        alerts = [each for each in (await self._get("alerts"))["alerts"] if each["state"] == "firing"]
        alerts.sort(key=lambda each: each["labels"]["severity"], reverse=True)  # warning, then critical
        return {each["labels"]["alertname"]: each for each in alerts}

    async def fires(self, alert: str, severity: str | None = None) -> dict[str, Any]:
        """Wait until an alert fires, and give it as it is told."""
        until = time.monotonic() + FAR
        while True:
            for each in (await self._get("alerts"))["alerts"]:
                labels = each["labels"]
                if (
                    each["state"] == "firing"
                    and labels["alertname"] == alert
                    and severity in {None, labels["severity"]}
                ):
                    return dict(each)
            assert time.monotonic() < until, f"{alert} does not fire; {list(await self.firing())}"
            await asyncio.sleep(0.25)

    async def ends(self, alert: str, severity: str | None = None) -> None:
        """Wait until an alert fires no more, or not as severely."""
        until = time.monotonic() + FAR
        while (found := (await self.firing()).get(alert)) and severity in {None, found["labels"]["severity"]}:
            assert time.monotonic() < until, f"{alert} goes on"
            await asyncio.sleep(0.25)

    async def _ready(self) -> bool:
        try:
            return (await self._client.get("/-/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def _get(self, what: str, **parameters: Any) -> Any:
        answer = (await self._client.get(f"/api/v1/{what}", params=parameters)).json()
        assert answer["status"] == "success", answer
        return answer["data"]


@asynccontextmanager
async def watching(
    folder: Path,
    jobs: Mapping[str, str],
    *,
    times: int = QUICKER,
    instead: Mapping[str, str] | None = None,
    files: Sequence[str] = FILES,
) -> AsyncIterator[Watching]:
    """Run Prometheus on a folder of its own for as long as the block lasts; `jobs` have how each is asked, or ""."""
    place = folder / "prometheus"
    place.mkdir(parents=True, exist_ok=True)
    running = Watching(place)
    running.targets({job: {} for job in jobs})
    try:
        await running.begin(jobs, times, instead or {}, files)
        yield running
    finally:
        await running.end()
