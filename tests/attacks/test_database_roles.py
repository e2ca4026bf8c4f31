"""The users of deploy/postgres/roles.sql on a real server: enough for each process, and no more."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import nats
import pytest

from projections.store.checkpoint import lineage_of
from projections.store.connecting import connect
from projections.store.schema.access_tables import ACCESS
from projections.store.schema.migrate import upgrade
from services.connecting.bus import BusClient, Listener
from services.embedded.postgres import PostgresServer, program
from services.projector.pulse import Pulse
from services.projector.worker import Worker
from services.settings import Settings
from services.verification.rebuilding import rebuild
from tests import servers
from tests.fault.projecting import eventually
from tests.integration.access.world import fill_in, ok, sign_in, world_of
from tests.integration.test_api import client_of, get
from tests.oracle.telling import ROOT, Said, admitted, founded

ROLES = Path(__file__).parents[2] / "deploy/postgres/roles.sql"
DAY = "2023-05-04"
OF_ACCOUNTS = tuple(ACCESS.tables)


def given_roles(server: PostgresServer, url: str) -> None:
    database = url.rpartition("@/")[2].partition("?")[0]
    where = ("-h", str(server.socket_dir), "-U", "postgres", "-d", database)
    subprocess.run([program("psql"), "--quiet", "--no-psqlrc", *where, "-f", ROLES], check=True)


def as_user(url: str, user: str) -> str:
    return url.replace("postgres@", f"tonghop_{user}@")


@asynccontextmanager
async def projecting(settings: Settings) -> AsyncIterator[Pulse]:
    client = BusClient()
    await client.connect(settings.nats_url, error_cb=Listener())
    pulse = Pulse(settings, client)
    task = asyncio.create_task(Worker(settings, client, pulse).run())
    try:
        yield pulse
        assert not task.done()
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)
        await client.close()


async def publish(settings: Settings, *log: Said) -> None:
    client = await nats.connect(settings.nats_url)
    for said in log:
        await client.jetstream().publish(said.bus_subject, said.body)
    await client.close()


def quietly(*_: object) -> None:
    """Take no note of progress."""


@pytest.mark.parametrize("made_before", [False, True], ids=["new", "made before"])
async def test_each_process_can_do_its_own_work_with_a_user_of_its_own(
    made_before: bool, party: str, postgres: PostgresServer
) -> None:
    async with servers.fresh_database(postgres, "template0") as url:
        if made_before:
            await upgrade(url)
        given_roles(postgres, url)
        owner, projector, api = (
            replace(Settings(), nats_url=party, database_url=as_user(url, user), root=ROOT)
            for user in ("migrate", "projector", "api")
        )
        await upgrade(owner.database_url)
        await publish(owner, founded(ROOT, None, "2000-01-01", "central"), founded("u1", ROOT, "2000-01-01", "cell"))
        async with projecting(projector) as pulse, client_of(api.database_url, party) as client:
            await publish(owner, admitted("u1", DAY, "m-1"))
            path = f"/v1/units/{ROOT}/report?from=2023-01-01&to=2023-12-31&measures=admissions&by=none"
            assert (await get(client, f"{path}&min_position=3&wait=30"))["total"] == {"admissions": 1}
            reader = await connect(api.database_url)
            assert await lineage_of(reader), "what sessions have seen is of these figures"
            await reader.close()
            if not made_before:
                await rebuild(owner, quietly)  # makes a schema that the others have to find open to them
                await publish(owner, admitted("u1", DAY, "m-2"))
                assert (await get(client, f"{path}&min_position=4&wait=30"))["total"] == {"admissions": 2}

            async def signs() -> bool:
                return pulse.state == "leading"

            await eventually(signs, "it does not lead")
        for settings, tries in (
            (api, tuple(f"DELETE FROM {table}" for table in ("account", "token", "audit"))),
            (api, ("UPDATE audit SET what = ''", "TRUNCATE audit", "ALTER TABLE audit DISABLE TRIGGER ALL")),
            (api, ("SET session_replication_role = replica", "DROP FUNCTION audit_append_only CASCADE")),
            (projector, tuple(f"TABLE {table}" for table in OF_ACCOUNTS)),
            (projector, tuple(f"DELETE FROM {table}" for table in OF_ACCOUNTS)),
            (projector, tuple(f"INSERT INTO {table} DEFAULT VALUES" for table in OF_ACCOUNTS)),
            (projector, ("UPDATE account SET disabled_at = NULL", "UPDATE token SET revoked_at = NULL")),
            (api, ("UPDATE checkpoint SET position = 0", "DELETE FROM ledger", "CREATE TABLE mine (n int)")),
            (api, ("CREATE SCHEMA mine", "INSERT INTO pause DEFAULT VALUES", "CREATE TEMP TABLE mine (n int)")),
            (projector, ("DROP TABLE ledger", "TRUNCATE ledger", "CREATE SCHEMA mine", "CREATE TABLE mine (n int)")),
        ):
            await all_denied(settings.database_url, tries)


async def test_an_account_is_made_signs_in_and_out_by_the_user_of_the_api(postgres: PostgresServer) -> None:
    async with servers.fresh_database(postgres) as url:
        given_roles(postgres, url)
        async with world_of(as_user(url, "api"), owner=url) as world:
            account = await world.member()
            async with world.browser() as browser, world.machine() as admin:
                await sign_in(browser)
                csrf = {"x-csrf-token": (await ok(browser.get("/v1/me")))["csrf"]}
                made = await ok(browser.post("/v1/tokens", json={"name": "x"}, headers=csrf), 201)
                await world.access.uses.write()
                await ok(browser.delete(f"/v1/tokens/{made['token']['token']}", headers=csrf))
                await fill_in(browser, "/sign-out")
                await ok(admin.post(f"/v1/accounts/{account}/disable"))
            assert len(await world.told("signed_in", "signed_out", "token_made", "token_revoked")) == 6


async def rights(url: str) -> list[tuple[str, str]]:
    """Give who has which rights to the tables of accounts."""
    connection = await connect(url)
    try:
        rows = await connection.fetch(
            """SELECT table_name || ' ' || grantee, string_agg(privilege_type, ' ' ORDER BY privilege_type)
            FROM information_schema.role_table_grants WHERE table_name = ANY ($1) AND grantee LIKE 'tonghop_%'
                AND grantee <> 'tonghop_migrate' GROUP BY 1 ORDER BY 1""",
            OF_ACCOUNTS,
        )
        return [tuple(row) for row in rows]
    finally:
        await connection.close()


async def test_the_rights_are_the_same_whichever_came_first_and_after_a_restore(postgres: PostgresServer) -> None:
    found = []
    for made_before in (False, True):
        async with servers.fresh_database(postgres, "template0") as url:
            if made_before:
                await upgrade(url)
            given_roles(postgres, url)
            await upgrade(as_user(url, "migrate"))
            found.append(await rights(url))
            connection = await connect(url)  # as they are after `pg_restore --no-privileges`, by default
            await connection.execute(f"GRANT ALL ON {', '.join(OF_ACCOUNTS)} TO tonghop_projector, tonghop_api")
            await connection.close()
            await upgrade(as_user(url, "migrate"))
            found.append(await rights(url))
    assert dict(found[0])["audit tonghop_api"] == "INSERT SELECT"
    assert [each for each in found if each != found[0]] == []
    assert not [name for name, _ in found[0] if "projector" in name]


async def all_denied(url: str, statements: tuple[str, ...]) -> None:
    connection = await connect(url)
    try:
        for statement in statements:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
