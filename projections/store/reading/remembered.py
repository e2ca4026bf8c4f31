"""Asking of a snapshot what its connection may remember: what is not in the memory is loaded, and put there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from projections.store.reading.snapshot import Snapshot

Value = TypeVar("Value")


async def remembered(
    snapshot: Snapshot,
    key: Hashable,
    load: Callable[[], Awaitable[Value]],
    weight: Callable[[Value], int] | None = None,
) -> Value:
    """Return what is remembered under a key, or load it; ``weight`` is of how many units it is, None: of all.

    It depends on the hierarchy alone, and on no day that is asked for. None is never remembered.
    """
    memory = snapshot.memory
    if memory is None:
        return await load()
    await memory.reach(snapshot.connection, snapshot.position)
    found: Value | None = memory.get(key)
    if found is None:
        found = await load()
        if found is not None and weight is None:
            memory.put_large(key, found)
        elif found is not None and weight is not None:
            memory.put(key, found, weight(found))
    return found
