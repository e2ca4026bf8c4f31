"""The database of the service, for commands that work on it without the API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from projections.core.message import GapError
from services.cli.client import CommandError, DiffersError
from services.settings import Settings

Answer = TypeVar("Answer")


def on_database(settings: Settings, work: Callable[[asyncpg.Connection], Awaitable[Answer]]) -> Answer:
    """Do something on a connection of its own.

    Raises CommandError where the database or its schema is not there, DiffersError where its ledger is not whole.
    """

    async def connected() -> Answer:
        connection = await asyncpg.connect(settings.database_url, timeout=10)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=5)

    try:
        return asyncio.run(connected())
    except GapError as gap:
        raise DiffersError(f"Sổ cái không đủ: {gap}. / The ledger is not whole: {gap}.") from gap
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandError(
            "Không dùng được cơ sở dữ liệu. / The database can't be used.\n"
            "Hãy chỉ địa chỉ bằng TONGHOP_DATABASE_URL hay --data-dir, và chạy `tonghop migrate`. / "
            "Say where it is, and migrate.\n"
            f"({error or type(error).__name__})"
        ) from error
