"""The database as a whole: held against a projector, found empty or not, emptied of what a migration made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import asyncpg

from projections.bilingual import Bilingual
from projections.store.address import DatabaseAddress, with_keyword
from projections.store.connecting import connect
from projections.store.live.leadership import try_to_lead
from projections.store.log import hash_chain
from services.access.asker import OWN
from services.connecting.database_failures import SERVERS_FAIL
from services.connecting.failures import Failure, classify, described
from services.recovery.errors import NotEmptyError, RestoreError

_PATIENCE: Final = 5.0

_SCHEMAS: Final = """
SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_TABLES: Final = f"""
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND quote_ident(nspname) IN ({_SCHEMAS})
"""
_OF_ACCOUNTS: Final = {
    f"public.{name}"
    for name in (
        *("account", "invitation", "session", "token", "attempt", "audit"),
        *("receipt", "import", "import_page"),
    )
}
_PEOPLE: Final = "SELECT count(*) FROM account WHERE id <> ALL ($1)"
_POSITION: Final = "SELECT greatest(max(position), (SELECT max(position) FROM ledger)) FROM checkpoint"
_PUBLIC: Final = ("CREATE SCHEMA public AUTHORIZATION pg_database_owner", "GRANT USAGE ON SCHEMA public TO PUBLIC")


class Held(NamedTuple):
    """What a database holds: how far its figures go, and which revision made its tables; None without any."""

    position: int
    revision: str | None

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that could be overwritten."""
        return self.position == 0


@asynccontextmanager
async def connected(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect; the database is made where only it is missing. Raises RestoreError where nobody answers."""
    try:
        connection = await _connect(database_url)
    except SERVERS_FAIL as error:
        if classify(error) is Failure.AWAY:
            raise RestoreError(
                Bilingual("không trả lời", "does not answer", "PostgreSQL (TONGHOP_DATABASE_URL) ", f": {error}")
            ) from error
        raise RestoreError(described(error)) from error
    try:
        yield connection
    finally:
        await connection.close()


async def _connect(database_url: str) -> asyncpg.Connection:
    try:
        return await connect(database_url)
    except asyncpg.InvalidCatalogNameError as missing:
        name = DatabaseAddress.parse(database_url).database
        try:
            maintenance = await connect(with_keyword(database_url, "dbname", "postgres"))
        except asyncpg.PostgresError:
            raise RestoreError(f"{missing}: make it first (createdb {name})") from missing
        try:
            quoted = await maintenance.fetchval("SELECT quote_ident($1)", name)
            await maintenance.execute(f"CREATE DATABASE {quoted}")
        except asyncpg.PostgresError as error:
            raise RestoreError(f"{missing}: make it first (createdb {name}); {error}") from error
        finally:
            await maintenance.close()
        return await connect(database_url)


@asynccontextmanager
async def led(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect in the projector's stead: while this lasts every projector stands by.

    Raises RestoreError where one leads and goes on leading.
    """
    async with connected(database_url) as connection:
        deadline = time.monotonic() + _PATIENCE
        while not await try_to_lead(connection):
            if time.monotonic() > deadline:
                raise RestoreError(
                    Bilingual(
                        "Bộ tổng hợp đang chạy trên cơ sở dữ liệu này: hãy dừng nó trước (hoặc một lần khôi phục khác "
                        "đang chạy).",
                        "A projector runs on this database: stop it first (or another restore is at work).",
                    )
                )
            await asyncio.sleep(0.2)
        yield connection


async def held(connection: asyncpg.Connection, *, accounts_stay: bool = False) -> Held:
    """Look what a database holds. Raises RestoreError where that isn't all of this service.

    Accounts of people are something to lose, unless they stay where they are; the service's own are made anew.
    """
    tables = [name for (name,) in await connection.fetch(_TABLES)]
    if await connection.fetchval("SELECT to_regclass('checkpoint') IS NULL OR to_regclass('ledger') IS NULL"):
        if tables:
            raise RestoreError(f"the database holds other tables ({', '.join(tables)}): give an empty one")
        return Held(0, None)
    position = await connection.fetchval(_POSITION) or 0
    if not position:
        people = 0 if "public.account" not in tables else await connection.fetchval(_PEOPLE, list(OWN))
        if people and not accounts_stay:
            raise NotEmptyError(
                Bilingual(
                    f"Cơ sở dữ liệu chưa có nhật ký nhưng có {people} tài khoản: hãy dùng một cơ sở dữ liệu trống",
                    f"The database holds no ledger, and yet {people} accounts: give an empty one",
                )
            )
        for name in set(tables) - _OF_ACCOUNTS:  # a migration leaves one row in some
            if await connection.fetchval(f"SELECT count(*) FROM (SELECT FROM {name} LIMIT 2) AS rows") > 1:
                raise NotEmptyError(f"the database holds no ledger, and yet rows in {name}: give an empty one")
    return Held(position, await connection.fetchval("SELECT version_num FROM alembic_version"))


async def head_of(connection: asyncpg.Connection) -> str | None:
    """Return the hash of the log up to the checkpoint; None where the tables are older than the chain."""
    if await connection.fetchval("SELECT to_regclass('chain') IS NULL"):
        return None
    _, value = await hash_chain.head(connection)
    return None if value is None else value.hex()


async def clear(connection: asyncpg.Connection) -> None:
    """Take away what a migration made, in one transaction of its own. The caller has found that it is empty."""
    async with connection.transaction():
        for (schema,) in await connection.fetch(_SCHEMAS):
            await connection.execute(f"DROP SCHEMA {schema} CASCADE")
        for statement in _PUBLIC:
            await connection.execute(statement)
