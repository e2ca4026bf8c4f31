"""A connection that is cut at each message that was never cut before, until there is none left."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from zlib import crc32

from tests.fault.wire import Passing

_GENERATION = re.compile(r"\bg[0-9]+\b")


def few(chosen: Callable[[Passing], bool], of: int = 5) -> Callable[[Passing], bool]:
    """Choose of these all that commit, and one in so many of the others, always the same; the long tests take all."""

    def so(passing: Passing) -> bool:
        if not chosen(passing):
            return False
        about = _GENERATION.sub("g", passing.about)
        return about.startswith("COMMIT") or crc32(about.encode()) % of == 0

    return so


class Cut(NamedTuple):
    """Which message was not handed on, for which time it was such a one."""

    to_server: bool
    kind: str
    about: str
    time: int


class Cuts:
    """Breaks a wire at each message that `chosen` names, once; before that it looks whether all is right.

    A message is known by which way it goes, its kind, and what it is about, in whichever generation; with `times` more
    than 1 also by how often there was such a one on its connection. What others `made` before is not cut again.
    """

    def __init__(
        self,
        chosen: Callable[[Passing], bool],
        hold: Callable[[], Awaitable[object]],
        *,
        times: int = 1,
        made: list[Cut] | None = None,
    ) -> None:
        self._chosen = chosen
        self._hold = hold
        self._times = times
        self._passed: Counter[Passing] = Counter()
        self._one_at_a_time = asyncio.Lock()
        self.made: list[Cut] = [] if made is None else made
        self._looking = set[asyncio.Task[None]]()
        self._wrong: str | None = None

    async def __call__(self, passing: Passing) -> bool:
        if not self._chosen(passing):
            return False
        passing = passing._replace(about=_GENERATION.sub("g", passing.about))
        self._passed[passing] += 1
        cut = Cut(*passing[1:], self._passed[passing])
        if self._passed[passing] > self._times or cut in self.made:
            return False
        self.made.append(cut)
        looking = asyncio.create_task(self._look(cut))
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)
        await asyncio.shield(looking)  # a look is not given up half way where the connection ends by itself meanwhile
        return True

    async def found_wrong(self) -> str | None:
        """Say what was not right, first of all, and before which cut; nobody looks any more when this returns."""
        await asyncio.gather(*self._looking)
        return self._wrong

    async def _look(self, cut: Cut) -> None:
        async with self._one_at_a_time:
            try:
                await self._hold()
            except Exception as error:  # noqa: BLE001 - told by the test: here it would only break the wire
                self._wrong = self._wrong or f"before {cut}: {error or type(error).__name__}"
