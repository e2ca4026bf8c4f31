"""When all faults are over: the oracle reads the log, and everything is held to what it says."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.cluster.judging import hold_known
from tests.cluster.running import Run
from tests.fault.publishing import Acked
from tests.oracle.telling import ROOT
from tests.soak.accounting import Books, hold_answers, hold_counters, hold_log, hold_outcomes, hold_reports

HERE: Final = Path(__file__).parents[2]
GRANTS: Final = f"party.v1.{ROOT}.access."
"""What the service itself publishes: the roles that the readers are given."""
Rows = list[tuple[str, object]]


class Reckoning:
    """Holds one thing after the other; what is not right is in the run's `failed`, what was held in `rows`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.rows: Rows = []

    async def all(self, environ: Mapping[str, str], **how: Any) -> None:
        """Hold log, outcomes, counters, all that was answered and all totals that are; ``how`` are options of httpx."""
        run = self._run
        last = await run.settled()
        log = await run.log(1, last)
        bodies = {message.position: message.body for message in log}
        known = [one for one in run.load.http.known if bodies.get(one.position) == one.told.said.body]
        await self._hold("events in the log", self._log(log, [*run.load.acked, *known]))
        books = Books()
        await books.read(log)
        outcomes = Counter(outcome for _, outcome, _ in books.oracle.outcomes())
        self.rows.append(("outcomes", ", ".join(f"{name} {n:,}" for name, n in sorted(outcomes.items()))))
        async with run.database() as connection:
            await self._hold("outcomes held to the oracle", _counted(hold_outcomes(connection, books), len(log)))
            await self._hold("counters held to the oracle", hold_counters(connection, books))
        answers = asyncio.to_thread(hold_answers, books, run.readers)
        await self._hold("totals of the root that were answered, held to the oracle at their position", answers)
        for api in run.apis:
            reports = hold_reports(str(api.base_url), books, **how)
            await self._hold(f"reports of {api.base_url.netloc.decode()} held to the oracle", reports)
        await self._hold("`tonghop verify --from-log`", _verified(environ))

    async def _log(self, log: Any, acked: list[Acked]) -> str:
        hold_log(log, acked, GRANTS)
        hold_known(log, self._run.load.http.known)
        return f"{len(log):,}, {len(acked):,} acknowledgements"

    async def _hold(self, what: str, held: Awaitable[object]) -> None:
        try:
            found = await held
            self.rows.append((what, f"{found:,}" if isinstance(found, int) else found))
        except AssertionError as error:
            self.rows.append((what, "**wrong**"))
            self._run.failed.append(f"{what}: {error}")


async def _counted(held: Awaitable[object], n: int) -> int:
    await held
    return n


async def _verified(environ: Mapping[str, str]) -> str:
    """Run the command as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "verify", "--from-log"),
        cwd=HERE,
        env=os.environ | environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, f"exit code {process.returncode}: {said.decode(errors='replace')}"
    return "agrees"
