"""The database of the service, for commands that work on it without the API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from projections.rules.log.message import GapError
from projections.store.connecting import connect
from services.cli.errors import CommandError, DiffersError
from services.cli.streams import OutputError
from services.connecting.database_failures import SERVERS_FAIL
from services.language import chosen, either
from services.settings import Settings

Result = TypeVar("Result")


def on_database(settings: Settings, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
    """Do something on a connection of its own.

    Raises CommandError where the database or its schema is not there, DiffersError where its ledger is not whole.
    """

    async def connected() -> Result:
        connection = await connect(settings.database_url)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=5)

    try:
        return asyncio.run(connected())
    except GapError as gap:
        raise DiffersError(either(f"Sổ cái không đủ: {gap}.", f"The ledger is not whole: {gap}.")) from gap
    except OutputError:
        raise
    except SERVERS_FAIL as error:
        why = chosen(error)
        raise CommandError(
            either(
                f"Không dùng được cơ sở dữ liệu: {why}.\n"
                "Hãy chỉ địa chỉ bằng TONGHOP_DATABASE_URL hay --data-dir, và chạy `tonghop migrate`.",
                f"The database can't be used: {why}.\n"
                "Say where it is with TONGHOP_DATABASE_URL or --data-dir, and run `tonghop migrate`.",
            )
        ) from error
