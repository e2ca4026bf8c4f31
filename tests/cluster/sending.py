"""Units that send through the faults, over the bus and over HTTP: each event until it is acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

import httpx

from events.errors import InvalidSubjectError
from events.subjects import build_bus_subject
from tests.fault.load import Told
from tests.fault.publishing import Acked

PATIENCE: Final = 12.0
"""Seconds for which an answer is waited for: an API gives a bus that is away 3, and its database up to 5."""
PAUSE: Final = 0.3
AGAIN: Final = {408, 429, 500, 502, 503, 504}
BATCH: Final = {"content-type": "application/cloudevents-batch+json"}


class HttpPublisher:
    """Posts events in batches, to the next API where one does not answer, until each has its place or is refused."""

    def __init__(self, apis: Sequence[httpx.AsyncClient], acked: list[Acked]) -> None:
        self._apis = apis
        self._at = count()
        self.acked = acked
        self.known: list[Acked] = []
        """What the log had already with the same content, at the place of the first."""
        self.refused: Counter[str] = Counter()
        self.sent_again = 0

    async def send(self, group: Sequence[Told]) -> None:
        """Send a group and return when all of it is acknowledged or refused; AssertionError for any other answer."""
        left = [told for told in group if is_sendable(told)]
        api = next(self._at)
        while left:
            try:
                answer = await self._apis[api % len(self._apis)].post(
                    "/v1/events", content=_batch(left), headers=BATCH, timeout=PATIENCE
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in {200, 202}:
                left = self._account(left, answer.json()["items"])
            elif answer is not None:
                assert answer.status_code in AGAIN, f"POST /v1/events: {answer.status_code} {answer.text}"
            if left:
                self.sent_again += 1
                api += 1
                await asyncio.sleep(PAUSE)

    def _account(self, sent: Sequence[Told], items: Sequence[dict[str, Any]]) -> list[Told]:
        """Note what is said of each and return what has to be sent again."""
        left = []
        for told, item in zip(sent, items, strict=True):
            match item["status"]:
                case "accepted":
                    self.acked.append(Acked(item["position"], told))
                case "duplicate":
                    self.known.append(Acked(item["position"], told))
                case "refused":
                    self.refused[item["reason"]] += 1
                case status:
                    assert status == "unsent", item
                    left.append(told)
        return left


def is_sendable(told: Told) -> bool:
    """Whether HTTP says the same as the bus: the subject is what the event itself says."""
    try:
        event = json.loads(told.said.body)
        publisher = event["source"].removeprefix("/units/")
        return bool(told.said.bus_subject == build_bus_subject(publisher, event["type"]))
    except (ValueError, TypeError, LookupError, AttributeError, InvalidSubjectError):
        return False


def _batch(group: Sequence[Told]) -> bytes:
    return b"[" + b",".join(told.said.body for told in group) + b"]"
