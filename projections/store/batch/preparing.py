"""The stages of a batch before it is written: decoded, what it needs looked up, folded (`pipeline` is their order)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import asyncpg

from events.codec import Event, Refusal
from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.state import Recorded, Sizes, State
from projections.rules.folding.fold import EventKey, Fold
from projections.rules.log.asides import decoded as decoded_one
from projections.rules.log.message import GapError, Message
from projections.store.batch.loading import (
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


async def decode_all(messages: Sequence[Message], root: str, instead: Instead) -> list[Event | Refusal]:
    """Decode a batch as it is to be decided, and let others go on between pieces of it."""
    events: list[Event | Refusal] = []
    for piece in pieces(messages):
        events += [instead(message.position, decoded_one(message, root)) for message in piece]
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
    """Tell whether the batch may need what earlier batches changed.

    Where it does, they must be committed before it is prepared.
    """
    return bool(targets_of(decoded) or state.parking.retractions)


async def prepare(
    connection: asyncpg.Connection,
    state: State,
    messages: Sequence[Message],
    decoded: Sequence[Event | Refusal],
    pending: Mapping[EventKey, Recorded] | None = None,
    *,
    said_before: set[EventKey] | None = None,
) -> tuple[Changes, dict[EventKey, Recorded]]:
    """Look up what the batch needs and fold it; the state is carried forward, nothing is written.

    ``pending`` are the keys of the batch before, where it is folded but perhaps not committed; the second answer are
    this batch's own new keys. Where the ledger has the batch already, ``said_before`` are its keys that it says were
    used before.
    """
    targets = targets_of(decoded) | targets_of(state.parking.retractions.values())
    keys = keys_of(decoded) if said_before is None else said_before
    recorded = await load_recorded(connection, keys | targets, state.position)
    recorded.update(pending or {})
    known = set(recorded)
    foundations = foundations_in(recorded, targets, state.root)
    references = await load_references(connection, foundations)
    changes = await fold(state, messages, decoded, recorded, references)
    return changes, {key: entry for key, entry in recorded.items() if key not in known}


async def fold(
    state: State,
    messages: Sequence[Message],
    decoded: Sequence[Event | Refusal],
    recorded: dict[EventKey, Recorded],
    references: Mapping[str, int],
) -> Changes:
    """Fold a batch for which everything is looked up (`Fold`), and let others go on between pieces of it."""
    folding = Fold(state, messages[-1].position, recorded, references)
    for piece, events in zip(pieces(messages), pieces(decoded), strict=True):
        folding.take(piece, events)
        await asyncio.sleep(0)
    return folding.changes(messages)
