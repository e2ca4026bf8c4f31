"""Readiness, and a database or bus that is away: said plainly, and recovered from by itself."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import nats
import pytest

from services.embedded.postgres import PostgresServer
from services.settings import Address
from tests import servers
from tests.fault.eventually import eventually
from tests.integration.test_api import REPORT, client_of, get, scraped, small_world

WORKER = """
INSERT INTO worker (name, state, seen_at, fetched_at, advanced_at, stream_last)
SELECT 'w', 'leading', now() - $1 * second, now() - $2 * second, now() - $3 * second, 1
FROM (SELECT interval '1 second' AS second)
"""


async def troubles(client: httpx.AsyncClient) -> list[str]:
    """Say what is not well with the figures; whatever it is, the API can answer."""
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    return [trouble.split(":")[0] for trouble in (await get(client, "/v1/status"))["troubles"]]


async def readiness(client: httpx.AsyncClient) -> list[str]:
    response = await client.get("/readyz")
    return [] if response.status_code == 200 else [reason.split(":")[0] for reason in response.json()["reasons"]]


async def until_connected(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(120):
        while (await get(client, "/v1/status"))["bus"] != "connected":  # noqa: ASYNC110 - another process answers
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("silences", "position", "reasons"),
    [
        ((0, 0, 0), 1, []),
        ((0, 0, 10), 0, []),
        ((0, 0, 90), 0, ["lag"]),
        ((0, 0, 90), 1, []),
        ((0, 90, 0), 1, ["projector"]),
        ((60, 60, 0), 1, ["projector"]),
    ],
)
async def test_fresh_only_while_the_projector_gets_on(
    database: str, party: str, silences: tuple[int, int, int], position: int, reasons: list[str]
) -> None:
    bus = await nats.connect(party)
    await bus.jetstream().publish("party.v1.trung-uong.unit.established", b"{}")
    await bus.close()
    connection = await asyncpg.connect(database)
    await connection.execute(WORKER, *map(float, silences))
    await connection.execute("UPDATE checkpoint SET position = $1", position)
    await connection.close()
    async with client_of(database, party) as client:
        await until_connected(client)
        assert await troubles(client) == reasons
        status = await get(client, "/v1/status")
        assert (status["stream_last"], status["lag"]) == (1, 1 - position)


async def test_a_pause_is_the_one_reason(database: str, party: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(WORKER, 0.0, 0.0, 90.0)
    await connection.execute("UPDATE worker SET state = 'paused', detail = 'u1 sai', stream_last = 5")
    await connection.close()
    async with client_of(database, party) as client:
        await until_connected(client)
        assert await troubles(client) == ["projector"]
        assert (await get(client, "/v1/status"))["troubles"] == ["projector: u1 sai"]


async def test_ready_without_a_projector_and_not_without_a_schema(database: str, party: str) -> None:
    async with client_of(database, party) as client:
        assert "projector" in await troubles(client)
        connection = await asyncpg.connect(database)
        await connection.execute("DROP TABLE checkpoint CASCADE")
        await connection.close()
        assert "database" in await readiness(client)
        await get(client, REPORT, 503)
        assert (await scraped(client)).status_code == 200
        assert (await client.get("/healthz")).status_code == 200


async def test_the_bus_may_come_later_and_go_again(database: str) -> None:
    with servers.short_folder() as folder, servers.running_nats(folder) as first:
        await servers.fresh_party(first)
        first.stop()
        async with client_of(database, first.url) as client:
            assert "bus" in await troubles(client)
            status = await get(client, "/v1/status")
            assert (status["bus"], status["lag"]) == ("unreachable", None)
            with servers.running_nats(folder, Address.parse(first.url.removeprefix("nats://"))) as second:
                await until_connected(client)
                second.stop()

                async def missed() -> bool:
                    return "bus" in await troubles(client)

                await eventually(missed, "nobody misses the bus")


async def test_a_restart_of_the_database_is_recovered_from() -> None:
    with servers.short_folder() as folder, servers.running_postgres(folder) as server:
        url = server.database_url(servers.TEMPLATE)
        connection = await asyncpg.connect(url)
        await small_world().write(connection)
        await connection.close()
        async with client_of(url) as client:
            before = (await client.get(REPORT)).json()
            server.stop()
            response = await client.get(REPORT)
            assert (response.status_code, response.headers["retry-after"]) == (503, "2")
            assert response.headers["content-type"] == "application/problem+json"
            assert "database" in await readiness(client)
            server.start()
            assert (await client.get(REPORT)).json() == before


async def test_a_database_that_was_never_there(postgres: PostgresServer) -> None:
    async with client_of(postgres.database_url("no_such_database")) as client:
        await get(client, REPORT, 503)
        assert "database" in await readiness(client)
