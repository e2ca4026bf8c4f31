"""A log, applied batch by batch to a database of its own, and its answers through the public interface."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from events.subjects import build_bus_subject
from projections.rules.log.message import Message
from projections.store.live.projection import Projection
from services.demo.saying import CloudEvent
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests.oracle.wording import FACTS, day_of
from tests.property.reading import Reader, reader_of
from tests.servers import fresh_database

Values = dict[str, int]
Answer = dict[str, Any]


class Country:
    """A log, applied batch by batch, and its readers."""

    def __init__(self, log: Sequence[CloudEvent], projection: Projection, reader: Reader) -> None:
        self.log = log
        self._projection = projection
        self._reader = reader

    async def apply(self, first: int, end: int) -> None:
        """Apply the events of these indices as one batch."""
        start = dt.datetime(2025, 12, 31, tzinfo=dt.UTC)
        batch = [
            Message(
                number + 1,
                start + dt.timedelta(seconds=number),
                build_bus_subject(event["source"].removeprefix("/units/"), event["type"]),
                None,
                json.dumps(event, ensure_ascii=False).encode(),
            )
            for number, event in enumerate(self.log[first:end], first)
        ]
        await self._projection.apply(batch)

    async def report(self, unit: str, **asked: str) -> Answer:
        return await self._reader.get(f"/v1/units/{unit}/report", asked)

    async def total(self, unit: str, **asked: str) -> Values:
        total: Values = (await self.report(unit, by="none", **asked))["total"]
        return total

    async def events(self, unit: str, **asked: str) -> list[Answer]:
        """Give the events under a number; a thousand are enough for any that is asked for here."""
        found = await self._reader.get(f"/v1/units/{unit}/events", {"limit": "1000"} | asked)
        assert found["next"] is None
        listed: list[Answer] = found["events"]
        return listed

    async def unit(self, unit: str, on: str) -> Answer:
        return await self._reader.get(f"/v1/units/{unit}", {"on": on})

    async def indicators(self, unit: str, on: str, **asked: str) -> Answer:
        return await self._reader.get(f"/v1/units/{unit}/indicators", {"on": on} | asked)

    async def targets(self, unit: str, on: str) -> dict[tuple[str, str], Answer]:
        """Give the targets by measure and deadline."""
        return {(each["measure"], each["to"]): each for each in (await self.indicators(unit, on))["targets"]}

    async def figure(self, unit: str, on: str, figure: str) -> Answer:
        """Give the only row of a figure, with its day or its period."""
        (found,) = [each for each in (await self.indicators(unit, on))["figures"] if each["figure"] == figure]
        return dict(found)

    async def rate(self, unit: str, on: str, rate: str) -> Answer:
        (found,) = [each for each in (await self.indicators(unit, on))["rates"] if each["rate"] == rate]
        return dict(found)

    async def statement(self, unit: str, first: str, last: str, **asked: str) -> Answer:
        return await self._reader.get(f"/v1/units/{unit}/statement", {"from": first, "to": last} | asked)

    async def refusal(self, unit: str, first: str, last: str, **asked: str) -> Answer:
        """Give the problem with which a statement is refused."""
        asked = {"from": first, "to": last} | asked
        return await self._reader.get(f"/v1/units/{unit}/statement", asked, status=422)

    async def outcomes(self) -> list[str]:
        """Tell what became of each event so far, by position."""
        found = await self._reader.get("/v1/receipts", {"from": "1", "to": str(len(self.log))})
        return [receipt["outcome"] for receipt in found["receipts"]]

    async def counted(self) -> Counter[tuple[str, str]]:
        """Count the facts that hold so far by month and measure, from what the events themselves say."""
        outcomes = await self.outcomes()
        return Counter(
            (str(day_of(event))[:7], measure)
            for event, outcome in zip(self.log, outcomes, strict=False)
            if outcome == "counted"
            for measure in FACTS[event["type"]][0]
        )


@asynccontextmanager
async def country_of(log: Sequence[CloudEvent], postgres: PostgresServer) -> AsyncIterator[Country]:
    async with fresh_database(postgres) as database:
        projection = await Projection.open(database)
        try:
            async with reader_of(database, Settings().smallest_cell) as reader:
                yield Country(log, projection, reader)
        finally:
            await projection.close()


def share(rate: Answer) -> tuple[str, int, str, int, float | None]:
    """Read a rate as what it divides, numerator first, and what comes out."""
    over, under = rate["numerator"], rate["denominator"]
    return over["what"], over["value"], under["what"], under["value"], rate["percent"]
