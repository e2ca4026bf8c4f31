"""The stages of a batch before it is written: decoded, what it needs looked up, folded (`pipeline` is their order)."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, NamedTuple

import asyncpg

from events.codec import Event, Refusal
from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.state import Recorded, Sizes, State
from projections.rules.folding.fold import EventKey, Fold
from projections.rules.kinds.plain_facts import PlainFacts
from projections.rules.log.asides import decoded as decoded_one
from projections.rules.log.message import GapError, Message
from projections.store.batch.loading import (
    Recordings,
    foundations_in,
    keys_of,
    load_recorded,
    load_references,
    load_state,
    targets_of,
)
from projections.store.batch.pieces import pieces
from projections.store.log import hash_chain

Instead = Callable[[int, Event | Refusal], Event | Refusal]
"""What the message at a position is decided as, given what it says: itself, or a refusal where it is set aside."""


_ASKED_AT_ONCE: Final = 2_000
"""Messages whose keys are looked up together while further ones are decoded: what is waited for is the last of them."""


class AtOnce(NamedTuple):
    """Plain facts of a batch, to be counted at once where nothing refers to them; its messages are all that is not one.

    The batch comes in ``runs``, each from the first to the last position of messages that are folded one by one; the
    facts before them are counted first. ``apart`` are set aside, and ``read`` reads messages from the ledger.
    """

    facts: PlainFacts
    runs: Sequence[tuple[int, int]]
    apart: AbstractSet[int]
    read: Callable[[Sequence[int]], Awaitable[Sequence[Message]]]


class InLedger(NamedTuple):
    """What is known of a batch that the ledger has already: its keys that were used before, and what is plain in it."""

    said_before: set[EventKey]
    at_once: AtOnce | None = None


class Lookup:
    """Looks up what the ledger has under the keys of a batch, part by part, while whoever asks does something else.

    On a session that nobody else uses until its end.
    """

    def __init__(self, connection: asyncpg.Connection, up_to: int) -> None:
        self._connection = connection
        self._up_to = up_to
        self._parts: list[asyncio.Task[Recordings]] = []
        self._one_by_one = asyncio.Lock()

    def ask(self, keys: set[EventKey]) -> None:
        """Let these be looked up too."""
        self._parts.append(asyncio.create_task(self._look(keys)))

    async def found(self) -> Recordings:
        """Return what there is under all keys that were asked for."""
        all_ = Recordings({}, set())
        for part in self._parts:
            before, later = await part
            all_.before.update(before)
            all_.later.update(later)
        return all_

    async def end(self) -> None:
        """Give up what is still being looked up; the session is free then."""
        for part in self._parts:
            part.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)

    async def _look(self, keys: set[EventKey]) -> Recordings:
        async with self._one_by_one:
            return await load_recorded(self._connection, keys, self._up_to)


async def decode_all(
    messages: Sequence[Message], root: str, instead: Instead, lookup: Lookup | None = None
) -> list[Event | Refusal]:
    """Decode a batch as it is to be decided, and let others go on between pieces of it.

    With a ``lookup``, the keys of what is decoded are asked for while the rest is.
    """
    events: list[Event | Refusal] = []
    asked = 0
    for piece in pieces(messages):
        events += [instead(message.position, decoded_one(message, root)) for message in piece]
        if lookup is not None and (len(events) - asked >= _ASKED_AT_ONCE or len(events) == len(messages)):
            lookup.ask(keys_of(events[asked:]))
            asked = len(events)
        await asyncio.sleep(0)
    return events


async def load(connection: asyncpg.Connection, root: str, sizes: Sizes, tell: hash_chain.Tell | None = None) -> State:
    """Load the state in one snapshot of its own; a ledger whose chain ends too early is chained first, and told of."""
    await hash_chain.catch_up(connection, tell)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await load_state(connection, root, sizes)


def unseen(position: int, messages: Sequence[Message]) -> list[Message]:
    """Return the messages after the position; raises GapError unless they follow it one by one."""
    fresh = [message for message in messages if message.position > position]
    for expected, message in enumerate(fresh, start=position + 1):
        if message.position != expected:
            raise GapError(f"position {expected} is missing before {message.position}")
    return fresh


def looks_back(state: State, decoded: Sequence[Event | Refusal]) -> bool:
    """Tell whether the batch may need what earlier batches changed; one of plain facts alone does not.

    Where it does, they must be committed before it is prepared.
    """
    return bool(targets_of(decoded) or (decoded and state.parking.retractions))


async def prepare(
    connection: asyncpg.Connection,
    state: State,
    messages: Sequence[Message],
    decoded: Sequence[Event | Refusal],
    instead: Instead,
    *,
    pending: Mapping[EventKey, Recorded] | None = None,
    in_ledger: InLedger | None = None,
    found: Recordings | None = None,
) -> tuple[Changes, dict[EventKey, Recorded]]:
    """Look up what the batch needs and fold it; the state is carried forward, nothing is written.

    ``pending`` are the keys of batches that are folded but perhaps not committed; the second answer are this
    batch's own new keys. ``found`` is what was looked up already, of a batch that does not look back. Where it is
    ``in_ledger``, the plain facts that it refers to itself are found too, and
    folded one by one.
    """
    targets = targets_of(decoded) | targets_of(state.parking.retractions.values())
    if found is None:
        keys = keys_of(decoded) if in_ledger is None else in_ledger.said_before
        found = await load_recorded(connection, keys | targets, state.position)
    recorded = {**found.before, **(pending or {})}
    known = len(recorded)
    foundations = foundations_in(recorded, targets, state.root)
    references = await load_references(connection, foundations, facts=state.counts)
    at_once = None if in_ledger is None else in_ledger.at_once
    if at_once is None:
        folding = Fold(state, messages[-1].position, recorded, references)
        await _take(folding, messages, decoded)
        changes = folding.changes(messages[-1].published_at)
    else:
        folding = Fold(state, at_once.runs[-1][1], recorded, references)
        at_once = at_once._replace(apart=at_once.apart | found.later)
        await _take_runs(folding, state, list(zip(messages, decoded, strict=True)), instead, at_once)
        changes = folding.changes(None)
    return changes, dict(islice(recorded.items(), known, None))  # those of before keep their places


async def _take(folding: Fold, messages: Sequence[Message], decoded: Sequence[Event | Refusal]) -> None:
    """Fold messages one by one, and let others go on between pieces of them."""
    for piece, events in zip(pieces(messages), pieces(decoded), strict=True):
        folding.take(piece, events)
        await asyncio.sleep(0)


async def _take_runs(
    folding: Fold, state: State, messages: Sequence[tuple[Message, Event | Refusal]], instead: Instead, at_once: AtOnce
) -> None:
    """Fold run by run: the plain facts before it at once, then its messages, with those facts that were left."""
    done, after = 0, state.position
    for first, last in at_once.runs:
        left = folding.take_at_once(at_once.facts, after, first - 1, at_once.apart)
        end = bisect_right(messages, last, done, key=_position)
        run = list(messages[done:end])
        if left:
            more = await at_once.read(left)
            run += zip(more, await decode_all(more, state.root, instead), strict=True)
            run.sort(key=_position)
        await _take(folding, [message for message, _ in run], [event for _, event in run])
        done, after = end, last


def _position(of: tuple[Message, Event | Refusal]) -> int:
    return of[0].position
