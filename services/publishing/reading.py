"""Lines are read by a thread of their own and given in chunks: what comes slowly is sent as it comes."""

import asyncio
import contextlib
import select
import threading
from collections.abc import Callable
from typing import BinaryIO, Final, cast

from services.publishing.lines import Line, Unpublishable, read_lines

Chunk = list[Line | Unpublishable]
_AHEAD: Final = 2


class ReadingError(Exception):
    """A file that can't be read any further; the message is the system's."""


class Chunks:
    """Chunks of at most `size` lines, in order; the last one is empty.

    The thread is a daemon: whoever has waited for a line that doesn't come may end without it. To be made in a running
    loop.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._read: asyncio.Queue[Chunk | ReadingError] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._chunk: Chunk = []
        threading.Thread(target=self._run, args=(file, size), name="reading", daemon=True).start()

    async def next(self) -> Chunk:
        """Wait for the next chunk; raises ReadingError."""
        chunk = await self._read.get()
        self._room.release()
        if isinstance(chunk, ReadingError):
            raise chunk
        return chunk

    def _run(self, file: BinaryIO, size: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            try:
                for line in read_lines(cast("BinaryIO", _Watched(file, self._give))):
                    self._chunk.append(line)
                    if len(self._chunk) == size:
                        self._give()
                self._give()
                self._put([])
            except (OSError, ValueError) as error:
                self._put(ReadingError(getattr(error, "strerror", None) or str(error)))

    def _give(self) -> None:
        if self._chunk:
            chunk, self._chunk = self._chunk, []
            self._put(chunk)

    def _put(self, chunk: Chunk | ReadingError) -> None:
        self._room.acquire()
        self._loop.call_soon_threadsafe(self._read.put_nowait, chunk)


class _Watched:
    """A file that says so before it makes its reader wait."""

    def __init__(self, file: BinaryIO, before_waiting: Callable[[], None]) -> None:
        self._file = file
        self._before_waiting = before_waiting

    def read(self, size: int) -> bytes:
        if not self._ready():
            self._before_waiting()
        return self._file.read(size)

    def _ready(self) -> bool:
        try:
            return bool(select.select([self._file], [], [], 0)[0])
        except (OSError, ValueError):  # not a file of the system: it is in memory
            return True
