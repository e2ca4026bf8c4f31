"""Readers of a cluster: each asks now one API, now another, and must never see figures go back or not add up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import httpx

from tests.cluster.marks import CLOCK, Marks, Rises
from tests.oracle.telling import ROOT
from tests.oracle.wording import LEVELS
from tests.soak.asking import EVER, Asker

WAYS: Final = ("child", "child", "month", "year", "none", *(f"level:{level}" for level in LEVELS[1:4]))
"""Without codes: tables of few people are hidden from readers, and who may see them whole leaves a trace each time."""
PAUSE: Final = 0.1
PATIENCE: Final = 10.0
SHOWN: Final = 3
AFTER: Final = 2.0
"""Seconds after which one who wants an answer asks another API."""


BACK, TOLD, SUM = "a position went back", "a position went back, and the answer said so", "wrong"


class Wrong(list[tuple[float, str, str]]):
    """What was seen in answers: when, of which kind (BACK, TOLD or SUM), and in words."""

    def of(self, kind: str, since: float, until: float) -> int:
        """Count what was wrong of a kind between two moments."""
        return sum(since <= moment <= until and found == kind for moment, found, _ in self)

    def told(self) -> list[str]:
        """Tell the first of each kind that is wrong, and how many there were."""
        kinds = Counter(kind for _, kind, _ in self if kind != TOLD)
        firsts = {kind: [words for _, found, words in self if found == kind][:SHOWN] for kind in kinds}
        return [f"{kind}, {n} times: {'; '.join(firsts[kind])}" for kind, n in kinds.items()]


class Traveller(Asker):
    """A reader who goes from API to API. With `says` it tells the position that it has seen, as machines do.

    One that does not is a browser: its session knows.
    """

    def __init__(
        self,
        apis: Sequence[httpx.AsyncClient],
        random: Random,
        names: Callable[[], Sequence[str]],
        wrong: Wrong,
        rises: Rises,
        *,
        says: bool,
    ) -> None:
        super().__init__("", random, names, WAYS)
        self._apis = apis
        self._wrong = wrong
        self._rises = rises
        self._says = says

    async def run(self) -> None:
        """Ask until cancelled. What is wrong is noted, and the reader goes on."""
        while True:
            try:
                await self._ask(self._random.choice(self._apis))
                self._rises.see(self.position)
            except httpx.TransportError:
                self.unanswered += 1
            except AssertionError as error:
                self._wrong.append((CLOCK(), SUM, str(error)[:500]))
            await asyncio.sleep(PAUSE)

    def besides(self) -> dict[str, str]:
        """Say what has been seen."""
        return {"min_position": str(self.position), "wait": "2"} if self._says and self.position else {}

    def hold_position(self, position: int, answer: httpx.Response) -> None:
        """Note an answer that is older than the one before; one that says so itself (`behind`) is no wrong one."""
        if position < self.position:
            who = "a token" if self._says else "a session"
            kind = BACK if answer.json().get("behind") is None else TOLD
            self._wrong.append((CLOCK(), kind, f"{who}: {answer.request.url}: {position} after {self.position}"))


async def want_answers(apis: Sequence[httpx.AsyncClient], marks: Marks, instead: list[tuple[float, str]]) -> None:
    """Ask for the report of the root all the time; who does not answer well in time is left for the next API.

    ``instead`` is told what there was in the place of an answer, and when.
    """
    at = 0
    params = EVER | {"by": "child"}
    while True:
        api = apis[at % len(apis)]
        try:
            answer = await asyncio.wait_for(api.get(f"/v1/units/{ROOT}/report", params=params), AFTER)
            words = "" if answer.status_code == 200 else f"{answer.status_code} {answer.text[:200]}"
        except (httpx.TransportError, TimeoutError) as error:
            words = repr(error)
        if words:
            instead.append((CLOCK(), f"{api.base_url}: {words}"))
            at += 1
        else:
            marks.note()
        await asyncio.sleep(0.02 if words else PAUSE)
