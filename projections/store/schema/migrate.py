"""Bring a database's schema to the version that this code was written for.

SQLAlchemy and Alembic are imported when they are used: a projector knows of migrations and runs none, and they would
be a tenth of its memory and half of its start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from projections.store.connecting import connect
from projections.store.schema.privileges import of_accounts

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
_SESSION = {"application_name": "tonghop migrate"}


class SchemaError(RuntimeError):
    """The database's schema isn't one that this code can bring up to date."""


async def upgrade(database_url: str) -> None:
    """Run the missing revisions in one transaction of their own: all of them hold, or none.

    `database_url` is any that libpq takes; SQLAlchemy never sees it, and is handed the connection. An advisory lock
    lets one process at a time through; the next finds nothing to do. Raises SchemaError for a schema made by newer
    code, and what asyncpg and the socket raise.
    """
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(database_url, server_settings=_SESSION),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('tonghop.migrate'))"))
            await connection.run_sync(_upgrade)
            await connection.exec_driver_sql(of_accounts())
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaError(f"the database's schema can't be brought up to date by this version: {error}") from error
