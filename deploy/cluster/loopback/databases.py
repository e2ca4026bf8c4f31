"""What an administrator does once in a new PostgreSQL (README.md): the database, its users and their passwords."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from projections.store.connecting import connect
from projections.store.schema.privileges import roles
from services.language import either

NAME: Final = "tonghop"
USERS: Final = ("tonghop_migrate", "tonghop_projector", "tonghop_api")
_ASYNCHRONOUS: Final = "ALTER ROLE tonghop_projector SET synchronous_commit = local"
_PASSWORD: Final = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"  # noqa: S105 - a statement


_HERE: Final = "SELECT pg_current_wal_lsn()::text"
_THERE: Final = "SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= $1::text::pg_lsn"
_WITHIN: Final = 120.0


async def follow(primary_url: str, urls: Iterable[str]) -> None:
    """Wait until servers have what the primary has; all URLs are the superuser's.

    By several addresses a standby may be met first, and has to know the database and its users by then. Raises
    TimeoutError, and what asyncpg raises.
    """
    primary = await connect(primary_url)
    try:
        reached = await primary.fetchval(_HERE)
    finally:
        await primary.close()
    async with asyncio.timeout(_WITHIN):
        for url in urls:
            standby = await connect(url)
            try:
                while not await standby.fetchval(_THERE, reached):  # noqa: ASYNC110 - a standby tells nobody
                    await asyncio.sleep(0.1)
            finally:
                await standby.close()


async def make(superuser_url: str, passwords: Mapping[str, str], notice: Callable[[str], None]) -> None:
    """Make the database where it is missing, the users, and set their passwords; harmless again.

    `superuser_url` is of the database `postgres`, on the primary alone. Raises what asyncpg raises.
    """
    connection = await connect(superuser_url)
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", NAME):
            notice(f"  {NAME:<14}{either('đang tạo cơ sở dữ liệu', 'the database is made')}")
            await connection.execute(f"CREATE DATABASE {NAME}")
    finally:
        await connection.close()
    connection = await connect(superuser_url.replace("/postgres?", f"/{NAME}?", 1))
    try:
        await connection.execute(roles())
        await connection.execute(_ASYNCHRONOUS)
        for user, password in passwords.items():
            await connection.execute(await connection.fetchval(_PASSWORD, user, password))
    finally:
        await connection.close()
