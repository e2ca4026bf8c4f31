"""Keep a part running: start it again when it dies, with growing pauses, and give up on one that keeps dying."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from projections.bilingual import Bilingual
from services.connecting.patience import Backoff
from services.embedded.process import ServerError
from services.language import chosen, either
from services.up import room
from services.up.parts import Part

LOOK_EVERY = 0.1
SHORT_LIFE = 5.0
SHORT_LIVES = 5
FIRST_PAUSE = 0.2


class KeepsDyingError(RuntimeError):
    """A part died again and again, each time soon after its start; the message has its last log lines."""


async def keep(part: Part, started: asyncio.Event, say: Callable[[str], None]) -> None:
    """Run the part until cancelled; `started` is set when it is up for the first time.

    A part that can't be started at first raises ServerError. Later a failed start counts as a death, and after
    SHORT_LIVES deaths in a row, each within SHORT_LIFE seconds of the start, KeepsDyingError is raised.
    Cancelled while the part starts, it stops it; otherwise the part is left running for the caller to stop.
    """
    short_lives, backoff = 0, Backoff(FIRST_PAUSE)
    while True:
        begun = time.monotonic()
        try:
            await _start(part)
        except ServerError as error:
            if not started.is_set():
                raise
            cause = chosen(error).partition("\n")[0]
        else:
            started.set()
            cause = await _end(part, say)
        had_no_room = await room.wait_for(part.folder, part.process.name, say)
        if had_no_room or time.monotonic() - begun >= SHORT_LIFE:
            short_lives = 0
            backoff.reset()
        else:
            short_lives += 1
        if had_no_room:
            continue
        if short_lives >= SHORT_LIVES:
            raise KeepsDyingError(
                Bilingual(
                    "chết liên tục, dừng tất cả",
                    "keeps dying, everything is stopped",
                    before=f"{part.process.name} ",
                    after=f" ({cause}).\n{part.process.log}:\n{part.process.tail()}",
                )
            )
        pause = backoff.next()
        say(f"{part.process.name}: {cause}; {either('khởi động lại sau', 'started again in')} {pause:.1f} s")
        await asyncio.sleep(pause)


async def _end(part: Part, say: Callable[[str], None]) -> str:
    """Wait until the part has ended, or is stuck for want of room and there is some; then it is ended. Say why."""
    while part.process.alive:
        if (stuck := await part.stuck()) is not None:
            await room.wait_for(part.folder, part.process.name, say)
            await asyncio.to_thread(part.stop)
            return stuck
        await asyncio.sleep(LOOK_EVERY)
    return part.process.exit


async def _start(part: Part) -> None:
    starting = asyncio.ensure_future(part.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        # A thread can't be cancelled: what it waits for is ended, until it has noticed.
        while not starting.done():
            await asyncio.to_thread(part.stop)
            await asyncio.wait({starting}, timeout=LOOK_EVERY)
        with suppress(ServerError):
            starting.result()
        raise
