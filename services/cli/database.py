"""The database of the service, for commands that work on it without the API."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncpg

from services.cli.client import CommandError, service_file
from services.settings import Settings, SettingsError

Answer = TypeVar("Answer")


def database_address(data_dir: Path) -> str:
    """Find the database: as TONGHOP_DATABASE_URL says, as the service of the data folder wrote, or the default."""
    if "TONGHOP_DATABASE_URL" not in os.environ and (url := service_file(data_dir).get("database_url")):
        return str(url)
    try:
        return Settings.from_environment().database_url
    except SettingsError as error:
        raise CommandError(f"Cấu hình sai / bad setting: {error}") from error


def on_database(data_dir: Path, work: Callable[[asyncpg.Connection], Awaitable[Answer]]) -> Answer:
    """Do something on a connection of its own; raises CommandError where the database or its schema is not there."""

    async def connected() -> Answer:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=5)

    url = database_address(data_dir)
    try:
        return asyncio.run(connected())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandError(
            "Không dùng được cơ sở dữ liệu. / The database can't be used.\n"
            "Hãy chỉ địa chỉ bằng TONGHOP_DATABASE_URL hay --data-dir, và chạy `tonghop migrate`. / "
            "Say where it is, and migrate.\n"
            f"({error or type(error).__name__})"
        ) from error
