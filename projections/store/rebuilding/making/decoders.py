"""Who reads and decodes the ledger ahead of the deciding: processes of their own where it is long, else this one."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from projections.store.connecting import connect
from projections.store.rebuilding import chunks
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.making.decoded_chunk import DecodedChunk, packed, read_decoded, unpacked

LONG: Final = 100_000
"""Positions from which on it pays to start processes."""
PROCESSES: Final = os.cpu_count() or 1

Read = Callable[[int, int], Awaitable[DecodedChunk]]


class Reading(NamedTuple):
    """Where the ledger is, whose root, and the schema of the generation in use."""

    database_url: str
    root: str
    like: str


async def decoded_chunks(reading: Reading, after: int, up_to: int) -> AsyncGenerator[DecodedChunk]:
    """Yield all between two positions, in order, a chunk each; some are read and decoded ahead, a bounded number.

    Raises RebuildError where a message is missing. Nothing that was started goes on when it is closed.
    """
    several = up_to - after >= LONG
    open_ = _processes if several else _here
    async with open_(reading) as read:
        ahead: deque[asyncio.Task[DecodedChunk]] = deque()
        try:
            while after < up_to or ahead:
                while after < up_to and len(ahead) <= (PROCESSES + 1 if several else 0):
                    last = min(up_to, after + chunks.CHUNK)
                    ahead.append(asyncio.ensure_future(read(after, last)))
                    after = last
                yield await ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)


@asynccontextmanager
async def _here(reading: Reading) -> AsyncIterator[Read]:
    connection = await connect(reading.database_url)

    async def read(after: int, up_to: int) -> DecodedChunk:
        return await read_decoded(connection, after, up_to, reading.root, reading.like)

    try:
        yield read
    finally:
        connection.terminate()


@asynccontextmanager
async def _processes(reading: Reading) -> AsyncIterator[Read]:
    context = multiprocessing.get_context("spawn")  # a fork would copy the hierarchy, page by page
    pool = ProcessPoolExecutor(PROCESSES, context, initializer=_begin, initargs=(reading,))

    async def read(after: int, up_to: int) -> DecodedChunk:
        try:
            return unpacked(await asyncio.get_running_loop().run_in_executor(pool, _decode, after, up_to))
        except BrokenProcessPool as broken:
            raise RebuildError(
                "a process that read the ledger was ended: begin again, it goes on from there"
            ) from broken

    try:
        yield read
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Decoder:
    """What a process keeps between two chunks: its loop and its connection."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(connect(reading.database_url))

    def decode(self, after: int, up_to: int) -> bytes:
        root, like = self._reading.root, self._reading.like
        return packed(self._runner.run(read_decoded(self._connection, after, up_to, root, like)))


_decoders: list[_Decoder] = []
"""The one of this process."""


def _begin(reading: Reading) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it, also where a terminal interrupts both
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(100_000, 50, 50)
    _decoders.append(_Decoder(reading))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _decode(after: int, up_to: int) -> bytes:
    return _decoders[0].decode(after, up_to)
