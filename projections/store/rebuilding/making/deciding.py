"""Deciding a chunk of the ledger: plain facts at once, all else by the fold, in between and in stream order.

Between two messages that may change the hierarchy or take something back the order of the facts shows in nothing
(contract §3, law 1): so the facts before such a message are decided together, and then it and its like are folded.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import asyncpg

from events.codec import Event, Refusal
from projections.rules.counting.batch_changes import Changes, Deltas
from projections.rules.counting.state import Recorded, State
from projections.rules.deciding.decision import subject_at_once
from projections.rules.folding.fold import EventKey
from projections.rules.log.asides import Asides
from projections.rules.log.message import Message
from projections.store.batch.copying import EPOCH_DAY, packed_fact
from projections.store.batch.loading import foundations_in, load_recorded, load_references, targets_of
from projections.store.batch.preparing import decode_all, fold
from projections.store.rebuilding.chunks import as_decided, message_of, misnamed, read_some, require_same_keys
from projections.store.rebuilding.making.decoded_chunk import DecodedChunk
from projections.store.rebuilding.row_difference import RowDifference

GAP: Final = 100
"""Positions between two pivots up to which it costs less to fold what is in between than to stop there."""

_PLACES = """
SELECT ledger.position
FROM unnest($1::text[], $2::text[]) AS k (publisher, id)
JOIN ledger ON ledger.id = k.id AND ledger.publisher = k.publisher AND ledger.first
"""


@dataclass(slots=True)
class Decided:
    """What comes of the positions after ``after`` up to ``position``, to be written in one transaction.

    ``facts`` are rows of table `fact` as a binary COPY takes them, ``counted`` their events by type.
    """

    after: int
    position: int
    facts: list[bytes] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    folded: list[Changes] = field(default_factory=list)

    def extend(self, further: Decided) -> None:
        """Add what comes of the positions that follow."""
        self.position = further.position
        self.facts += further.facts
        self.counted.update(further.counted)
        self.folded += further.folded


class Deciding:
    """Carries a state that does not count from chunk to chunk; ``facts_of`` counts the facts of each unit.

    ``reader`` sees the generation that is made and looks up what the fold needs; ``like`` is the one in use. The
    caller sets ``written`` to the writing of what was yielded last.
    """

    def __init__(
        self,
        reader: asyncpg.Connection,
        state: State,
        facts_of: Counter[int],
        asides: Asides,
        found: list[RowDifference],
        *,
        like: str,
    ) -> None:
        self.state = state
        self.written: asyncio.Task[None] | None = None
        self._reader = reader
        self._like = like
        self._facts_of = facts_of
        self._asides = asides
        self._misnamed = found
        self._unwritten: dict[EventKey, Recorded] = {}
        self._awaited_keys: set[EventKey] = set()
        self._places: AbstractSet[int] = set()

    async def decide(self, chunk: DecodedChunk) -> AsyncIterator[Decided]:
        """Decide a chunk and carry the state to its end; nearly always it comes in one piece.

        Raises RebuildError where a message has another key than in the ledger, and UndecidableError.
        """
        self._unwritten = {}
        decided = Decided(chunk.after, chunk.after)
        for first, last in runs(chunk.pivots, chunk.last):
            piece = Decided(decided.position, last)
            apart = self._asides.positions | await self._awaited()
            left = self._at_once(chunk, first - 1, apart, piece)
            odd = chunk.odd[bisect_right(chunk.odd, piece.after) : bisect_left(chunk.odd, first)]
            positions = [*sorted({*left, *odd}), *range(first, last + 1)]
            if positions:
                look = await self._look(positions)
                if look.foundations and decided.folded:  # what refers to them is counted in the tables
                    yield decided
                    decided = Decided(piece.after, piece.after)
                piece.folded.append(await self._fold(look))
            self.state.position = last
            decided.extend(piece)
        yield decided

    def _at_once(self, chunk: DecodedChunk, last: int, awaited: Collection[int], piece: Decided) -> list[int]:
        """Decide the plain facts of a piece up to a position; return those that something is the matter with."""
        hierarchy, fromordinal = self.state.hierarchy, dt.date.fromordinal
        left: list[int] = []
        units: list[int] = []
        for (type_, measure), columns in chunk.columns.items():
            begin, end = bisect_right(columns.positions, piece.after), bisect_right(columns.positions, last)
            before = len(left)
            for position, publisher, subject, day, facets in zip(
                *(column[begin:end] for column in columns), strict=True
            ):
                unit = subject_at_once(hierarchy, publisher, subject, fromordinal(day))
                if unit is None or position in awaited:
                    left.append(position)
                    continue
                units.append(unit.no)
                piece.facts.append(packed_fact(5, 4, unit.no, 4, day - EPOCH_DAY, 2, measure, 8, position, 8, facets))
            piece.counted[type_] += end - begin - (len(left) - before)
        for fact in chunk.several:
            if not piece.after < fact.position <= last:
                continue
            day = fromordinal(fact.day)
            unit = subject_at_once(hierarchy, fact.publisher, fact.subject, day, fact.others)
            if unit is None or fact.position in awaited:
                left.append(fact.position)
                continue
            piece.counted[fact.type] += 1
            for id_, measure, facets in fact.counted:
                no = hierarchy.by_id[id_].no
                units.append(no)
                piece.facts.append(
                    packed_fact(5, 4, no, 4, fact.day - EPOCH_DAY, 2, measure, 8, fact.position, 8, facets)
                )
        self._facts_of.update(units)
        return left

    async def _awaited(self) -> AbstractSet[int]:
        """Find the positions of the events that parked retractions wait for: these do more than be counted."""
        keys = targets_of(self.state.parking.retractions.values())
        if keys != self._awaited_keys:
            rows = (
                await self._reader.fetch(_PLACES, *(list(column) for column in zip(*keys, strict=True))) if keys else []
            )
            self._awaited_keys, self._places = keys, {position for (position,) in rows}
        return self._places

    async def _look(self, positions: Sequence[int]) -> _Look:
        """Read some messages, all of those up to the last of them that were not counted at once, and what they name."""
        rows = await read_some(self._reader, positions, self._like)
        messages = [message_of(row) for row in rows]
        row_at = {row["position"]: row for row in rows}
        events = await decode_all(
            messages, self.state.root, lambda position, event: as_decided(row_at[position], event, self._asides)
        )
        targets = targets_of(events) | targets_of(self.state.parking.retractions.values())
        keys = targets | {(row["publisher"], row["id"]) for row in rows if not row["first"]}
        recorded: dict[EventKey, Recorded] = {}
        if keys:
            if self.written is not None:
                await self.written
            earlier = keys - self._unwritten.keys()
            recorded = await load_recorded(self._reader, earlier, positions[-1], besides=set(positions))
            recorded.update((key, self._unwritten[key]) for key in keys & self._unwritten.keys())
        foundations = foundations_in(recorded, targets, self.state.root)
        return _Look(rows, messages, events, recorded, foundations)

    async def _fold(self, look: _Look) -> Changes:
        if look.foundations and self.written is not None:
            await self.written
        references = await load_references(self._reader, look.foundations, self._facts_of)
        changes = await fold(self.state, look.messages, look.events, look.recorded, references)
        self._unwritten.update(look.recorded)
        require_same_keys(look.rows, changes)
        self._misnamed += misnamed(look.rows, changes)
        for step in changes.steps:
            if isinstance(step, Deltas):
                self._facts_of.update(row.unit for row in step.counted)
                self._facts_of.subtract(row.unit for row in step.uncounted)
                step.uncounted.clear()  # taken off by their verdicts, all at once
        return changes


class _Look(NamedTuple):
    """Messages to be folded, and what the log has under the keys that they name."""

    rows: list[asyncpg.Record]
    messages: list[Message]
    events: list[Event | Refusal]
    recorded: dict[EventKey, Recorded]
    foundations: set[str]


def runs(pivots: Sequence[int], last: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of the pivots that are near each other, run by run; one that is empty at the end."""
    begun = before = 0
    for pivot in pivots:
        if begun and pivot - before > GAP:
            yield begun, before
            begun = 0
        begun, before = begun or pivot, pivot
    if begun:
        yield begun, before
    if before < last:
        yield last + 1, last
