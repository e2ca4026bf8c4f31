"""A generation that is being made: folded from the ledger chunk by chunk, counted at one go, then carried forward.

Each chunk is a transaction that moves the generation's own row on, so that a rebuild goes on where it was stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import asyncpg

from events.codec import Event, Refusal
from projections.core.changes import Changes, Deltas
from projections.core.fold import EventKey
from projections.core.message import Message
from projections.core.state import SIZES, Sizes, State
from projections.store.generations import enter, rules
from projections.store.loading import fill_state
from projections.store.projection import decode_all, looks_back, prepare
from projections.store.rebuilding import counting
from projections.store.rebuilding.chunks import RebuildError, as_keyed, message_of, read_chunk
from projections.store.rebuilding.making import drop_schema, make_schema
from projections.store.writing import write_read_models

FOLDING, FACTS, COUNTERS, BREAKDOWNS, FOLLOWING = "folding", "facts", "counters", "breakdowns", "following"
KEPT: Final = "kept"
"""The phase of one that was in force and is the way back."""
_COUNTED: Final = (FOLLOWING, KEPT)
"""Phases of one that is carried forward as the live one is."""
COUNTING: Final = {
    FACTS: (counting.finish_facts, COUNTERS),
    COUNTERS: (counting.count_counters, BREAKDOWNS),
    BREAKDOWNS: (counting.count_breakdowns, FOLLOWING),
}
"""Steps of the counting after the folding: each with what it does and the phase that follows."""

Progress = Callable[[str, int, int], None]
"""Told of a phase how many positions are done, of how many."""

_FENCE = "UPDATE generation SET position = $3, touched_at = now() WHERE name = $1 AND position = $2 AND phase = $4"
_PHASE = "UPDATE generation SET phase = $2, touched_at = now() WHERE name = $1"
_ROW = "SELECT phase, position, rules FROM generation WHERE name = $1"
_NEW = "INSERT INTO generation (name, phase, position, rules) VALUES ($1, $2, 0, $3)"
_FACTS_OF = """
SELECT fact.unit, count(*) FROM fact LEFT JOIN verdict USING (position)
WHERE verdict.outcome IS DISTINCT FROM 'retracted' GROUP BY 1
"""
_LARGE_AS = """
UPDATE unit SET large = unit.large OR other.large, vast = unit.vast OR other.vast
FROM {like}.unit AS other WHERE other.id = unit.id AND (other.large OR other.vast)
"""


class Row(NamedTuple):
    """What is known of a generation that is not in force."""

    phase: str
    position: int
    rules: str


class Source(NamedTuple):
    """Where the ledger is, and by what its messages are decided beside the contract."""

    database_url: str
    root: str = "trung-uong"
    sizes: Sizes = SIZES


class Generation:
    """A generation in a schema of its own, beside the one in force (``like``).

    ``writer`` is used by one task at a time, and what it sees is this generation. Memory grows with the units and the
    parked events, not with the log.
    """

    def __init__(self, source: Source, writer: asyncpg.Connection, schema: str, like: str) -> None:
        self.writer = writer
        self.schema = schema
        self.like = like
        self.source = source
        self._state: State | None = None
        self._unsettled: State | None = None
        self._facts_of: Counter[int] = Counter()
        self.touched: set[int] | None = None
        """Where a set: collects the numbers of all units whose rows are changed."""

    async def open(self) -> Row:
        """Make the schema, or find how far it has come; one that other code has begun is begun anew."""
        async with self.writer.transaction():
            row = await self.row()
            if row is not None and row.rules != rules():
                await drop_schema(self.writer, self.schema)
                row = None
            if row is None:
                await self.writer.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
                await make_schema(self.writer, self.schema, self.like)
                await self.writer.execute(_NEW, self.schema, FOLDING, rules())
                row = Row(FOLDING, 0, rules())
        await enter(self.writer, self.schema)
        return row

    async def row(self) -> Row | None:
        """Read how far it has come."""
        found = await self.writer.fetchrow(_ROW, self.schema)
        return None if found is None else Row(*found)

    async def take_up(self) -> None:
        """Make ready to be carried forward what is kept as the way back, where these rules can do it.

        It stays the way back, wherever this is stopped.
        """
        row = await self.row()
        last = await self.writer.fetchval("SELECT position FROM checkpoint")
        if row is None or (row.rules != rules() and row.position < last):
            raise self._other_rules(row, last)
        await enter(self.writer, self.schema)

    def _other_rules(self, row: Row | None, up_to: int) -> RebuildError:
        if row is None:
            return RebuildError(f"{self.schema} is not kept any more")
        return RebuildError(
            f"{self.schema} was carried to position {row.position} by other rules ({row.rules}) than this program's "
            f"({rules()}), and can't be carried to {up_to} by these: use the version that made it, or rebuild"
        )

    async def fold(self, up_to: int, progress: Progress, throttle: float | None = None) -> None:
        """Decide all messages of the ledger up to a position, and keep facts and structure; count nothing yet.

        Decoding and folding of a chunk go on while the chunk before is written and the next one is read. At most
        ``throttle`` messages a second, where that is given.
        """
        source = await asyncpg.connect(self.source.database_url)
        reader = await asyncpg.connect(self.source.database_url)
        state = await self._load(counts=False)
        writing: asyncio.Task[None] | None = None
        reading = asyncio.create_task(read_chunk(source, state.position, up_to))
        started, began_at = time.monotonic(), state.position
        try:
            await enter(reader, self.schema)
            while rows := await reading:
                reading = asyncio.create_task(read_chunk(source, rows[-1]["position"], up_to))
                messages = [message_of(row) for row in rows]
                decoded = decode_all(messages, self.source.root)
                if writing is not None and looks_back(state, decoded):
                    await writing
                changes = await self._prepare(reader, state, rows, messages, decoded)
                if writing is not None:
                    await writing
                writing = asyncio.create_task(self._write_chunk(changes, FOLDING))
                progress(FOLDING, state.position, up_to)
                if throttle is not None:
                    await asyncio.sleep(max(0.0, started + (state.position - began_at) / throttle - time.monotonic()))
            if writing is not None:
                await writing
        finally:
            await _ended(reading, writing)
            source.terminate()
            reader.terminate()

    async def count(self, progress: Progress, *, large_as_there: bool = False) -> None:
        """Make all that is counted from what was folded, a step a transaction.

        With ``large_as_there`` a unit keeps months, years and breakdowns where it does in the generation in force too.
        """
        while (row := await self.row()) is not None and row.phase != FOLLOWING:
            phase = FACTS if row.phase == FOLDING else row.phase
            progress(phase, 0, 1)
            step, following = COUNTING[phase]
            async with self.writer.transaction():
                if large_as_there and phase == FACTS:
                    await self.writer.execute(_LARGE_AS.format(like=self.like))
                await step(self.writer, self.schema, self.like)
                await self.writer.execute(_PHASE, self.schema, following)
            progress(phase, 1, 1)

    async def follow(self, up_to: int, progress: Progress | None = None) -> None:
        """Carry a counted generation forward to a position, as the live one is; each chunk a transaction of its own."""
        await self._forward(up_to, progress, in_transaction=False)

    async def follow_here(self, up_to: int) -> None:
        """Carry it forward within the transaction that the caller owns on ``writer``, and tells of by ``settle``."""
        await self._forward(up_to, None, in_transaction=True)

    def settle(self) -> None:
        """Take note that the transaction in which it was carried forward is committed."""
        self._state, self._unsettled = self._unsettled, None

    async def _forward(self, up_to: int, progress: Progress | None, *, in_transaction: bool) -> None:
        row = await self.row()
        if row is not None and row.position >= up_to:
            self._unsettled = self._state
            return
        if row is not None and row.rules != rules():
            raise self._other_rules(row, up_to)
        phase = FOLLOWING if row is None else row.phase
        state = self._state if self._state is not None else await self._load(counts=True)
        self._state = self._unsettled = None  # kept only where all of it came to its end
        while rows := await read_chunk(self.writer, state.position, up_to):
            messages = [message_of(row) for row in rows]
            changes = await self._prepare(self.writer, state, rows, messages, decode_all(messages, self.source.root))
            if in_transaction:
                await self._move_on(changes, phase)
            else:
                await self._write_chunk(changes, phase)
            if progress is not None:
                progress(FOLLOWING, state.position, up_to)
        if in_transaction:
            self._unsettled = state
        else:
            self._state = state

    async def _load(self, *, counts: bool) -> State:
        row = await self.row()
        if row is None or (row.phase in _COUNTED) != counts:
            raise RebuildError(f"{self.schema} is not what it was: another rebuild is at work on it")
        state = State(self.source.root, self.source.sizes, row.position, counts=counts)
        async with self.writer.transaction():
            await fill_state(self.writer, state)
        if not counts:
            self._facts_of = Counter({unit: n for unit, n in await self.writer.fetch(_FACTS_OF)})  # noqa: C416 - as above
        return state

    async def _prepare(
        self,
        reader: asyncpg.Connection,
        state: State,
        rows: Sequence[asyncpg.Record],
        messages: Sequence[Message],
        decoded: Sequence[Event | Refusal],
    ) -> Changes:
        events = [as_keyed(row, event) for row, event in zip(rows, decoded, strict=True)]
        before: set[EventKey] = {(row["publisher"], row["id"]) for row in rows if not row["first"]}
        facts_of = None if state.counts else self._facts_of
        changes, _ = await prepare(reader, state, messages, events, said_before=before, facts_of=facts_of)
        for row, decided in zip(rows, changes.ledger, strict=True):
            if (row["first"], row["publisher"], row["id"]) != (decided.first, decided.publisher, decided.id):
                raise RebuildError(
                    f"position {row['position']} has another key by its body than in the ledger: keys are for ever "
                    "(contract §1); verify the ledger against the stream"
                )
        if not state.counts:
            self._keep_count_of(changes)
        return changes

    def _keep_count_of(self, changes: Changes) -> None:
        for step in changes.steps:
            if isinstance(step, Deltas):
                self._facts_of.update(row.unit for row in step.counted)
                self._facts_of.subtract(row.unit for row in step.uncounted)
                step.uncounted.clear()  # taken off by their verdicts, all at once

    async def _write_chunk(self, changes: Changes, phase: str) -> None:
        async with self.writer.transaction():
            await self._move_on(changes, phase)

    async def _move_on(self, changes: Changes, phase: str) -> None:
        fence = (self.schema, changes.after, changes.position, phase)
        if await self.writer.execute(_FENCE, *fence) != "UPDATE 1":
            raise RebuildError(f"{self.schema} is not at {changes.after} any more: another rebuild is at work on it")
        await write_read_models(self.writer, changes)
        if self.touched is not None:
            self.touched |= changes.units()


async def _ended(*tasks: asyncio.Task[Any] | None) -> None:
    """Let nothing go on that was begun: what failed has been told already, or is about to be."""
    found = [task for task in tasks if task is not None]
    for task in found:
        task.cancel()
    await asyncio.gather(*found, return_exceptions=True)
