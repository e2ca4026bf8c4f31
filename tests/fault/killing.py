"""A process that is killed with SIGKILL at a message to or from its servers at which none was killed before.

The message itself is not handed on, nor is anything after it; what was said before reaches the server.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from services.settings import Settings
from tests.fault.cutting import Cut, Cuts
from tests.fault.eventually import AT_LAST
from tests.fault.stepping import end_with_the_tests, forking
from tests.fault.wire import Passing, nats_wire, postgres_wire

Chosen = Callable[[Passing], bool]
Target = Callable[..., Coroutine[Any, Any, None]]
_ASKED: Final = {"PUB", "HPUB"}


def asked(passing: Passing) -> bool:
    """Choose what the bus is asked or told: nothing that it says alters anything before the next of these."""
    return passing.to_server and passing.kind in _ASKED


def never(_: Passing) -> bool:
    """Choose nothing."""
    return False


class Kills:
    """Where processes were killed, at which statement and at which word to the bus; none is killed there again."""

    def __init__(self, *, statements: Chosen, words: Chosen = asked, times: int = 1) -> None:
        self._chosen = (statements, words)
        self._times = times
        self._made: tuple[list[Cut], list[Cut]] = ([], [])
        self._victim: int | None = None

    @property
    def statements(self) -> list[Cut]:
        """Tell at which statements."""
        return self._made[0]

    @property
    def words(self) -> set[str]:
        """Tell by their subjects at which words to the bus."""
        return {cut.about for cut in self._made[1]}

    async def one(self, settings: Settings, target: Target, *arguments: Any) -> bool:
        """Run a coroutine function in a process of its own, and tell whether it was killed; else it ended well."""
        async with self._watched(settings) as over:
            process = forking.Process(target=run, args=(target, over, *arguments))
            process.start()
            self._victim = process.pid
            try:
                await asyncio.to_thread(process.join, 2 * AT_LAST)
            finally:
                killed, self._victim = self._victim is None, None
                if process.exitcode is None:
                    process.kill()
        assert process.exitcode == (-signal.SIGKILL if killed else 0), f"exit code {process.exitcode}"
        return killed

    async def everywhere(
        self, settings: Settings, target: Target, *arguments: Any, hold: Callable[[], Awaitable[object]]
    ) -> None:
        """Run it again and again, killed somewhere else each time, until one comes to its end; look after each."""
        while await self.one(settings, target, *arguments):
            try:
                await hold()
            except AssertionError as error:
                error.add_note(f"killed last of all at {self._made[0][-1:]} or {self._made[1][-1:]}")
                raise
        await hold()

    @asynccontextmanager
    async def _watched(self, settings: Settings) -> AsyncIterator[Settings]:
        database, bus = (
            Cuts(self._while_it_lives(chosen), self._kill, times=self._times, made=made)
            for chosen, made in zip(self._chosen, self._made, strict=True)
        )
        async with AsyncExitStack() as stack:
            yield replace(
                settings,
                database_url=await stack.enter_async_context(postgres_wire(settings.database_url, database)),
                nats_url=await stack.enter_async_context(nats_wire(settings.nats_url, bus)),
            )

    def _while_it_lives(self, chosen: Chosen) -> Chosen:
        return lambda passing: self._victim is not None and chosen(passing)

    async def _kill(self) -> None:
        assert self._victim is not None
        victim, self._victim = self._victim, None
        os.kill(victim, signal.SIGKILL)


def run(target: Target, *arguments: Any) -> None:
    """Run it to its end."""
    end_with_the_tests()
    asyncio.run(target(*arguments))
