"""The process that answers slow questions, one at a time: told by standard input, ended with whoever started it."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import structlog

from projections.store.reading.snapshot import snapshot
from services import logs
from services.api import pools
from services.api.apart_messages import ANSWER, ASK, CANCEL, FAILURE, HEAD, Job
from services.api.asked import Given, begin, finish, packed
from services.api.filing import PREFIX
from services.api.problems import Problem
from services.garbage_collection import spare_what_is_loaded
from services.settings import Settings

if TYPE_CHECKING:
    from asyncpg import Pool, Record

INLINE: Final = 256 * 1024
"""Bytes up to which an answer goes through the pipe; a longer one goes through a file, so that a slow reader holds none
of it in memory."""
NICE: Final = 10
"""How far others go before it on a full machine."""
MEMORY: Final = 600 * 1024
"""KiB that it may have held at once; beyond, it ends after its answer, and another begins small."""

_log = structlog.get_logger()


async def answered(pool: Pool[Record], job: Job) -> Given:
    """Answer a question from one snapshot, in the order that `services.api.asked` fixes."""
    async with snapshot(pool) as opened:
        begun = await begin(job.asked, job.how, opened)
        if begun.had is not None:
            return Given(304, begun.had, position=opened.position)
        given = await finish(job.asked, job.how, opened, begun)
    return packed(given, job.how)


async def serve(settings: Settings, out: BinaryIO) -> None:
    """Answer until standard input ends; answers go to `out`."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with pools.slow(settings, 1) as here, pools.slow_primary(settings) as primary:
        loaded = False
        while True:
            if (job := await _next(reader)) is None:
                return
            if not loaded:  # the first question has brought what it is answered with
                spare_what_is_loaded()
                loaded = True
            await _answer(primary if job.primary else here, reader, job, out)
            if held_at_most() > MEMORY:
                return


def held_at_most() -> int:
    """Return the KiB that this program has held at once (proc(5): VmHWM).

    `getrusage` has what the one that started it held, too (execve(2) keeps `ru_maxrss`): beside a large one every
    process would end after its first answer.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


async def _answer(pool: Pool[Record], reader: asyncio.StreamReader, job: Job, out: BinaryIO) -> None:
    work = asyncio.create_task(answered(pool, job))
    told = asyncio.create_task(_read(reader))
    await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
    if told.done():  # the asker is gone, or whoever started this process
        if told.exception() is not None:
            os._exit(0)
        work.cancel()
        await asyncio.wait({work})
        _write(out, FAILURE, RuntimeError("let go"))
        return
    told.cancel()
    await asyncio.wait({told})
    error = work.exception()
    if error is not None:
        if not isinstance(error, (Problem, LookupError)):
            _log.warning("apart", error=repr(error))
        _write(out, FAILURE, error)
    else:
        _write(out, ANSWER, _spooled(work.result()))


def _spooled(given: Given) -> Given:
    if len(given.body) <= INLINE:
        return given
    number, name = tempfile.mkstemp(prefix=PREFIX)
    with os.fdopen(number, "wb") as file:
        file.write(given.body)
    return given._replace(body=b"", spooled=Path(name))


async def _next(reader: asyncio.StreamReader) -> Job | None:
    """Return the next question, None where there will be none."""
    while True:
        try:
            kind, message = await _read(reader)
        except asyncio.IncompleteReadError:
            return None
        if kind == ASK:
            job = pickle.loads(message)  # noqa: S301 - from the process that started this one
            assert isinstance(job, Job)  # noqa: S101 - the other side is this program
            return job
        assert kind == CANCEL, kind  # noqa: S101 - of what was answered just then


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind, length = HEAD.unpack(await reader.readexactly(HEAD.size))
    return kind, await reader.readexactly(length)


def _write(out: BinaryIO, kind: int, what: object) -> None:
    try:
        message = pickle.dumps(what)
        pickle.loads(message)  # noqa: S301 - an exception may be written and yet not be read
    except Exception:  # noqa: BLE001 - whatever it is, it must be told
        message = pickle.dumps(RuntimeError(repr(what)))
    out.write(HEAD.pack(kind, len(message)) + message)
    out.flush()


def main() -> None:
    """Run as `python -m services.api.apart_process`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    with suppress(OSError):
        os.nice(NICE)
    # Whatever is printed, a log line for example, must not stand among the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    settings = Settings.from_environment()
    logs.configure(settings.log_level, settings.log_format)
    with suppress(BrokenPipeError):
        asyncio.run(serve(settings, out))


if __name__ == "__main__":
    main()
