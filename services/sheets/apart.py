"""Reads a file in a process of its own, which is killed at its bounds: whatever the file is, this process goes on."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import Final

import msgspec

from services.sheets.apart_process import HEAD
from services.sheets.formats import broken, too_large, too_slow
from services.sheets.reading import SheetQuestion
from services.sheets.refusals import SheetRefused
from services.sheets.results import SheetReading

PROCESS: Final = "services.sheets.apart_process"
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""What the process is told of this one's surroundings: no setting, no address, no secret."""
_OUT_OF_TIME: Final = frozenset({-signal.SIGXCPU, -signal.SIGKILL})
_OUT_OF_MEMORY: Final = frozenset({-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS})

_answers: Final = msgspec.msgpack.Decoder(SheetReading | SheetRefused)


def surroundings() -> dict[str, str]:
    """Give the environment of the process that reads."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


async def read_apart(sheet: bytes, asked: SheetQuestion) -> SheetReading | SheetRefused:
    """Read a file, or say why none of it is taken.

    Nothing of the file is written to disk or to a log. Cancelled, it leaves no process. Raises OSError where the
    machine can start no process.
    """
    if len(sheet) > asked.bounds.file:
        return too_large().refused
    question = msgspec.msgpack.encode(asked)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROCESS,
        env=surroundings(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(asked.bounds.seconds):
            answer, _ = await process.communicate(HEAD.pack(len(question), len(sheet)) + question + sheet)
    except TimeoutError:
        return too_slow().refused
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == 0:
        with suppress(msgspec.DecodeError):
            read: SheetReading | SheetRefused = _answers.decode(answer)
            return read
    if process.returncode in _OUT_OF_TIME:
        return too_slow().refused
    return (too_large() if process.returncode in _OUT_OF_MEMORY else broken()).refused
