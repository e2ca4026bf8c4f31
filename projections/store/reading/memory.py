"""What a connection remembers of the hierarchy from one answer to the next, as long as nothing of it changes.

Units, children, units of a level and as-now terms are functions of the statements about units alone; these change
seldom, figures all the time. What is remembered is of all days and belongs to one connection: to one server, which
never goes back, and to one question at a time. It holds at a later position where nothing of the structure has come to
hold or was taken back since (decision 0065).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from projections.store.checkpoint import Checkpoint
from projections.store.connecting import itself

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record
    from asyncpg.pool import PoolConnectionProxy

MOST: Final = 20_000
"""Units that a connection remembers of all questions together, some 600 bytes each."""
MOST_OF_ONE: Final = 2_000
"""Units of one question: more of them are looked up each time."""

# What was held back and now holds may be facts too: it is asked for what is new alone, and is seldom wrong.
_CHANGED: Final = """
SELECT EXISTS (SELECT FROM {schema}.statement WHERE position > $1)
    OR EXISTS (SELECT FROM {schema}.verdict WHERE held_at > $1 AND held_at > position)
    OR EXISTS (
        SELECT FROM {schema}.verdict JOIN public.ledger USING (position)
        WHERE retracted_at > $1 AND starts_with(ledger.type, 'unit.')
    )
"""


class NotRememberedError(LookupError):
    """What is asked of the memory alone is not in it."""


class Nowhere:
    """In the place of a connection, where nothing may be asked."""

    def __getattr__(self, name: str) -> Any:
        raise NotRememberedError(name)


class WhichFigures(NamedTuple):
    """Which figures they are: others have another structure, whatever their position."""

    table: int
    generation: int
    repairs: int


class Memory:
    """What one connection remembers; ``position``: up to there nothing has changed."""

    def __init__(self, lineage: WhichFigures, position: int) -> None:
        self.lineage = lineage
        self.position = position
        self._kept: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._weight = 0
        self._large: tuple[Hashable, Any] | None = None

    def get(self, key: Hashable) -> Any:
        """Return what is remembered, None where nothing is."""
        if self._large is not None and self._large[0] == key:
            return self._large[1]
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: Hashable, value: object, weight: int) -> None:
        """Remember something of so many units; what was not asked for longest goes for it."""
        if weight > MOST_OF_ONE:
            return
        self._kept[key] = weight + 1, value
        self._weight += weight + 1
        while self._weight > MOST:
            _, (lighter, _) = self._kept.popitem(last=False)
            self._weight -= lighter

    def put_large(self, key: Hashable, value: object) -> None:
        """Remember something of all units, in columns; there is room for one."""
        self._large = key, value

    def forget(self) -> None:
        """Remember nothing any more."""
        self._large = None
        self._kept.clear()
        self._weight = 0

    async def reach(self, connection: PoolConnectionProxy[Record], position: int) -> bool:
        """Follow the figures to a position at which the connection is; False where what was known holds no more."""
        if position == self.position:
            return True
        changed = position < self.position or await connection.fetchval(
            _CHANGED.format(schema=f"g{self.lineage.generation}"), self.position
        )
        if changed:
            self.forget()
        self.position = position
        return not changed


_memories: WeakKeyDictionary[asyncpg.Connection[Record], Memory] = WeakKeyDictionary()


def memory_of(connection: PoolConnectionProxy[Record]) -> Memory | None:
    """Return what a connection remembers, None where it has answered nothing yet."""
    return _memories.get(itself(connection))


def memory_for(connection: PoolConnectionProxy[Record], found: Checkpoint) -> Memory:
    """Return what a connection remembers of the figures that it has found; nothing of others is left."""
    own = itself(connection)
    lineage = WhichFigures(found.table, found.generation, found.repairs)
    memory = _memories.get(own)
    if memory is None or memory.lineage != lineage:
        memory = _memories[own] = Memory(lineage, found.position)
    return memory
