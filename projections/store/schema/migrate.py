"""Bring a database's schema to the version that this code was written for.

SQLAlchemy and Alembic are imported when they are used: a projector knows of migrations and runs none, and they would
be a tenth of its memory and half of its start.

Old and new run side by side while a new version comes in, and on the way back (decision 0058): so a revision only adds,
says in `lives_with` the oldest revision whose program it leaves in peace, and the database keeps that word. It takes
its locks only where it gets them at once: a reader who waits behind it would wait as long as it does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from projections.bilingual import Bilingual
from projections.store.connecting import connect
from projections.store.schema.privileges import of_accounts

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
_SESSION = {"application_name": "tonghop migrate"}
_LIVES_WITH: Final = " lives with "
"""What is between two revisions in the comment on Alembic's table: that of the database, and the oldest program's."""
_SAID: Final = "SELECT obj_description('alembic_version'::regclass, 'pg_class')"


class SchemaError(RuntimeError):
    """The database's schema isn't one that this code can bring up to date."""


async def upgrade(database_url: str, *, lock_wait: float = 0) -> str | None:
    """Run the missing revisions in one transaction of their own: all of them hold, or none.

    Returns the revision that the database is at where that is of a newer program and this one can live with it: then
    nothing is done; else None. With `lock_wait` a lock on a table is waited for so many seconds, and then
    asyncpg's LockNotAvailableError says that somebody is at work there: nothing was done, try again.

    `database_url` is any that libpq takes; SQLAlchemy never sees it, and is handed the connection. An advisory lock
    lets one process at a time through; the next finds nothing to do. Raises SchemaError for a schema that this program
    can't live with, and what asyncpg and the socket raise.
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
            await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(lock_wait * 1000)}")
            newer = await connection.run_sync(_upgrade)
            if newer is None:
                await connection.exec_driver_sql(of_accounts())
            return newer
    finally:
        await engine.dispose()


def head() -> str:
    """Name the revision that this program was written for."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def lives_with(scripts: ScriptDirectory, revision: str) -> str:
    """Name the oldest revision whose program can live with a revision: itself, where it does not say."""
    return str(getattr(scripts.get_revision(revision).module, "lives_with", revision))


def _upgrade(connection: Connection) -> str | None:
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    own = str(scripts.get_current_head())
    there = MigrationContext.configure(connection).get_current_revision()
    if there is not None and there not in {each.revision for each in scripts.walk_revisions()}:
        _require_peace(connection, there, own)
        return there
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaError(f"the database's schema can't be brought up to date by this version: {error}") from error
    oldest = lives_with(scripts, own)
    said = f"{own}{_LIVES_WITH}{oldest}"
    if oldest != own and _scalar(connection, _SAID) != said:
        connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{said}'")
    return None


def _require_peace(connection: Connection, there: str, own: str) -> None:
    """Raise SchemaError unless the newer schema that is there says that this program can live with it."""
    of, _, oldest = str(_scalar(connection, _SAID) or "").partition(_LIVES_WITH)
    needs = oldest if of == there else there  # a word on a revision of before says nothing
    if own < needs:
        raise SchemaError(
            Bilingual(
                f"lược đồ của cơ sở dữ liệu ({there}) mới hơn phiên bản này ({own}) và cần ít nhất {needs}: "
                "hãy chạy phiên bản mới",
                f"the database's schema ({there}) is newer than this version's ({own}) and needs {needs} at least: "
                "run the newer version",
            )
        )


def _scalar(connection: Connection, statement: str) -> Any:
    return connection.exec_driver_sql(statement).scalar()
