"""The stream is lost or cut: make it anew from the ledger, message by message as it was, at the same positions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg

from projections.store.checkpoint import position_of
from projections.store.log.kept_log import kept_count, kept_size, read_kept
from services.language import either
from services.log.configuration import consumer_config
from services.migration import migrate
from services.recovery import archive, framing
from services.recovery.compare_with_ledger import compare
from services.recovery.database import held, led
from services.recovery.errors import RestoreError, StreamDiffersError
from services.recovery.log import Log, closed_by, connected
from services.recovery.overlap import Overlap, Remedy, remedy
from services.recovery.telling import Advance, Telling
from services.recovery.transfer import upload
from services.settings import Settings

MARK = "ledger"


async def restore_from_ledger(settings: Settings, telling: Telling) -> None:
    """Bring the stream back as far as the ledger goes; what it has beyond the ledger stays.

    Nothing is taken away before every message of it was found in the ledger, byte for byte. Safe to run again after
    it was killed, at any moment. Raises RestoreError.
    """
    async with led(settings.database_url) as connection, connected(settings) as log:
        if (await held(connection)).empty:
            raise RestoreError(
                "The database holds no ledger either: nothing to restore from. If the stream is there, "
                "`tonghop restore --from-log`; if both are lost, `tonghop restore --backup DIR`"
            )
        _check_version(log)
        last = await position_of(connection)
        if (kept := await kept_count(connection, last)) != last:
            raise RestoreError(
                f"The ledger holds {kept} of its {last} messages: it can't make the stream. Nothing was changed"
            )
        if await _wanted(connection, log, last, telling):
            await _make(connection, log, settings, last, telling)
            found = await compare(connection, log, last, telling)
            if found != Overlap(0, None):
                raise RestoreError(
                    f"the stream came back otherwise than the ledger has it, at {found.differs_at}: run again"
                )
        await log.open()
        await migrate(settings, notice=telling.say)
        state = await log.state()
        end = state.last_seq if state else 0
        telling.say(
            either(
                f"Luồng đủ từ 1 đến {last}, đúng từng byte như sổ cái; luồng tới {end}. Hãy chạy bộ tổng hợp.",
                f"The stream holds positions 1 to {last} byte for byte as the ledger; it ends at {end}. "
                "Start the projector.",
            )
        )


async def _wanted(connection: asyncpg.Connection, log: Log, last: int, telling: Telling) -> bool:
    """Tell whether the stream must be made anew, and is gone; StreamDiffersError where it must not be touched."""
    while (info := await log.info()) is not None:
        compared = await compare(connection, log, last, telling)
        match remedy(compared, last, info.state.last_seq):
            case Remedy.NOTHING:
                return False
            case Remedy.NOT_THIS:
                raise StreamDiffersError(_refusal(log.name, compared, last, info.state.last_seq))
        was_open = closed_by(info) is None
        if was_open:
            await log.close(MARK)
        now = await log.state()
        if now is not None and now.last_seq == info.state.last_seq:
            await log.delete()
        elif was_open:
            await log.open()
            raise StreamDiffersError(
                f"{log.name} took new messages while it was compared: stop publishing and run again"
            )
        else:  # the server still takes in what a restore that was killed had sent
            await asyncio.sleep(1)
    return True


def _refusal(name: str, compared: Overlap, last: int, stream_last: int) -> str:
    if compared.differs_at is not None:
        found = f"has another message at {compared.differs_at} than the ledger: it is another stream"
    else:
        found = (
            f"lacks {compared.missing} messages of the ledger and goes on after it, from {last + 1} to {stream_last}"
        )
    return (
        f"The stream {name} {found}. Nothing was changed. Keep it (`nats stream backup {name} DIR`), then either take "
        f"it away (`nats stream rm {name}`) and run this again: all {last} messages of the ledger come back, and what "
        "only that stream has is published again from the copy; or point TONGHOP_NATS_URL or TONGHOP_DATABASE_URL at "
        "the right server"
    )


async def _make(connection: asyncpg.Connection, log: Log, settings: Settings, last: int, telling: Telling) -> None:
    """Make the stream, closed, of the ledger's messages, with the projector's consumer at the end of them."""
    there = {"consumer_seq": last, "stream_seq": last}
    consumer = {
        "config": consumer_config(settings).as_dict() | {"name": settings.consumer},
        "state": {"delivered": there, "ack_floor": there},
    }
    begun = archive.head(last, await kept_size(connection), consumer)
    with telling.step(either("Khôi phục luồng từ sổ cái", "The stream from the ledger"), last) as advance:
        await upload(log.client, log.closed_config(MARK), _archive(connection, begun, last, advance))


async def _archive(connection: asyncpg.Connection, begun: bytes, last: int, advance: Advance) -> AsyncIterator[bytes]:
    yield framing.MAGIC + framing.framed(begun)
    async for messages in read_kept(connection, last):
        for piece in archive.body(messages):
            yield framing.framed(piece)
        advance(len(messages))
    yield framing.framed(archive.tail())


def _check_version(log: Log) -> None:
    """Raise RestoreError for a server that can't read the archive: before anything is taken away."""
    version = log.client.connected_server_version
    if (version.major, version.minor) < archive.SERVER:
        raise RestoreError(f"NATS {version} can't take this archive: 2.15 or later is needed")
