"""Readers through a storm: rows make the total on both bases, no answer is older, an ETag stands for one body."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import httpx

from tests.fault.reading import ANSWERS
from tests.oracle.telling import ROOT
from tests.oracle.wording import LEVELS, MEASURES

EVER: Final = {"from": "2019-01-01", "to": "2024-12-31", "measures": ",".join(MEASURES)}
BASES: Final = ("as-was", "as-now")
WAYS: Final = (
    *("child", "child", "month", "year", "none"),
    *(f"level:{level}" for level in LEVELS[1:4]),
    *("facet:sex", "facet:age_band", "facet:grade"),
)
REMEMBERED: Final = 400


class Asker:
    """Asks for one report after the other, and holds each against the laws and against what was answered before."""

    def __init__(
        self, api: str, random: Random, names: Callable[[], Sequence[str]], ways: Sequence[str] = WAYS
    ) -> None:
        self._api = api
        self._random = random
        self._names = names
        self._ways = ways
        self._known: dict[tuple[str, str, str], tuple[str, int, bytes]] = {}
        self.position = 0
        self.answers = 0
        self.unchanged = 0
        self.refused = 0
        self.unanswered = 0
        self.totals: dict[int, dict[str, int]] = {}
        """Of the root by position: the same on both bases, however it is broken down."""

    async def run(self) -> None:
        """Ask until cancelled; raises AssertionError on a wrong answer. That nobody answers is no wrong answer."""
        async with httpx.AsyncClient(base_url=self._api, timeout=30) as client:
            while True:
                try:
                    await self._ask(client)
                except httpx.TransportError:
                    self.unanswered += 1
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.01)

    async def _ask(self, client: httpx.AsyncClient) -> None:
        names = self._names()
        unit = self._random.choice((ROOT, names[-1], self._random.choice(names)))
        question = unit, self._random.choice(BASES), self._random.choice(self._ways)
        known = self._known.get(question)
        headers = {} if known is None or self._random.random() < 0.5 else {"if-none-match": known[0]}
        params = EVER | {"basis": question[1], "by": question[2]} | self.besides()
        answer = await client.get(f"/v1/units/{unit}/report", params=params, headers=headers)
        self.hold(question, answer, headers.get("if-none-match"))

    def besides(self) -> dict[str, str]:
        """Give what else is asked for, which alters no answer."""
        return {}

    def hold(self, question: tuple[str, str, str], answer: httpx.Response, sent: str | None) -> None:
        """Hold an answer; `sent` is the ETag that was sent with the question."""
        assert answer.status_code in ANSWERS | {304}, answer.text
        if answer.status_code == 304:
            assert sent is not None
            assert answer.headers["etag"] == sent
            assert not answer.content
            self.unchanged += 1
            return
        if answer.status_code != 200:
            self.refused += 1
            return
        etag, report = answer.headers["etag"], answer.json()
        assert etag != sent, f"{answer.request.url} is answered anew with the ETag that was sent"
        self._hold_against_known(question, etag, report["position"], answer)
        self._hold_sums(question, report, answer)
        self.answers += 1

    def _hold_against_known(
        self, question: tuple[str, str, str], etag: str, position: int, answer: httpx.Response
    ) -> None:
        self.hold_position(position, answer)
        self.position = position
        if question in self._known:
            known_etag, known_position, known_body = self._known.pop(question)
            assert (etag == known_etag) <= (position == known_position), (answer.request.url, etag, position)
            assert etag != known_etag or answer.content == known_body, (answer.request.url, known_body)
            # One position, one answer: also where a switch of generations lies between, and the ETag is another.
            assert position != known_position or _figures(answer.content) == _figures(known_body), (
                answer.request.url,
                known_body,
            )
        self._known[question] = etag, position, answer.content
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def hold_position(self, position: int, answer: httpx.Response) -> None:
        """Hold that no answer is older than the one before."""
        assert position >= self.position, f"{answer.request.url}: {position} after {self.position}"

    def _hold_sums(self, question: tuple[str, str, str], report: dict[str, Any], answer: httpx.Response) -> None:
        unit, _, by = question
        if by != "none":
            for measure, total in report["total"].items():
                rows = sum(row["values"][measure] for row in report["rows"])
                assert rows == total, (answer.request.url, measure, rows, total)
        if unit == ROOT:
            before = self.totals.setdefault(report["position"], report["total"])
            assert report["total"] == before, (answer.request.url, before)


def _figures(body: bytes) -> dict[str, Any]:
    """Read an answer, without what it says of how far the figures are behind the log: that changes by itself."""
    return {name: value for name, value in json.loads(body).items() if name != "behind"}
