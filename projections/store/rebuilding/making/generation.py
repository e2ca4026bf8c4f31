"""A generation that is being made: folded from the ledger chunk by chunk, counted at one go, then carried forward.

Each chunk is a transaction that moves the generation's own row on, so that a rebuild goes on where it was stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

import asyncpg

from events.codec import DEFAULT_ROOT
from projections.rules.counting.state import SIZES, Sizes, State
from projections.rules.log.asides import Asides
from projections.rules.log.message import Message
from projections.rules.log.set_aside import UndecidableError
from projections.store.batch.loading import fill_state
from projections.store.batch.packing import pack_all
from projections.store.batch.pipeline import Pipeline, Ready
from projections.store.batch.preparing import AtOnce, InLedger
from projections.store.batch.writing import write_read_models
from projections.store.checkpoint import position_of
from projections.store.connecting import connect
from projections.store.fingerprint import rules
from projections.store.generations import enter
from projections.store.rebuilding.chunks import LedgerBatch, RebuildError
from projections.store.rebuilding.counting import count_all
from projections.store.rebuilding.generation_schema import drop_schema, make_schema
from projections.store.rebuilding.making.decoded_chunk import DecodedChunk
from projections.store.rebuilding.making.decoders import Reading, decoded_chunks
from projections.store.rebuilding.row_difference import RowDifference

FOLDING, FACTS, COUNTERS, FOLLOWING = "folding", "facts", "counters", "following"
KEPT: Final = "kept"
"""The phase of one that was in use and is the way back."""
_COUNTED: Final = (FOLLOWING, KEPT)
"""Phases of one that is carried forward as the live one is."""
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
UPDATE unit SET large = unit.large OR other.large, vast = unit.vast OR other.vast,
    running = CASE WHEN other.large THEN other.running ELSE unit.running END
FROM {like}.unit AS other WHERE other.id = unit.id AND (other.large OR other.vast)
"""


class GenerationRow(NamedTuple):
    """What is known of a generation that is not in use."""

    phase: str
    position: int
    rules: str


class LedgerSource(NamedTuple):
    """Where the ledger is, and by what its messages are decided beside the contract."""

    database_url: str
    root: str = DEFAULT_ROOT
    sizes: Sizes = SIZES


class Generation:
    """A generation in a schema of its own, beside the one in use (``like``).

    ``writer`` is used by one task at a time, and what it sees is this generation. Memory grows with the units and the
    parked events, not with the log.
    """

    def __init__(self, source: LedgerSource, writer: asyncpg.Connection, schema: str, like: str) -> None:
        self.writer = writer
        self.schema = schema
        self.like = like
        self.source = source
        self._state: State | None = None
        self._unsettled: State | None = None
        self._asides = Asides()
        self._misnamed: list[RowDifference] = []
        self.touched: set[int] | None = None
        """Where a set: collects the numbers of all units whose rows are changed."""

    async def open(self) -> GenerationRow:
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
                row = GenerationRow(FOLDING, 0, rules())
        await enter(self.writer, self.schema)
        return row

    def misnamed_up_to(self, position: int) -> list[RowDifference]:
        """Return what was found since this was opened: messages with another type or subject than the ledger says."""
        found = {each.key["position"]: each for each in self._misnamed if each.key["position"] <= position}
        return [found[at] for at in sorted(found)]

    async def row(self) -> GenerationRow | None:
        """Read how far it has come."""
        found = await self.writer.fetchrow(_ROW, self.schema)
        return None if found is None else GenerationRow(*found)

    async def take_up(self) -> None:
        """Make ready to be carried forward what is kept as the way back, where these rules can do it.

        It stays the way back, wherever this is stopped.
        """
        row = await self.row()
        last = await position_of(self.writer)
        if row is None or (row.rules != rules() and row.position < last):
            raise self._other_rules(row, last)
        await enter(self.writer, self.schema)

    def _other_rules(self, row: GenerationRow | None, up_to: int) -> RebuildError:
        if row is None:
            return RebuildError(f"{self.schema} is not kept any more")
        return RebuildError(
            f"{self.schema} was carried to position {row.position} by other rules ({row.rules}) than this program's "
            f"({rules()}), and can't be carried to {up_to} by these: use the version that made it, or rebuild"
        )

    async def fold(self, up_to: int, progress: Progress, throttle: float | None = None) -> None:
        """Decide all messages of the ledger up to a position, and keep facts and structure; count nothing yet.

        Reading and decoding go on ahead, and what is decided is written while the next is. At most ``throttle``
        messages a second, where that is given. What can't be decided is set aside.
        """
        while True:
            try:
                await self._fold(up_to, progress, throttle)
            except UndecidableError as error:
                self._asides.note_undecidable(error)
            else:
                return

    async def _fold(self, up_to: int, progress: Progress, throttle: float | None) -> None:
        reader = await connect(self.source.database_url)
        state = await self._load(counts=False)
        state.facts_of.update({unit: n for unit, n in await self.writer.fetch(_FACTS_OF)})  # noqa: C416 - records are not pairs to a checker
        pipeline = Pipeline(reader, state)
        started, began_at = time.monotonic(), state.position
        try:
            await enter(reader, self.schema)
            ledger = Reading(self.source.database_url, self.source.root, self.like)
            async with aclosing(decoded_chunks(ledger, began_at, up_to)) as read:
                async for chunk in read:
                    ready = await self._chunk_ready(pipeline, reader, chunk)
                    await pipeline.begin_writing(ready, self._write_apart(ready, FOLDING))
                    progress(FOLDING, state.position, up_to)
                    if throttle is not None:
                        due = started + (state.position - began_at) / throttle
                        await asyncio.sleep(max(0.0, due - time.monotonic()))
            await pipeline.settled()
        except UndecidableError:
            await pipeline.settled()  # what was decided before is kept
            raise
        finally:
            await pipeline.give_up()
            reader.terminate()

    async def count(self, progress: Progress, throttle: float | None = None, *, large_as_there: bool = False) -> None:
        """Make all that is counted from what was folded; what was counted before it was stopped stays so.

        With ``large_as_there`` a unit has running sums and breakdowns where it has them in the generation in use, and
        keeps months and years where it keeps these there.
        At most ``throttle`` facts a second, where that is given.
        """
        row = await self.row()
        if row is not None and row.phase == FOLDING:
            progress(FACTS, 0, 1)
            async with self.writer.transaction():
                if large_as_there:
                    await self.writer.execute(_LARGE_AS.format(like=self.like))
                await count_all.finish_facts(self.writer, self.schema, self.like)
                await self.writer.execute(_PHASE, self.schema, COUNTERS)
            progress(FACTS, 1, 1)
        row = await self.row()
        if row is None or row.phase != COUNTERS:
            return
        async with self.writer.transaction():
            begun = await count_all.begin_counting(self.writer, self.source.database_url, self.schema)
        await count_all.count_blocks(begun, lambda done, of: progress(COUNTERS, done, of), throttle)
        async with self.writer.transaction():
            await count_all.finish_counting(self.writer, begun, self.like)
            await pack_all(self.writer)
            await self.writer.execute(_PHASE, self.schema, FOLLOWING)

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
        while True:
            batch = LedgerBatch(self.writer, self.like, self._asides)
            messages = await batch.read_chunk(state.position, up_to)
            if not messages:
                break
            try:
                ready = await self._ready(Pipeline(self.writer, state), batch, messages)
            except UndecidableError as error:
                self._asides.note_undecidable(error)
                state = await self._load(counts=True)
                continue
            await (self._write if in_transaction else self._write_apart)(ready, phase)
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
        state = State(self.source.root, self.source.sizes, row.position, chain_hash=None, counts=counts)
        async with self.writer.transaction():
            await fill_state(self.writer, state)
        return state

    async def _chunk_ready(self, pipeline: Pipeline, reader: asyncpg.Connection, chunk: DecodedChunk) -> Ready:
        batch = LedgerBatch(reader, self.like, self._asides)
        messages = await batch.read(chunk.one_by_one())
        at_once = AtOnce(chunk.plain, chunk.runs(), self._asides.positions, batch.read)
        return await self._ready(pipeline, batch, messages, at_once)

    async def _ready(
        self, pipeline: Pipeline, batch: LedgerBatch, messages: Sequence[Message], at_once: AtOnce | None = None
    ) -> Ready:
        ready = await pipeline.make_ready(messages, batch.instead, in_ledger=InLedger(batch.said_before(), at_once))
        self._misnamed += batch.misnamed(ready.changes)
        return ready

    async def _write_apart(self, ready: Ready, phase: str) -> None:
        async with self.writer.transaction():
            await self._write(ready, phase)

    async def _write(self, ready: Ready, phase: str) -> None:
        changes = ready.changes
        await self._move_on(changes.after, changes.position, phase)
        await write_read_models(self.writer, changes, ready.rendered)
        if self.touched is not None:
            self.touched |= changes.units()

    async def _move_on(self, after: int, position: int, phase: str) -> None:
        if await self.writer.execute(_FENCE, self.schema, after, position, phase) != "UPDATE 1":
            raise RebuildError(f"{self.schema} is not at {after} any more: another rebuild is at work on it")
