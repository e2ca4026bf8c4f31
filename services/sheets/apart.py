"""Reads a file, and writes one, in a process of its own that is killed at its bounds: this process goes on."""

import asyncio
import signal
from contextlib import suppress
from typing import Final

import msgspec

from services.bounded.starting import started, surroundings
from services.sheets.apart_process import HEAD, READING, WRITING, WrittenQuestion
from services.sheets.bounds import Bounds
from services.sheets.formats import broken, too_large, too_slow
from services.sheets.reading import SheetQuestion
from services.sheets.refusals import SheetRefused
from services.sheets.results import SheetReading

PROCESS: Final = "services.sheets.apart_process"
WRITTEN_WITHIN: Final = Bounds(seconds=60.0)
"""The bounds of a sheet that is written."""
_OUT_OF_TIME: Final = frozenset({-signal.SIGXCPU, -signal.SIGKILL})
_OUT_OF_MEMORY: Final = frozenset({-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS})

_answers: Final = msgspec.msgpack.Decoder(SheetReading | SheetRefused)


class NotWrittenError(Exception):
    """A sheet could not be written within its bounds."""


async def read_apart(sheet: bytes, asked: SheetQuestion) -> SheetReading | SheetRefused:
    """Read a file, or say why none of it is taken.

    Nothing of the file is written to disk or to a log. Cancelled, it leaves no process. Raises OSError where the
    machine can start no process.
    """
    if len(sheet) > asked.bounds.file:
        return too_large().refused
    try:
        code, answer = await _run(READING, msgspec.msgpack.encode(asked), sheet, asked.bounds.within)
    except TimeoutError:
        return too_slow().refused
    if code == 0:
        with suppress(msgspec.DecodeError):
            read: SheetReading | SheetRefused = _answers.decode(answer)
            return read
    if code in _OUT_OF_TIME:
        return too_slow().refused
    return (too_large() if code in _OUT_OF_MEMORY else broken()).refused


async def write_apart(event_type: str, rows: bytes, bounds: Bounds = WRITTEN_WITHIN) -> bytes:
    """Write the sheet with the results of rows, which are `ResultRow` in JSON.

    Raises NotWrittenError where that takes more than its bounds, OSError where the machine can start no process.
    """
    question = msgspec.msgpack.encode(WrittenQuestion(event_type, bounds))
    try:
        code, answer = await _run(WRITING, question, rows, bounds.within)
    except TimeoutError as error:
        raise NotWrittenError from error
    if code != 0 or not answer:
        raise NotWrittenError(code)
    return answer


async def _run(what: bytes, question: bytes, given: bytes, within: float) -> tuple[int | None, bytes]:
    """Start the process, ask it, and give how it ended and its answer. Raises TimeoutError."""
    async with started(PROCESS, env=surroundings(), stdout=asyncio.subprocess.PIPE) as process:
        async with asyncio.timeout(within):
            answer, _ = await process.communicate(HEAD.pack(what, len(question), len(given)) + question + given)
    return process.returncode, answer
