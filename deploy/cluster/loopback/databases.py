"""What an administrator does once in a new PostgreSQL (README.md): the database, its users and their passwords."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from projections.store.connecting import connect
from projections.store.schema.privileges import roles
from services.language import either

NAME: Final = "tonghop"
USERS: Final = ("tonghop_migrate", "tonghop_projector", "tonghop_api")
_ASYNCHRONOUS: Final = "ALTER ROLE tonghop_projector SET synchronous_commit = local"
_PASSWORD: Final = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"  # noqa: S105 - a statement


async def make(superuser_url: str, passwords: Mapping[str, str], notice: Callable[[str], None]) -> None:
    """Make the database where it is missing, the users, and set their passwords; harmless again.

    `superuser_url` is of the database `postgres`, on the primary. Raises what asyncpg raises.
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
