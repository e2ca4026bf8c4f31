"""Readers that ask, and one that watches counting: the longest time without an answer, and without a count."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import Final

import asyncpg
import httpx

from tests.fault.load import CELLS, PROVINCES, UPPERS
from tests.fault.reading import MEASURES, WAYS, asked
from tests.oracle.telling import ROOT
from tests.upgrade.service import Part, Service

KNOWN_TO_ALL: Final = ",".join(name for name in MEASURES.split(",") if name != "restorations")
"""Measures that a program with rules of before knows, too."""
EVERY: Final = 0.1
"""Seconds between two questions of a reader."""
_AGAIN: Final = 0.02
_PATIENCE: Final = 5.0


class Longest:
    """The longest time between two events of a kind, in all and since the last look."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._since = 0.0
        self._last: float | None = None

    def happened(self) -> None:
        """Take note that it happened now."""
        now = time.monotonic()
        if self._last is not None:
            self._since = max(self._since, now - self._last)
            self.worst = max(self.worst, self._since)
        self._last = now

    def look(self) -> float:
        """Return the longest time since the last look, what has not ended yet included."""
        found = max(self._since, time.monotonic() - self._last if self._last is not None else 0.0)
        self.worst, self._since = max(self.worst, found), 0.0
        return found

    def forget(self) -> None:
        """Count from now on."""
        self._last = None
        self._since = 0.0


class Balanced:
    """Asks the APIs in turn, and the next one where one does not answer or says that it can't, as a balancer does."""

    def __init__(self, service: Service, seed: str) -> None:
        self._service = service
        self._random = Random(seed)
        self._clients: dict[Part, httpx.AsyncClient] = {}
        self._turn = 0
        self.gaps = Longest()
        self.answers = 0
        self.tried_again = 0
        self.position = 0

    async def run(self) -> None:
        """Ask until cancelled; raises AssertionError on an answer that is wrong or older than one before."""
        try:
            while True:
                await self._ask()
                await asyncio.sleep(EVERY)
        finally:
            await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    async def _ask(self) -> None:
        unit = self._random.choice((ROOT, *PROVINCES, *UPPERS, *CELLS))
        by = self._random.choice(WAYS)
        while True:
            self._turn += 1
            part = self._service.balanced[self._turn % len(self._service.balanced)]
            client = self._clients.get(part)
            if client is None:
                client = self._clients[part] = httpx.AsyncClient(base_url=part.address, timeout=_PATIENCE)
            try:
                answer = await client.get(f"/v1/units/{unit}/report", params=asked(by) | {"measures": KNOWN_TO_ALL})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in {200, 404}:
                break
            self.tried_again += 1
            await asyncio.sleep(_AGAIN)
        self.gaps.happened()
        self.answers += 1
        if answer.status_code == 200:
            self._hold(answer, by)

    def _hold(self, answer: httpx.Response, by: str) -> None:
        report = answer.json()
        assert report["position"] >= self.position, (answer.request.url, report["position"], self.position)
        self.position = report["position"]
        for measure, total in report["total"].items() if by != "none" else ():
            assert sum(row["values"][measure] for row in report["rows"]) == total, (answer.request.url, report)


class Counting:
    """Watches how long the position stands still; events come all the time."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self.stood = Longest()

    async def run(self) -> None:
        """Look until cancelled."""
        connection = await asyncpg.connect(self._database_url)
        try:
            last = -1
            while True:
                position = await connection.fetchval("SELECT position FROM checkpoint")
                if position != last:
                    last = position
                    self.stood.happened()
                await asyncio.sleep(0.02)
        finally:
            connection.terminate()
