"""The race at the switch, by force: a projector and a switch, either stopped before each of its statements in turn.

While one stands still the other goes as far as it can, and readers read; then both go on. Whoever was first, every
figure is what it would be without either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from projections.rules.log.message import Message
from projections.store.batch.writing import FencedError
from projections.store.generations import enter_the_one_in_force, schema_of
from projections.store.live.projection import Projection
from projections.store.rebuilding.making.generation import Generation, LedgerSource
from projections.store.rebuilding.switching import compare_at_checkpoint, previous, switch
from services.settings import Settings
from services.verification.rebuilding import go_back, rebuild
from tests.fault import projecting_here as here
from tests.fault.brief_log import BEFORE, DAY, FEMALE, LATER, SIZES
from tests.fault.projecting import eventually
from tests.fault.stretch import Rows, Stretch
from tests.fault.wire import Passing, postgres_wire, statement
from tests.integration.test_api import client_of, get
from tests.oracle.telling import ROOT, Said, admitted, founded, moved, retracted, transferred
from tests.property.system import messages

REPORT = "/v1/units/{unit}/report?from=2020-01-01&to=2023-12-31&measures=admissions"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
STANDS = "SELECT generation, position FROM checkpoint"
EACH = 2
"""Admissions that a round adds."""


def said_in(number: int) -> list[Said]:
    """Tell facts, one of the round before taken back, a move to and fro, one that waits and is let go."""
    return [
        admitted("c0", DAY, f"a-{number}", facets=FEMALE),
        admitted("d0", LATER, f"b-{number}"),
        moved("c2", "u1" if number % 2 else "u2", "2022-03-10", f"m-{number}", by=ROOT),
        transferred("c1", "d0", LATER, f"t-{number}"),
        admitted(f"new-{number}", DAY, f"w-{number}"),
        founded(f"new-{number}", "u2", "2010-01-01", "cell"),
        retracted("c0", f"r-{number}", f"a-{number - 1}") if number else retracted("c2", "r-0", "y-3"),
    ]


def quietly(*_: object) -> None:
    """Take no note of progress."""


class Gate:
    """Holds a connection up before its n-th statement since it was set."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    def set_before(self, number: int) -> None:
        """Set it; with 0 it is open."""
        self._left = number
        if number:
            self.reached.clear()
            self.opened.clear()
        else:
            self.opened.set()

    async def __call__(self, passing: Passing) -> bool:
        if self._left is not None and passing.to_server and statement(passing):
            self._left -= 1
            if self._left == 0:
                self.reached.set()
                await self.opened.wait()
        return False


class Race:
    """A projector and one that switches, each behind a gate, on one database."""

    def __init__(self, url: str, connection: asyncpg.Connection) -> None:
        self.url = url
        self.connection = connection
        self.projecting, self.switching = Gate(), Gate()
        self.said = list(BEFORE)
        self.rounds = 0
        self.fenced = 0
        self.taken_along = 0
        self._base = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Race]:
        """Connect both, and let there be a generation to switch to."""
        await rebuild(Settings(database_url=self.url), quietly, sizes=SIZES)
        async with (
            postgres_wire(self.url, self.projecting) as projector_url,
            postgres_wire(self.url, self.switching) as switcher_url,
            client_of(self.url) as self._client,
        ):
            self._projector_url = projector_url
            self._switcher = await asyncpg.connect(switcher_url)
            self._base = await self._admissions()
            try:
                yield self
            finally:
                await self._switcher.close()

    async def run(self, held: Gate, number: int) -> bool:
        """Run one round in which one of both is held up before a statement; tell whether it has that many."""
        first = len(self.said)
        self.said += said_in(self.rounds)
        self.rounds += 1
        made = await self._made()
        projection = await self._loaded()
        projecting, switching = (
            partial(self._project, projection, messages(self.said)[first:]),
            partial(self._switch, made),
        )
        one, other = (projecting, switching) if held is self.projecting else (switching, projecting)
        held.set_before(number)
        begun = asyncio.create_task(one())
        reached = asyncio.create_task(held.reached.wait())
        await asyncio.wait({begun, reached}, return_when=asyncio.FIRST_COMPLETED)
        stopped = held.reached.is_set()
        reached.cancel()
        following = asyncio.create_task(other())
        await self._as_far_as_it_can(following)
        await self._read()
        held.set_before(0)
        await asyncio.gather(begun, following)
        await self._read()
        assert tuple(await self.connection.fetchrow(STANDS)) == (int(made.schema[1:]), len(self.said))
        return stopped

    async def _made(self) -> Generation:
        """Carry what was in force before to where the one in force stands, and compare them."""
        number = await previous(self._switcher)
        now = await self.connection.fetchval("SELECT generation FROM checkpoint")
        made = Generation(LedgerSource(self.url, ROOT, SIZES), self._switcher, schema_of(number), schema_of(now))
        await made.take_up()
        comparison = await compare_at_checkpoint(made)
        assert not comparison, comparison
        return made

    async def _loaded(self) -> Projection:
        return await Projection.open(self._projector_url, root=ROOT, sizes=SIZES)

    async def _project(self, projection: Projection, part: Sequence[Message]) -> None:
        try:
            await projection.apply(part)
        except FencedError:
            self.fenced += 1
            await projection.close()
            projection = await self._loaded()
            await projection.apply(part)
        await projection.close()

    async def _switch(self, made: Generation) -> None:
        done = await switch(made, int(made.schema[1:]), accept=False)
        self.taken_along += done.position == len(self.said)

    async def _as_far_as_it_can(self, task: asyncio.Task[None]) -> None:
        async def so() -> bool:
            return task.done() or bool(await self.connection.fetchval(WAITING))

        await eventually(so, "it neither ends nor waits for a lock")

    async def _read(self) -> None:
        """Ask, as any reader may: what is told is whole, and what it has to be at the position that it names."""
        for unit in (ROOT, "u1", "u2"):
            report = await get(self._client, REPORT.format(unit=unit))
            total = report["total"]["admissions"]
            assert total == sum(row["values"]["admissions"] for row in report["rows"])
            if unit == ROOT:
                rounds, rest = divmod(report["position"] - len(BEFORE), len(said_in(0)))
                assert (total, rest) == (self._base + EACH * rounds, 0)

    async def _admissions(self) -> int:
        return int((await get(self._client, REPORT.format(unit=ROOT)))["total"]["admissions"])


@pytest.mark.long
@pytest.mark.parametrize("held", ["projector", "switch"])
async def test_before_every_statement_of_either(stretch: Stretch, held: str) -> None:
    async with stretch.anew() as (settings, connection), Race(settings.database_url, connection).opened() as race:
        gate = race.projecting if held == "projector" else race.switching
        number = 1
        while await race.run(gate, number):
            number += 1
        assert race.rounds == race.fenced + race.taken_along
        assert race.fenced
        assert race.taken_along > 1  # one is where nothing is held up
        right = await undisturbed(stretch, race)
        for _ in range(2):
            await enter_the_one_in_force(connection)
            assert await figures(connection) == right
            await go_back(settings, quietly, sizes=SIZES)


async def figures(connection: asyncpg.Connection) -> Rows:
    """Read all that is in force, but for what the bus adds: this log was given by nobody."""
    rows = await here.rows_of(connection)
    return {name: found for name, found in rows.items() if name not in {"checkpoint", "whole ledger"}}


async def undisturbed(stretch: Stretch, race: Race) -> Rows:
    """Read what it comes to where nothing is switched and nothing held up."""
    async with stretch.anew() as (settings, connection):
        projection = await Projection.open(settings.database_url, root=ROOT, sizes=SIZES)
        for first in range(len(BEFORE), len(race.said), len(said_in(0))):
            await projection.apply(messages(race.said)[first : first + len(said_in(0))])
        await projection.close()
        return await figures(connection)
