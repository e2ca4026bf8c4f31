"""A rolling upgrade and the way back, under load: always an answer, hardly a gap in counting, every figure right.

`make test-upgrade`. It prints how long the longest gaps were; on a machine that does much else they say nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg
import pytest

from tests.fault.eventually import eventually
from tests.fault.expectation import Expectation
from tests.fault.load import Clerk, Structure
from tests.fault.publishing import Publisher, publishing
from tests.fault.reading import Reader
from tests.fault.settling import hold_counters, hold_figures, hold_ledger, reached
from tests.servers import connect
from tests.upgrade.next_revision import next_number, next_revision
from tests.upgrade.programs import Edit, Program, copied, last_release, this
from tests.upgrade.service import Part, Service, running_service
from tests.upgrade.watching import Balanced, Counting

pytestmark = pytest.mark.upgrade

ANSWERED_WITHIN: Final = float(os.environ.get("TONGHOP_UPGRADE_ANSWERED", "1"))
COUNTED_WITHIN: Final = float(os.environ.get("TONGHOP_UPGRADE_COUNTED", "15"))
"""Seconds: what is promised. A machine that does much else at the same time is given more."""
READERS: Final = 2
CLERKS: Final = 2

VERSION_1: Final = (
    Edit(
        "events/catalogue.py",
        'EventType("member.restored", "fact", MemberRestored, day=("on",), counts=(Count("restorations", stock=1),)),',
        "",
    ),
    Edit("events/catalogue.py", ', person="as_")', ")"),
    Edit("events/vocabulary.py", ', "not_confirmed"]', "]"),
    Edit("events/data.py", '    as_: Reference | UnsetType = field(name="as", default=UNSET)\n', ""),
)
"""This program with rules of before: it knows less, and so refuses what this one counts."""
FORMS: Final = "services/official_forms/data/*.toml"
"""They count what the catalogue of today has."""


class Upgrade:
    """A service that is told of facts and asked all the time, while its processes are replaced."""

    def __init__(self, service: Service, publisher: Publisher, readers: list[Balanced], counting: Counting) -> None:
        self.service = service
        self.publisher = publisher
        self.readers = readers
        self._counting = counting
        self._projectors: list[Part] = []
        self._rows: list[tuple[str, float, float]] = []

    async def begin(self, program: Program) -> None:
        """Start what runs before an upgrade."""
        await self.service.run(program, "migrate")
        self._projectors = [self.service.part("projector", program)]
        apis = [self.service.part("api", program) for _ in range(2)]
        await self._projectors[0].ready("leading")
        self._projectors.append(self.service.part("projector", program))
        await asyncio.gather(self._projectors[1].ready("standby"), *(api.ready() for api in apis))
        self.service.balanced = apis

    async def settled(self) -> None:
        """Let counting be under way, and forget what was before."""
        start = await self._position()
        await self._counted(start + 20)
        self._counting.stood.forget()
        for reader in self.readers:
            reader.gaps.forget()
        await asyncio.sleep(0.5)

    async def step(self, name: str, doing: Awaitable[Any]) -> Any:
        """Do a step, see that counting goes on after it, and note the longest gaps in it."""
        result = await doing
        await self._counted(await self._position() + 1)
        self._rows.append(
            (name, max(reader.gaps.look() for reader in self.readers), self._counting.stood.look()),
        )
        return result

    async def replace_projectors(self, program: Program) -> None:
        """Start new ones that are ready before old ones end: the ready one first, then the one in force."""
        await self.step("a new projector is ready", self._new_projector(program))
        before, self._projectors = self._projectors[:2], self._projectors[2:]
        await self.step("the old ready one ends", before[1].end())
        await self.step("the old one in force ends", self._hand_over(before[0]))
        await self.step("the second new one is ready", self._new_projector(program))

    async def _new_projector(self, program: Program) -> None:
        made = self.service.part("projector", program)
        self._projectors.append(made)
        await made.ready("standby")

    async def _hand_over(self, before: Part) -> None:
        ended = asyncio.create_task(before.end())
        await self._projectors[0].ready("leading")
        await ended

    async def replace_apis(self, program: Program) -> None:
        """Start each new API before an old one ends; readers are sent to that until it has ended."""
        for number, before in enumerate(list(self.service.balanced), start=1):
            await self.step(f"API {number} is replaced", self._replace_api(program, before))

    async def _replace_api(self, program: Program, before: Part) -> None:
        made = self.service.part("api", program)
        await made.ready()
        self.service.balanced = [*self.service.balanced, made]
        await before.end()
        self.service.balanced = [api for api in self.service.balanced if api is not before]

    async def roll(self, program: Program, *, migrate: bool = True) -> None:
        """Bring a program in, side by side with the one that runs."""
        if migrate:
            await self.step("tonghop migrate", self.service.run(program, "migrate"))
        await self.replace_projectors(program)
        await self.replace_apis(program)

    def told(self, title: str) -> None:
        """Print the longest gaps of all steps since the last time, and hold them to what is promised."""
        rows, self._rows = self._rows, []
        print(f"\n{title}\n{'step':<34}{'no answer, s':>14}{'no counting, s':>16}")
        for name, answering, counting in rows:
            print(f"{name:<34}{answering:>14.2f}{counting:>16.2f}")
        again = sum(reader.tried_again for reader in self.readers)
        print(f"{sum(reader.answers for reader in self.readers)} answers; {again} questions went to the next API")
        assert max(row[1] for row in rows) < ANSWERED_WITHIN
        assert max(row[2] for row in rows) < COUNTED_WITHIN

    async def _counted(self, position: int) -> None:
        async def so() -> bool:
            return await self._position() >= position

        await eventually(so, f"{position} is not counted")

    async def _position(self) -> int:
        connection = await asyncpg.connect(self.service.settings.database_url)
        try:
            return int(await connection.fetchval("SELECT position FROM checkpoint"))
        finally:
            connection.terminate()


@asynccontextmanager
async def under_load(old: Program, **settings: Any) -> AsyncIterator[Upgrade]:
    """Run an old program with publishers and readers; in the end everything is held to what was acknowledged."""
    async with running_service(**settings) as service, publishing(service.settings.nats_url) as publisher:
        counting = Counting(service.settings.database_url)
        readers = [Balanced(service, f"reader {n}") for n in range(READERS)]
        upgrade = Upgrade(service, publisher, readers, counting)
        await upgrade.begin(old)
        structure = Structure(Random("structure"))
        await publisher.send_in_turn(structure.tree())
        done = asyncio.Event()
        watching = [asyncio.create_task(each.run()) for each in (*readers, counting)]
        telling = [asyncio.create_task(_tell(publisher, n, done)) for n in range(CLERKS)]
        try:
            await upgrade.settled()
            await publisher.send_in_turn(structure.late())
            yield upgrade
            done.set()
            await asyncio.gather(*telling)
            for task in watching:
                assert not task.done(), task.exception()
        finally:
            for task in (*watching, *telling):
                task.cancel()
            await asyncio.gather(*watching, *telling, return_exceptions=True)
        await reached(service.balanced[0].address, max(one.position for one in publisher.acked))
        await _hold(upgrade)


async def _tell(publisher: Publisher, number: int, done: asyncio.Event) -> None:
    """Say facts of all kinds at a steady rate."""
    telling = Clerk(number, Random(f"clerk {number}"))
    while not done.is_set():
        for group in telling.group(4):
            await publisher.send(group)
            await asyncio.sleep(0.1)


async def _hold(upgrade: Upgrade) -> None:
    """Hold ledger, counters and every figure to what was acknowledged, each counted once."""
    expected = Expectation(upgrade.publisher.acked)
    connection = await connect(upgrade.service.settings.database_url)
    try:
        await hold_ledger(connection, upgrade.publisher.acked, expected)
        await hold_counters(connection, expected)
    finally:
        await connection.close()
    for api in upgrade.service.balanced:
        await hold_figures(api.address, Reader(api.address, Random(0)), expected)


async def agree(upgrade: Upgrade, *programs: Program) -> None:
    """Have everything counted anew from the log by these programs, and find no difference."""
    for program in programs:
        await upgrade.service.run(program, "verify", "--from-log")


async def test_from_the_last_release_to_this_one_and_back(tmp_path: Path) -> None:
    old, new = last_release(tmp_path), this()
    async with under_load(old) as upgrade:
        await upgrade.roll(new)
        upgrade.told(f"{old.name} -> {new.name}")
        await agree(upgrade, new)
        await upgrade.settled()
        await upgrade.roll(old, migrate=False)  # 0.2.0 does not know that it can live with a newer schema
        upgrade.told(f"{new.name} -> {old.name}: the way back")
        await agree(upgrade, old)


async def test_with_a_migration_while_the_version_before_counts_and_back(tmp_path: Path) -> None:
    revision = f"projections/store/schema/migrations/versions/{next_number()}_remarks.py"
    old, new = this(), copied("the next", tmp_path, (), added={revision: next_revision()})
    async with under_load(old) as upgrade:
        await upgrade.roll(new)
        upgrade.told("this -> the next, with a migration")
        await agree(upgrade, new, old)
        assert next_number() in await upgrade.service.run(old, "migrate")
        await upgrade.settled()
        await upgrade.roll(old)
        upgrade.told("the next -> this: the way back, on the newer schema")
        await agree(upgrade, old)


async def test_with_other_rules_by_a_rebuild_beside_and_back_by_the_generation_before(tmp_path: Path) -> None:
    old, new = copied("other rules", tmp_path, VERSION_1, without=FORMS), this()
    async with under_load(old, reject_limit=100) as upgrade:
        run = upgrade.service.run
        await upgrade.step("a new projector is ready", upgrade._new_projector(new))
        made, before = upgrade._projectors[2], upgrade._projectors[:2]
        await upgrade.step("rebuild --accept of the new one", run(new, "rebuild", "--accept"))
        await upgrade.step("the new projector leads", made.ready("leading"))
        for projector in before:
            await projector.ready("outdated")
        await upgrade.replace_apis(new)
        upgrade.told("other rules -> this, by a rebuild beside")
        await agree(upgrade, new)

        await upgrade.settled()
        await upgrade.step("rebuild --back of the old one", run(old, "rebuild", "--back"))
        await made.ready("outdated")
        await upgrade.step("an old projector leads again", _any_leads(before))
        upgrade.told("this -> other rules: the way back")
        await agree(upgrade, old)

        await upgrade.settled()
        await upgrade.step("rebuild --back of the new one", run(new, "rebuild", "--back"))
        await upgrade.step("the new projector leads again", made.ready("leading"))
        upgrade.told("other rules -> this, once more")


async def _any_leads(projectors: list[Part]) -> None:
    leading = [asyncio.create_task(each.ready("leading")) for each in projectors]
    await asyncio.wait(leading, return_when=asyncio.FIRST_COMPLETED)
    for task in leading:
        task.cancel()
    found = await asyncio.gather(*leading, return_exceptions=True)
    assert any(each is None for each in found), found
