"""Readers who never stop asking: rows sum to the total in every answer, and no answer is older than one before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import httpx

from tests.fault.eventually import eventually
from tests.fault.load import CELLS, LATE, PROVINCES, UPPERS
from tests.oracle.telling import ROOT

MEASURES = "admissions,confirmations,badges,trainings,transfers_in,transfers_out,departures,restorations"
WAYS = ("child", "month", "year", "level:upper", "level:cell", "facet:sex", "none")
ANSWERS = {200, 404, 503}


class Reader:
    """Asks for reports of any unit, one after the other, and holds every answer to law 3 of the contract."""

    def __init__(self, api: str, random: Random) -> None:
        self._api = api
        self._random = random
        self.answers = 0
        self.position = 0
        self._beginnings = 0

    def begin_anew(self) -> None:
        """Expect figures that are made anew, from the first message on.

        What was asked before may still be answered afterwards, from the figures that are gone.
        """
        self.position = 0
        self._beginnings += 1

    async def run(self) -> None:
        """Ask until cancelled; raises AssertionError on a wrong answer. That nobody answers is no wrong answer."""
        async with httpx.AsyncClient(base_url=self._api, timeout=10) as client:
            while True:
                unit = self._random.choice((ROOT, ROOT, *PROVINCES, *UPPERS, *CELLS, *LATE))
                by = self._random.choice(WAYS)
                beginnings = self._beginnings
                try:
                    answer = await client.get(f"/v1/units/{unit}/report", params=asked(by))
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                self.hold(answer, by, of_now=beginnings == self._beginnings)
                await asyncio.sleep(0.002)

    def hold(self, answer: httpx.Response, by: str, *, of_now: bool = True) -> None:
        """Hold an answer against the law; one that is not of now may be older than another."""
        assert answer.status_code in ANSWERS, answer.text
        if answer.status_code != 200:
            return
        report = answer.json()
        if of_now:
            assert report["position"] >= self.position, answer.request.url
            self.position = report["position"]
        self.answers += 1
        if by != "none":
            for measure, total in report["total"].items():
                assert sum(row["values"][measure] for row in report["rows"]) == total, (answer.request.url, report)


async def all_answered(readers: Sequence[Reader]) -> None:
    """Wait until each has had an answer: on a busy machine there may be none between one kill and the next."""

    async def so() -> bool:
        return all(reader.answers for reader in readers)

    await eventually(so, "readers get no answers")


def asked(by: str) -> dict[str, str]:
    return {"from": "2020-01-01", "to": "2024-12-31", "measures": MEASURES, "by": by}
