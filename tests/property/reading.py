"""The API in this process, asked as a reader asks it, and its answers in the words of the oracle."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx

from services.api.app import create_app
from services.settings import Settings
from tests.oracle.figures import Question, Values
from tests.oracle.oracle import Oracle
from tests.oracle.wording import CODES, LEVELS, MEASURES
from tests.property.strategies import DAYS

BASES = ("as-was", "as-now")

RANGES = (
    ("2019-12-31", "2024-01-01"),
    ("2020-01-01", "2020-12-31"),
    ("2022-12-31", "2023-02-01"),
    ("2023-01-31", "2023-01-31"),
    ("2020-02-29", "2023-12-31"),
    ("2019-01-01", "2024-12-31"),
)
BYS = (
    "child",
    "month",
    "quarter",
    "year",
    "none",
    *(f"level:{level}" for level in LEVELS),
    *(f"facet:{dimension}" for dimension in CODES),
    "facet:sex,age_band",
    "facet:grade,sex",
)


def _range(random: Random) -> tuple[dt.date, dt.date]:
    if random.randrange(3) == 0:
        first, last = sorted(random.choices(DAYS, k=2))
    else:
        first, last = random.choice(RANGES)
    return dt.date.fromisoformat(first), dt.date.fromisoformat(last)


def questions(oracle: Oracle, random: Random, several: int) -> list[Question]:
    """Ask each unit for its children on each basis, and `several` other things of any unit."""
    units = oracle.hierarchy().units()
    asked = [Question(unit, *_range(random), basis, MEASURES, "child") for unit in units for basis in BASES]
    for _ in range(several if units else 0):
        measures = tuple(random.sample(MEASURES, random.randint(1, len(MEASURES))))
        pair = f"facet:{','.join(random.sample(tuple(CODES), 2))}"
        by = random.choice((*BYS[:5], random.choice(BYS), random.choice(BYS), pair))
        asked.append(Question(random.choice(units), *_range(random), random.choice(BASES), measures, by))
    return asked


class Reader:
    """A client of the API; every answer but 200 fails the test, unless it is asked for."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, parameters: dict[str, str] | None = None, *, status: int = 200) -> dict[str, Any]:
        answer = await self.client.get(path, params=parameters)
        assert answer.status_code == status, (path, parameters, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    async def report(self, question: Question) -> tuple[Values, dict[str, Values]]:
        """Give the total and the rows by the oracle's keys; no two rows may have one key."""
        shape = {"measures": ",".join(question.measures), "by": question.by}
        found = await self.get(f"/v1/units/{question.unit}/report", range_of(question) | shape)
        rows = found.get("rows", [])
        by_key = {key_of(row): row["values"] for row in rows}
        assert len(by_key) == len(rows), rows
        if question.by == "child":
            assert key_of(rows[-1]) == "own", rows
        return found["total"], by_key

    async def events(self, question: Question) -> list[int]:
        """Give the positions under the question's first measure, rising, over all pages."""
        path = f"/v1/units/{question.unit}/events"
        events = await self._all(path, range_of(question) | {"measure": question.measures[0]})
        return sorted(event["position"] for event in events)

    async def parked(self, unit: str) -> list[int]:
        """Give the positions of what is parked at the unit or below it, rising, over all pages."""
        found = await self._all("/v1/outcomes", {"outcome": "parked", "unit": unit})
        return sorted(event["position"] for event in found)

    async def _all(self, path: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        parameters = parameters | {"limit": "3"}
        page = await self.get(path, parameters)
        while True:
            found += next(listed for listed in page.values() if isinstance(listed, list))
            if page["next"] is None:
                return found
            page = await self.get(path, parameters | {"cursor": page["next"]})


def range_of(question: Question) -> dict[str, str]:
    return {"from": str(question.first), "to": str(question.last), "basis": question.basis}


def key_of(row: dict[str, Any]) -> str:
    for mark in ("own", "rest"):
        if row.get(mark):
            return mark
    if "codes" in row:
        return ",".join(row["codes"].values())
    for name in ("month", "quarter", "year", "code"):
        if name in row:
            return str(row[name])
    return str(row["unit"]["id"])


@asynccontextmanager
async def reader_of(database: str, smallest_cell: int = 1) -> AsyncIterator[Reader]:
    """Open the API; by default it hides no cell, so that every figure can be held to an exact one."""
    app = create_app(
        Settings(access="open", database_url=database, nats_url="nats://127.0.0.1:1", smallest_cell=smallest_cell)
    )
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield Reader(client)
