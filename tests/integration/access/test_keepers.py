"""What a keeper may do with accounts: in his part everything that his own roles could give, elsewhere nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
import pytest

from services.access import tokens
from services.access.bootstrapping import OWNER
from services.access.tokens import Limit
from tests.integration.access.world import World, ok, world_of
from tests.integration.test_api import small_world
from tests.servers import connect

TOP, PROVINCE, DISTRICT, CELL, ASIDE = "trung-uong", "unit-002", "unit-003", "unit-004", "unit-005"
GRANT = """
INSERT INTO access_grant SELECT $1, no, $2, $3, $4, $5::date FROM unit WHERE id = $6
"""
_positions = count(1_000)


@pytest.fixture
async def kept(database: str) -> AsyncIterator[World]:
    connection = await connect(database)
    await small_world().write(connection)
    await connection.close()
    async with world_of(database) as made:
        yield made


async def granted(world: World, account: str, role: str, unit: str, *, holds: bool = True, until: Any = None) -> None:
    connection = await connect(world.database)
    await connection.execute(GRANT, next(_positions), account, role, holds, until, unit)
    await connection.close()


@asynccontextmanager
async def as_account(world: World, account: str, *only: tuple[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """Ask as an account, with a token of its own, which may be limited."""
    async with world.pool.acquire() as connection:
        limits = [Limit(*each) for each in only] or None
        _, secret = await tokens.make(connection, OWNER, account, "x", roles=limits)
    async with world.machine(secret) as client:
        yield client


async def statuses(client: httpx.AsyncClient, accounts: Iterable[str], doing: str = "enable") -> list[int]:
    return [(await client.post(f"/v1/accounts/{account}/{doing}")).status_code for account in accounts]


async def test_a_keeper_administers_whom_he_could_have_granted_it_all(kept: World) -> None:
    keeper, inside, above, both, fellow, lower = [
        await kept.account(name) for name in ("keeper", "inside", "above", "both", "fellow", "lower")
    ]
    for account, role, unit in (
        (keeper, "keeper", PROVINCE),
        (inside, "officer", CELL),
        (above, "reader", TOP),
        (both, "reader", CELL),
        (both, "reader", ASIDE),
        (fellow, "keeper", PROVINCE),
        (lower, "keeper", CELL),
    ):
        await granted(kept, account, role, unit)
    others = (inside, lower, above, both, fellow, keeper, "admin")
    async with as_account(kept, keeper) as client:
        for doing in ("enable", "disable"):
            assert await statuses(client, others, doing) == [200, 200, 403, 403, 403, 403, 403], doing
        for path in ("/v1/tokens", "/v1/sessions"):
            answers = [(await client.get(f"{path}?account={each}")).status_code for each in others]
            assert answers == [200, 200, 403, 403, 403, 200, 403], "one's own, too"
        listed = (await ok(client.get("/v1/accounts")))["accounts"]
        assert {each["name"] for each in listed} == {"keeper", "inside", "both", "fellow", "lower"}
        assert (await ok(client.get("/v1/me")))["granted"] == [{"role": "keeper", "unit": PROVINCE}]
        await granted(kept, keeper, "keeper", PROVINCE, holds=False)
        assert (await ok(client.get("/v1/me")))["granted"] == []
        assert await statuses(client, [inside]) == [403], "taken back, at once"
        assert (await client.get("/v1/accounts")).status_code == 403


async def test_an_account_without_roles_is_his_who_made_it(kept: World) -> None:
    keeper, another = await kept.account("keeper"), await kept.account("another")
    await granted(kept, keeper, "keeper", PROVINCE)
    await granted(kept, another, "keeper", PROVINCE)
    async with as_account(kept, keeper) as client, as_account(kept, another) as other:
        made = (await ok(client.post("/v1/accounts", json={"name": "lan"}), 201))["account"]
        await ok(client.post(f"/v1/accounts/{made}/invitation"), 201)
        assert (await other.post(f"/v1/accounts/{made}/invitation")).status_code == 403
        assert made in {each["account"] for each in (await ok(client.get("/v1/accounts")))["accounts"]}
        assert made not in {each["account"] for each in (await ok(other.get("/v1/accounts")))["accounts"]}
        body = {"name": "of.before", "account": "a-0123456789abcdef"}
        assert (await client.post("/v1/accounts", json=body)).status_code == 403, "an id may have roles already"
        await granted(kept, keeper, "keeper", PROVINCE, holds=False)
        assert (await client.post(f"/v1/accounts/{made}/invitation")).status_code == 403
        await granted(kept, another, "keeper", TOP)
        await ok(other.post(f"/v1/accounts/{made}/invitation"), 201)
        await ok(other.post("/v1/accounts", json=body), 201)


async def test_a_token_administers_no_more_than_it_is_for(kept: World) -> None:
    keeper, inside, aside = [await kept.account(name) for name in ("keeper", "inside", "aside")]
    await granted(kept, keeper, "keeper", TOP)
    await granted(kept, inside, "reader", CELL)
    await granted(kept, aside, "reader", ASIDE)
    async with as_account(kept, keeper, ("keeper", PROVINCE)) as client:
        assert await statuses(client, (inside, aside)) == [200, 403]
        assert {each["name"] for each in (await ok(client.get("/v1/accounts")))["accounts"]} == {"inside"}
    async with as_account(kept, keeper, ("reader", TOP)) as client:
        assert await statuses(client, (inside, aside)) == [403, 403]
        assert (await client.post("/v1/accounts", json={"name": "x"})).status_code == 403
    async with as_account(kept, "admin", ("keeper", ASIDE)) as client:
        assert await statuses(client, (inside, aside)) == [403, 200]


async def test_keepers_see_their_part_of_the_audit_log_and_operators_all(kept: World) -> None:
    keeper, inside, aside, runs = [await kept.account(name) for name in ("keeper", "inside", "aside", "runs")]
    await granted(kept, keeper, "keeper", PROVINCE)
    await granted(kept, inside, "reader", CELL)
    await granted(kept, aside, "reader", ASIDE)
    await granted(kept, runs, "operator", TOP)
    for account in (inside, aside):
        async with as_account(kept, account) as client:
            for unit in (DISTRICT, ASIDE):
                await client.get(f"/v1/units/{unit}/grants")
    async with as_account(kept, keeper) as client:
        entries = (await ok(client.get("/v1/audit")))["entries"]
        assert entries
        assert {(each["account"], each["unit"]) for each in entries} == {
            *((inside, DISTRICT), (inside, ASIDE), (aside, DISTRICT)),
        }
    async with as_account(kept, runs) as client:
        assert {each["account"] for each in (await ok(client.get("/v1/audit?what=refused")))["entries"]} == {
            inside,
            aside,
        }
        assert (await client.get("/v1/accounts")).status_code == 403
    async with as_account(kept, inside) as client:
        assert (await client.get("/v1/audit")).status_code == 403
