"""The system under test, held by its public ends: batches of messages in, outcomes and answers over HTTP out."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from projections.rules.counting.state import Sizes
from projections.rules.log.message import Message
from projections.store.generations import enter_the_one_in_force, schema_of
from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from projections.store.running_sql import taken_apart
from tests.oracle.oracle import Oracle
from tests.oracle.telling import ROOT, Said
from tests.servers import connect

SIZES = Sizes(large=3, vast=5)
"""Small, so that trees of a dozen units have large and vast units too (docs/architecture.md)."""

OTHERS = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^g[0-9]+$|^verified$' AND nspname <> $1"

Batch = tuple[int, int, bool]
"""Indices into a log, first and end, and whether the projection is opened anew before."""

READ_MODELS = {
    "counter": "SELECT u.id, c.period, c.measure, c.n FROM counter c JOIN unit u ON u.no = c.unit WHERE c.n <> 0",
    "running_sum": f"SELECT u.id, period, measure, n FROM ({taken_apart('running_sum')}) AS r"
    " JOIN unit u ON u.no = r.unit",
    "fact": "SELECT u.id, f.day, f.measure, f.position, f.facets, f.person FROM fact f JOIN unit u ON u.no = f.unit",
    "former_fact": "SELECT position, measure, unit, day, facets, held_at, retracted_at FROM former_fact",
    "ledger": f"SELECT position, outcome, reason, field, first FROM {DECIDED} AS said",
    "tally": "SELECT type, outcome, reason, n FROM tally WHERE n <> 0",
    "publisher_rejects": "SELECT publisher, reason, n, last_position FROM publisher_rejects",
    "chain": "SELECT position, hash FROM chain",
    "edge": "SELECT u.id, e.since, e.until, p.id FROM edge e JOIN unit u ON u.no = e.unit"
    " LEFT JOIN unit p ON p.no = e.parent",
    "target": "SELECT t.position, u.id, t.measure, t.first, t.last, t.at_least, t.at_most, t.resolution"
    " FROM target t JOIN unit u ON u.no = t.unit",
    "declaration": "SELECT d.position, u.id, d.figure, d.first, d.last, d.value, d.note"
    " FROM declaration d JOIN unit u ON u.no = d.unit",
    "access_grant": "SELECT a.position, u.id, a.account, a.role, a.granted, a.until"
    " FROM access_grant a JOIN unit u ON u.no = a.unit",
    "unit": "SELECT u.id, u.established, u.since, u.dissolved, s.id, u.name, u.level, u.parked_own, u.parked_below"
    " FROM unit u LEFT JOIN unit s ON s.no = u.successor",
    "unit_name": "SELECT u.id, n.since, n.until, n.name FROM unit_name n JOIN unit u ON u.no = n.unit",
    "unit_level": "SELECT u.id, l.since, l.until, l.level FROM unit_level l JOIN unit u ON u.no = l.unit",
}
"""What has to be the same however a log is delivered; a unit's number may differ, as its id doesn't."""


def messages(log: Sequence[Said]) -> list[Message]:
    """Take the log as the bus delivers it, at positions from 1 on."""
    start = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    return [
        Message(n, start + dt.timedelta(seconds=n), said.bus_subject, None, said.body)
        for n, said in enumerate(log, start=1)
    ]


def oracle_of(log: Sequence[Said]) -> Oracle:
    """Have the oracle read the log, at the same positions."""
    oracle = Oracle(ROOT)
    for position, said in enumerate(log, start=1):
        oracle.feed(position, *said)
    return oracle


class System:
    """A database that logs are delivered to, one after the other."""

    def __init__(self, url: str, connection: asyncpg.Connection) -> None:
        self.url = url
        self.connection = connection

    async def deliver(
        self, log: Sequence[Said], batches: Sequence[Batch], after: Callable[[int], Awaitable[None]] | None = None
    ) -> None:
        """Empty the database, then apply the log in these batches, each in a transaction of its own.

        ``after`` is called with the end of each batch.
        """
        await self._empty()
        everything = messages(log)
        projection = await Projection.open(self.url, root=ROOT, sizes=SIZES)
        try:
            for first, end, reopen in batches:
                if reopen:
                    await projection.close()
                    projection = await Projection.open(self.url, root=ROOT, sizes=SIZES)
                await projection.apply(everything[first:end])
                if end % 3 == 0:  # nothing comes for a while
                    await projection.rest()
                if after is not None:
                    await after(end)
        finally:
            await projection.close()

    async def _empty(self) -> None:
        kept = ("alembic_version", "checkpoint", "worker", "audit")  # the audit log lets nobody empty it
        here = await enter_the_one_in_force(self.connection)
        schema = schema_of(here.generation)
        for other in await self.connection.fetch(OTHERS, schema):
            await self.connection.execute(f"DROP SCHEMA {other[0]} CASCADE")
        tables = await self.connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname IN ('public', $1)", schema
        )
        names = ", ".join(f'"{t[0]}"' for t in tables if t[0] not in kept)
        await self.connection.execute(f"TRUNCATE {names}")
        # Another generation, so that nothing that a reader keeps by position is taken for this log's.
        await self.connection.execute(f"ALTER SCHEMA {schema} RENAME TO {schema_of(here.generation + 1)}")
        await self.connection.execute("UPDATE checkpoint SET position = 0, as_of = NULL, generation = generation + 1")
        await enter_the_one_in_force(self.connection)

    async def outcomes(self) -> list[tuple[int, str, str | None]]:
        """Tell what became of each message, by position, as the generation says that is in force now."""
        await enter_the_one_in_force(self.connection)
        rows = await self.connection.fetch(f"SELECT position, outcome, reason FROM {DECIDED} AS said ORDER BY position")
        return [tuple(row) for row in rows]

    async def dump(self) -> dict[str, list[Any]]:
        """Read all of the read models, in an order of their own content."""
        rows = {name: await self.connection.fetch(query) for name, query in READ_MODELS.items()}
        return {name: sorted((tuple(row) for row in found), key=repr) for name, found in rows.items()}


@asynccontextmanager
async def system_on(database: str) -> AsyncIterator[System]:
    connection = await connect(database)
    try:
        yield System(database, connection)
    finally:
        await connection.close()
