"""The one way of a batch into the read models: decode, prepare, fold, render, write.

The projector, a restore, both passes of a rebuild and tests all go it. What differs is given: what a message is
decided as, whether the ledger has it already, which plain facts were decoded elsewhere, and who writes what is ready.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import asyncpg

from events.codec import Event, Refusal
from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.state import Recorded, State
from projections.rules.folding.fold import EventKey
from projections.rules.log.message import Message
from projections.store.batch.copying import Rendered, render
from projections.store.batch.loading import Recordings
from projections.store.batch.preparing import InLedger, Instead, Lookup, decode_all, looks_back, prepare
from projections.store.batch.rollups import Rollups
from projections.store.batch.writing import rest, write


class Ready(NamedTuple):
    """A batch that is folded, with all that writing it sends; ``keys`` are those that it is the first to use.

    ``rollups`` are those of its pipeline: every batch of a state is written through them.
    """

    messages: Sequence[Message]
    events: Sequence[Event | Refusal]
    changes: Changes
    rendered: Rendered
    keys: dict[EventKey, Recorded]
    rollups: Rollups


class _UnderWay(NamedTuple):
    """A batch that is being written or will be, and the keys that it is the first to use."""

    writing: asyncio.Task[None]
    begun: Coroutine[Any, Any, None]
    keys: dict[EventKey, Recorded]


class Pipeline:
    """Makes batches ready while those before are written, one after the other; never more than one is.

    ``waiting`` are how many that are ready may wait for their turn while yet another is made ready: with one of them
    neither side stands still where now one, now the other takes longer.
    ``reader`` looks up what the fold needs and may be the session that writes, where each batch is written before the
    next is made ready. After an error the state is of no use.
    """

    def __init__(self, reader: asyncpg.Connection, state: State, *, waiting: int = 0) -> None:
        self.state = state
        self._reader = reader
        self._waiting = waiting
        self._under_way: list[_UnderWay] = []
        self._rollups = Rollups()

    @property
    def writing(self) -> bool:
        """Whether a batch is being written."""
        return any(not batch.writing.done() for batch in self._under_way)

    async def make_ready(
        self, messages: Sequence[Message], instead: Instead, *, in_ledger: InLedger | None = None
    ) -> Ready:
        """Decode messages that follow the state without a gap, look up what they need, fold and render them.

        Of a batch that is ``in_ledger`` no rows of the ledger are rendered, and the messages are all but the plain
        facts. Raises UndecidableError where deciding one raises, and what writing the batch before raised.
        """
        # All that may not be there yet when the first keys are looked up; what is committed meanwhile is no other.
        pending: dict[EventKey, Recorded] = {}
        for batch in self._under_way:
            pending |= batch.keys
        events, found = await self._decoded(messages, instead, in_ledger)
        if looks_back(self.state, events) or (in_ledger is not None and in_ledger.said_before):
            await self.settled()
            found, pending = None, {}
        changes, keys = await prepare(
            self._reader,
            self.state,
            messages,
            events,
            instead,
            pending=pending,
            in_ledger=in_ledger,
            found=found,
        )
        rendered = await render(changes, ledger=in_ledger is None, packed=self.state.counts)
        return Ready(messages, events, changes, rendered, keys, self._rollups)

    async def _decoded(
        self, messages: Sequence[Message], instead: Instead, in_ledger: InLedger | None
    ) -> tuple[list[Event | Refusal], Recordings | None]:
        """Decode messages, and look up meanwhile what the ledger has under their keys, where that is to be asked."""
        if in_ledger is not None:
            return await decode_all(messages, self.state.root, instead), None
        lookup = Lookup(self._reader, self.state.position)
        try:
            events = await decode_all(messages, self.state.root, instead, lookup)
            return events, await lookup.found()
        finally:
            await lookup.end()

    async def begin_writing(self, ready: Ready, writing: Coroutine[Any, Any, None]) -> None:
        """Let a batch be written when its turn comes, and return when no more wait than may.

        What writing one before raised is raised; then this one is not written.
        """
        try:
            await self._settle(self._waiting)
        except BaseException:
            writing.close()
            raise
        before = self._under_way[-1].writing if self._under_way else None
        self._under_way.append(_UnderWay(asyncio.create_task(_in_turn(before, writing)), writing, ready.keys))

    async def settled(self) -> None:
        """Return when nothing is being written; raises what writing raised."""
        await self._settle(0)

    async def _settle(self, most: int) -> None:
        """Return when no more than so many are still to be written, or are being."""
        while self._under_way and (len(self._under_way) > most or self._under_way[0].writing.done()):
            await self._under_way[0].writing
            del self._under_way[0]

    async def rest(self, writer: asyncpg.Connection) -> None:
        """Do a part of what is put off while batches come, in a transaction of its own; none is being written."""
        if self._rollups.due:
            async with writer.transaction():
                await rest(writer, self.state.position, self.state.edition, self._rollups)

    async def end(self) -> None:
        """Let what is being written come to its end, whatever it is."""
        if self._under_way:
            with contextlib.suppress(Exception):
                await asyncio.shield(asyncio.gather(*self._tasks(), return_exceptions=True))

    async def give_up(self) -> None:
        """Cancel what is being written: nothing goes on afterwards."""
        for task in self._tasks():
            task.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)
        for batch in self._under_way:
            batch.begun.close()  # one that had not even begun

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [batch.writing for batch in self._under_way]


async def _in_turn(before: asyncio.Task[None] | None, writing: Coroutine[Any, Any, None]) -> None:
    """Write a batch when the one before is written; not at all where that raised, which is raised again."""
    try:
        if before is not None:
            await asyncio.wait({before})
            before.result()
    except BaseException:
        writing.close()
        raise
    await writing


async def commit(writer: asyncpg.Connection, ready: Ready, written: Callable[[], None] = lambda: None) -> None:
    """Write a batch into ledger and read models in one transaction of its own; raises FencedError.

    ``written`` is told when all is written and nothing committed.
    """
    async with writer.transaction():
        await write(writer, ready.changes, ready.rendered, ready.rollups)
        written()
