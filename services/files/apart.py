"""Writes a file in a process of its own that is killed at its bounds: this process goes on, and holds none of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from projections.answers.tables.answer_table import AnswerTable
from services.bounded.starting import started, surroundings
from services.files.bounds import FileBounds, FileNotWrittenError, TemplateError, TooLongError
from services.files.manuscript import ANSWER, END, FAILED, REFUSED, UNFIT, Manuscript, TooLong, packed
from services.files.row_pages import pages_of
from services.files.templates import Templates

PROCESS: Final = "services.files.apart_process"
_FEW_THREADS: Final = {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
"""On a machine of many cores the threads of libraries would take up the address space that it may have."""


async def write_apart(form: str, table: AnswerTable, bounds: FileBounds, prefix: str, templates: Templates) -> Path:
    """Write an answer as a file whose name begins with ``prefix``, and return it: it is for the caller to remove.

    Raises TooLongError where it would be too long, with its length; FileNotWrittenError where it takes more than its
    bounds; TemplateError; OSError where the machine can start no process; and what reading the rows raises. Cancelled,
    it leaves no process and no file.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        try:
            async with asyncio.timeout(bounds.within):
                code = await _written(folder, form, table, bounds, templates)
        except TimeoutError as error:
            raise FileNotWrittenError("out of time") from error
        return _kept(folder, code, prefix)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _written(folder: Path, form: str, table: AnswerTable, bounds: FileBounds, templates: Templates) -> int:
    """Start the process, hand the answer over, and return how it ended."""
    env = {**surroundings("TMPDIR"), **_FEW_THREADS}
    async with started(PROCESS, str(folder), env=env, stdout=asyncio.subprocess.DEVNULL) as process:
        assert process.stdin is not None  # noqa: S101 - as a pipe
        await _fed(process.stdin, Manuscript(form, table._replace(rows=()), bounds, templates), table)
        return await process.wait()


async def _fed(into: asyncio.StreamWriter, manuscript: Manuscript, table: AnswerTable) -> None:
    """Hand the answer over; rows beyond the bounds are counted to the last. Raises TooLongError."""
    bounds, columns, length, reads = manuscript.bounds, len(table.columns), 0, True
    most = min(bounds.rows, bounds.cells // max(columns, 1))
    into.write(packed(manuscript))
    async for page in pages_of(table.rows):
        length += len(page)
        if reads and length <= most:
            reads = await _passed(into, packed(page))
    if length > most:
        raise TooLongError("dòng", length, most)
    if reads:
        await _passed(into, END)
    into.close()


async def _passed(into: asyncio.StreamWriter, piece: bytes) -> bool:
    """Hand a piece over; False where the process has ended: why, is told by what it left."""
    into.write(piece)
    try:
        await into.drain()
    except ConnectionError:
        return False
    return True


def _kept(folder: Path, code: int, prefix: str) -> Path:
    """Move what was written out of the folder; raise why there is nothing."""
    with suppress(FileNotFoundError):
        refused = msgspec.json.decode((folder / REFUSED).read_bytes(), type=TooLong)
        raise TooLongError(*refused)
    with suppress(FileNotFoundError):
        raise TemplateError((folder / UNFIT).read_text(encoding="utf-8"))
    if code != 0:
        why = ""
        with suppress(FileNotFoundError):
            why = (folder / FAILED).read_text(encoding="utf-8")
        raise FileNotWrittenError(code, why)
    number, name = tempfile.mkstemp(prefix=prefix)
    os.close(number)
    (folder / ANSWER).replace(name)
    return Path(name)
