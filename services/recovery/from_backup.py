"""Both come back from a backup, or the one of them that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg
from nats.js.api import StreamInfo

from projections.store.schema.migrate import upgrade
from services.language import either
from services.log.check import check_log
from services.log.errors import ForeignLogError
from services.migration import migrate
from services.recovery.database import clear, head_of, held, led
from services.recovery.dump import undump
from services.recovery.errors import NotEmptyError, RestoreError
from services.recovery.halves import Half
from services.recovery.log import Log, closed_by, connected
from services.recovery.manifest import DATABASE, STREAM, Manifest, check_file, read_manifest
from services.recovery.telling import Advance, Telling
from services.recovery.transfer import upload
from services.settings import Settings

MARK: Final = "backup"
_PART: Final = 1 << 20


async def restore_from_backup(settings: Settings, folder: Path, only: Half | None, telling: Telling) -> None:
    """Bring back what a backup holds, into servers that hold nothing; or one half of it, `only`.

    The files are read through first. The stream takes no event before both are there. Safe to run again after it was
    killed, at any moment. Raises RestoreError.
    """
    manifest = read_manifest(folder)
    parts = list(Half) if only is None else [only]
    names = {Half.DATABASE: DATABASE, Half.STREAM: STREAM}
    with telling.step(
        either("Kiểm tra bản sao", "Checking the backup"),
        sum(manifest.files[names[p]].size for p in parts),
        in_bytes=True,
    ) as advance:
        for part in parts:
            await asyncio.to_thread(check_file, folder, names[part], manifest.files[names[part]], _from_thread(advance))
    async with led(settings.database_url) as connection, connected(settings) as log:
        there = await _check_targets(connection, log, parts, manifest)
        if Half.STREAM in parts and Half.STREAM not in there:
            await _stream(log, folder / STREAM, manifest, telling)
        if Half.DATABASE in parts and Half.DATABASE not in there:
            await clear(connection)
            with telling.step(either("Khôi phục cơ sở dữ liệu", "The database comes back")):
                await undump(connection, folder / DATABASE)
        await upgrade(settings.database_url)
        if Half.STREAM in parts:
            await log.open()
        if await log.info() is not None:
            await migrate(settings, notice=telling.say)
    telling.say(
        either(
            f"Đã khôi phục {' và '.join(parts)}: số liệu đến vị trí {manifest.position}, luồng đến "
            f"{manifest.stream_last}. Hãy chạy bộ tổng hợp: nó đọc phần còn lại.",
            f"Restored {' and '.join(parts)}: figures to position {manifest.position}, stream to "
            f"{manifest.stream_last}. Start the projector: it reads the rest.",
        )
    )


def _from_thread(advance: Advance) -> Advance:
    loop = asyncio.get_running_loop()

    def moved(by: int) -> None:
        loop.call_soon_threadsafe(advance, by)

    return moved


async def _check_targets(connection: asyncpg.Connection, log: Log, parts: list[Half], manifest: Manifest) -> set[Half]:
    """Tell which parts a run that was killed has brought back already, to the end.

    Raises NotEmptyError where a target holds something that no run of this put there.
    """
    there: set[Half] = set()
    found = await held(connection)
    same = found.position == manifest.position and await head_of(connection) == manifest.head
    same &= not found.empty and manifest.head is not None
    info = await log.info()
    ours = info is not None and closed_by(info) == MARK
    if Half.STREAM in parts and info is not None and info.state.last_seq and not ours:
        if not (same and info.state.last_seq == manifest.stream_last and await _belongs(log, connection)):
            raise NotEmptyError(
                f"The stream {log.name} holds messages up to {info.state.last_seq}: nothing was changed. If only the "
                f"database is lost: `--only {Half.DATABASE}`, or `tonghop restore --from-log`"
            )
        there.add(Half.STREAM)
    if Half.DATABASE in parts and not found.empty:
        # with the stream lost, and none that a run of this began, it is not known why the figures are there
        if not same or (Half.STREAM in parts and not (ours or there)):
            raise NotEmptyError(
                f"The database holds figures up to position {found.position}: nothing was changed. If only the stream "
                f"is lost: `tonghop restore --from-ledger`, or `--only {Half.STREAM}` and that afterwards"
            )
        there.add(Half.DATABASE)
    return there


async def _belongs(log: Log, connection: asyncpg.Connection) -> bool:
    try:
        await check_log(log.client.jetstream(), log.name, connection)
    except ForeignLogError:
        return False
    return True


async def _stream(log: Log, file: Path, manifest: Manifest, telling: Telling) -> None:
    """Make the stream, closed; what a migration or a killed run of this left there is taken away before."""
    info = await log.info()
    if info is not None:
        await _take_away(log, info)
    with telling.step(
        either("Khôi phục luồng", "The stream comes back"), manifest.files[STREAM].size, in_bytes=True
    ) as advance:
        await upload(log.client, log.closed_config(MARK), _parts(file, advance))
    state = await log.state()
    if state is None or state.last_seq != manifest.stream_last or state.messages != state.last_seq:
        raise RestoreError(f"the stream came back otherwise than it was saved: {state}")


async def _take_away(log: Log, info: StreamInfo) -> None:
    if closed_by(info) != MARK:
        await log.close(MARK)
        now = await log.state()
        if now is not None and now.last_seq:
            await log.open()
            raise NotEmptyError(f"the stream {log.name} took a message just now: stop publishing, and look at it")
    await log.delete()


async def _parts(file: Path, advance: Advance) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while part := opened.read(_PART):
            yield part
            advance(len(part))
