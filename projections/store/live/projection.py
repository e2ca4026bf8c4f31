"""The projection: messages of the log in, read models in PostgreSQL out, one transaction a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import asyncpg

from events.codec import DEFAULT_ROOT
from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.state import SIZES, Sizes, State
from projections.rules.log.asides import Asides
from projections.rules.log.message import Message
from projections.rules.log.set_aside import UndecidableError
from projections.store.batch.pipeline import Pipeline, Ready, commit
from projections.store.batch.preparing import load, unseen
from projections.store.connecting import connect
from projections.store.live.poison_search import Consequence, PoisonSearch


class Projection:
    """The state at the checkpoint and the connection that carries it forward. One task uses it at a time."""

    def __init__(self, connection: asyncpg.Connection, state: State) -> None:
        self._connection = connection
        self._asides = Asides()
        self._pipeline = Pipeline(connection, state)

    @property
    def state(self) -> State:
        """The state after what was applied."""
        return self._pipeline.state

    @classmethod
    async def open(cls, database_url: str, *, root: str = DEFAULT_ROOT, sizes: Sizes = SIZES) -> Self:
        """Connect and load the state as it stands at the checkpoint."""
        connection = await connect(database_url)
        return cls(connection, await load(connection, root, sizes))

    async def close(self) -> None:
        """Close the connection; nothing is pending."""
        await self._connection.close()

    async def apply(self, messages: Sequence[Message]) -> Changes | None:
        """Decide and write a batch in one transaction of its own; what is at or below the checkpoint is skipped.

        What can't be decided is set aside. None when nothing is new. Raises GapError where a position is missing,
        FencedError where another projector was faster; after any error the projection has to be opened anew.
        """
        fresh = unseen(self.state.position, messages)
        if not fresh:
            return None
        while (ready := await self._ready(fresh)) is None:
            await self._reload()
        await commit(self._connection, ready)
        return ready.changes

    async def rest(self) -> None:
        """Do a part of what is put off while messages come; it changes no figure."""
        await self._pipeline.rest(self._connection)

    async def carry(self, messages: Sequence[Message], blames: Callable[[Exception], bool]) -> None:
        """Apply a batch, and set aside what can't be written either: what fails alone, by no server's fault.

        ``blames`` tells whether an error may come from a message. Raises all others.
        """
        search = PoisonSearch(self._asides)
        while left := unseen(self.state.position, messages):
            after = self.state.position
            batch = left[: search.most(after, len(left))]
            try:
                await self.apply(batch)
            except Exception as error:
                step = search.failed(after, batch[-1].position, error) if blames(error) else Consequence.HELPLESS
                if step == Consequence.HELPLESS:
                    raise
                await self._reload()
            else:
                search.written(batch[-1].position, len(messages))

    async def _ready(self, messages: Sequence[Message]) -> Ready | None:
        """Make a batch ready; None where one of it has been set aside and the state is to be loaded anew."""
        try:
            return await self._pipeline.make_ready(messages, self._asides.instead_of)
        except UndecidableError as error:
            self._asides.note_undecidable(error)
            return None

    async def _reload(self) -> None:
        state = await load(self._connection, self.state.root, self.state.sizes)
        self._pipeline = Pipeline(self._connection, state)
