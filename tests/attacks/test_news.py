"""Open streams: too many of them, one that is kept when access is gone, one that outlives its service."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.access import accounts, sessions, tokens
from services.access.asker import Asker
from services.access.bootstrapping import OWNER
from services.api.news import OF_A_CLIENT
from services.embedded.postgres import PostgresServer
from services.settings import Address, Settings
from tests import servers
from tests.attacks.http_serving import serving
from tests.attacks.listening import Listening, let_be_new
from tests.integration.test_api import NOWHERE, small_world
from tests.servers import connect

PART, BELOW, BESIDE = "unit-002", "unit-004", "unit-005"
NEWS = f"/v1/units/{PART}/news"
DAY = dt.date(2022, 5, 5)
GRANT = "INSERT INTO access_grant SELECT $1::bigint, no, $2, 'reader', $3, NULL FROM unit WHERE id = $4"


class World:
    """An API with the settings that it has by itself, its database, and accounts that may read PART."""

    def __init__(self, url: str, connection: asyncpg.Connection, address: Address) -> None:
        self.url = url
        self.connection = connection
        self.address = address
        self._grants = 0

    async def reader(self, name: str) -> tuple[str, str]:
        """Make a reader of PART; return the account and a token's secret."""
        made = await accounts.add(self.connection, OWNER, f"news.{name}", "service", account=None, came_from=None)
        _, secret = await tokens.make(self.connection, OWNER, made.account, "test")
        await self.grant(made.account, granted=True)
        return made.account, secret

    async def grant(self, account: str, *, granted: bool) -> None:
        """Say that the account may read PART, or no more."""
        self._grants += 1
        await self.connection.execute(GRANT, 10_000 + self._grants, account, granted, PART)

    async def listen(self, secret: str, target: str = NEWS, source: str = "127.0.0.1", **headers: str) -> Listening:
        return await Listening.to(self.address, target, source, Authorization=f"Bearer {secret}", **headers)

    async def say(self, unit: str = BELOW) -> int:
        return await let_be_new(self.connection, unit, DAY)


@pytest.fixture(scope="module")
async def world(
    postgres: PostgresServer, _template: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with servers.fresh_database(postgres) as url:
        connection = await connect(url)
        await small_world().write(connection)
        async with serving(Settings(database_url=url, nats_url=NOWHERE), tmp_path_factory.mktemp("news")) as address:
            yield World(url, connection, address)
        await connection.close()


async def test_without_a_right_to_figures_there_is_nothing_to_hear(world: World) -> None:
    _, secret = await world.reader("outside")
    for target in (f"/v1/units/{BESIDE}/news", "/v1/units/trung-uong/news"):
        refused = await world.listen(secret, target)
        assert (refused.reply.status, refused.reply.headers["content-type"]) == (403, "application/problem+json")
    assert (await Listening.to(world.address, NEWS)).reply.status == 401
    for query in ("after=x", "nonsense=1", "from=2022-02-01&to=2022-01-01", "after=1&after=2"):
        assert (await world.listen(secret, f"{NEWS}?{query}")).reply.status == 422, query
    for wrong in ("x", "9" * 19 + "9", "-1"):
        assert (await world.listen(secret, Last_Event_ID=wrong)).reply.status == 422, wrong
    assert (await world.listen(secret, "/v1/units/nowhere/news")).reply.status == 404
    head = await Listening.to(world.address, "/healthz")  # and the connections are in order
    assert head.reply.status == 200


async def test_what_is_new_is_told_where_it_counts_and_nowhere_else(world: World) -> None:
    _, secret = await world.reader("counts")
    known = await world.connection.fetchval("SELECT position FROM checkpoint")
    here, day = await world.listen(secret), await world.listen(secret, f"{NEWS}?from=2022-05-06")
    assert here.reply.headers["content-type"] == "text/event-stream"
    assert here.reply.headers["cache-control"] == "no-store"
    await world.say(BESIDE)
    position = await world.say()
    told = await here.message()
    assert told is not None
    assert (told.event, told.id) == ("moved", str(position))
    assert {**told.data, "as_of": None} == {"after": known, "position": position, "as_of": None, "events": 1}
    since = await world.listen(secret, f"{NEWS}?after=0", Last_Event_ID=str(known))
    again = await since.message()
    assert again is not None
    assert (again.data["after"], again.data["events"]) == (known, 1)
    later = await let_be_new(world.connection, BELOW, dt.date(2022, 5, 6))
    only = await day.message()
    assert only is not None
    assert (only.data["after"], only.data["position"], only.data["events"]) == (known, later, 1)
    for each in (here, since, day):
        each.hang_up()


async def test_who_may_no_more_is_told_nothing_more(world: World) -> None:
    stays = await world.listen((await world.reader("stays"))[1])
    revoked, ended = await world.reader("revoked"), await world.reader("ended")
    streams = [await world.listen(revoked[1]), await world.listen(ended[1])]
    await world.grant(revoked[0], granted=False)
    await world.connection.execute("UPDATE token SET revoked_at = now() WHERE account = $1", ended[0])
    await world.say()
    for stream in streams:
        assert await stream.message() is None
        stream.hang_up()
    assert await stays.message() is not None
    stays.hang_up()


async def test_a_stream_does_not_outlive_its_session(world: World) -> None:
    account, _ = await world.reader("signs-out")
    async with world.connection.transaction():
        secret = await sessions.begin(
            world.connection, account, by="password", hours=1, came_from=None, instead_of=None
        )
    cookie = f"tonghop-session={secret}"
    stream = await Listening.to(world.address, NEWS, Cookie=cookie)
    assert stream.reply.status == 200
    await sessions.end(world.connection, Asker(account, "session", "x"), account, None, came_from=None)
    await world.say()
    assert await stream.message() is None
    assert (await Listening.to(world.address, NEWS, Cookie=cookie)).reply.status == 401
    stream.hang_up()


async def test_one_client_can_t_have_all_streams(world: World) -> None:
    _, secret = await world.reader("many")
    mine = [await world.listen(secret, source="127.0.0.3") for _ in range(OF_A_CLIENT)]
    assert {each.reply.status for each in mine} == {200}
    refused = await world.listen(secret, source="127.0.0.3")
    assert refused.reply.status == 429
    assert int(refused.reply.headers["retry-after"]) > 0
    other = await world.listen(secret, source="127.0.0.4")
    await world.say()
    for each in (other, mine[0], mine[-1]):
        assert await each.message() is not None
    for each in (*mine, other):
        each.hang_up()
    again = await world.listen(secret, source="127.0.0.3")  # a place is free as soon as one is gone
    assert again.reply.status == 200
    again.hang_up()


@pytest.mark.long
async def test_a_thousand_streams_are_all_that_there_can_be_and_nobody_waits_for_them(world: World) -> None:
    _, secret = await world.reader("crowd")
    crowd = [await world.listen(secret, source=f"127.0.1.{n % 10 + 1}") for n in range(1_000)]
    assert {each.reply.status for each in crowd} == {200}
    refused = await world.listen(secret, source="127.0.2.1")
    assert (refused.reply.status, int(refused.reply.headers["retry-after"]) > 0) == (503, True)
    await world.say()
    async with httpx.AsyncClient(base_url=f"http://{world.address}", trust_env=False, timeout=60) as client:
        report = await client.get(f"/v1/units/{PART}/report", headers={"authorization": f"Bearer {secret}"})
        assert report.status_code == 200
    for each in crowd:
        assert await each.message() is not None
        each.hang_up()


async def test_a_head_holds_no_place(world: World) -> None:
    _, secret = await world.reader("head")
    async with httpx.AsyncClient(base_url=f"http://{world.address}", trust_env=False, timeout=60) as client:
        for _ in range(3):
            head = await client.head(NEWS, headers={"authorization": f"Bearer {secret}"})
            assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.long
async def test_streams_end_with_the_service_as_they_should(world: World, tmp_path: Path) -> None:
    _, secret = await world.reader("shutdown")
    async with serving(Settings(database_url=world.url, nats_url=NOWHERE), tmp_path) as address:
        stream = await Listening.to(address, NEWS, Authorization=f"Bearer {secret}")
        assert (await stream.chunk()).startswith(b"retry: ")
    last = await stream.wire.reader.read()
    assert last.endswith(b"0\r\n\r\n"), last  # its end, and no cut; the API has ended since
    assert "Traceback" not in (tmp_path / "api.log").read_text()
    stream.hang_up()
