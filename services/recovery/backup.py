"""A backup of both, while the service runs: the database as of one snapshot, then the stream, which goes as far."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path

import asyncpg
from nats.js.errors import NotFoundError

from services.language import either
from services.log.check import check_log
from services.log.errors import ForeignLogError
from services.recovery.database import connected as database_connected
from services.recovery.database import head_of, held
from services.recovery.dump import dump
from services.recovery.errors import BackupError, RestoreError
from services.recovery.log import Log, connected
from services.recovery.manifest import DATABASE, FORMAT, NAME, STREAM, Manifest, Written, write_manifest
from services.recovery.telling import Telling
from services.recovery.transfer import download
from services.settings import Settings

_OURS = {DATABASE, STREAM, f"{NAME}.partial"}


async def backup(settings: Settings, folder: Path, telling: Telling) -> Manifest:
    """Write a backup into a folder that is new, empty, or holds half a backup; one that is whole is never touched.

    Raises RestoreError; what is written until then is no backup: its manifest is missing.
    """
    _prepare(folder)
    async with database_connected(settings.database_url) as connection, connected(settings) as log:
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        try:
            found = await held(connection)
            if found.revision is None:
                raise RestoreError("The database has no tables yet: nothing to back up (`tonghop migrate`)")
            await _check_pair(log, connection)
            head = await head_of(connection)
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            with telling.step(either("Cơ sở dữ liệu", "The database"), in_bytes=True) as advance:
                database = Written(folder / DATABASE, advance)
                await dump(connection, snapshot, database.take)
        finally:
            with suppress(Exception):
                await transaction.rollback()
        with telling.step(either("Luồng", "The stream"), in_bytes=True) as advance:
            stream = Written(folder / STREAM, advance)
            begun = await download(log.client, log.name, stream.take)
    files = {DATABASE: database.close(), STREAM: stream.close()}
    manifest = Manifest(
        format=FORMAT,
        made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        position=found.position,
        stream_last=begun["state"]["last_seq"],
        schema=found.revision,
        stream=log.name,
        stream_config=begun["config"],
        files=files,
        head=head,
    )
    if manifest.stream_last < manifest.position:
        raise RestoreError(f"the stream ends at {manifest.stream_last}, the figures at {manifest.position}: no backup")
    write_manifest(folder, manifest)
    return manifest


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise BackupError(f"{folder} can't be used: {error}") from error
    if NAME in found:
        raise BackupError(f"{folder} holds a whole backup already, and nothing is overwritten: name another folder")
    if strange := found - _OURS:
        raise BackupError(f"{folder} holds something else ({', '.join(sorted(strange))}): name a new or empty folder")


async def _check_pair(log: Log, connection: asyncpg.Connection) -> None:
    """Raise RestoreError where the stream isn't the one that the figures were made from: a backup of them is none."""
    try:
        await check_log(log.client.jetstream(), log.name, connection)
    except NotFoundError as error:
        raise RestoreError(f"There is no stream {log.name}: `tonghop restore --from-ledger` first") from error
    except ForeignLogError as error:
        raise RestoreError(f"No backup of what does not belong together. {error}") from error
