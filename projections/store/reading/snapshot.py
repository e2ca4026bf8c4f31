"""One answer is one snapshot: a read-only transaction, and the stream position it reflects (contract §3, law 3).

It may stand for an earlier position: then what was known there answers in the place of tables (`KnownThen`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

import asyncpg

from projections.store.checkpoint import Checkpoint, enter_checkpoint
from projections.store.connecting import acquired, one_of_several
from projections.store.reading.memory import Nowhere, memory_for

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy
    from asyncpg.transaction import Transaction

    from projections.answers.past.contributions import CodedCount
    from projections.answers.report.known_unit import KnownUnit
    from projections.answers.report.report_question import Figures, Place, QuestionPart
    from projections.answers.report.stays import UnitStay
    from projections.rules.counting.periods import Days
    from projections.store.reading.memory import Memory


Answer = TypeVar("Answer")

AT_ONCE: Final = 0.5
"""Seconds in which one server of several answers a question in one statement: else it is asked in a snapshot."""


class KnownThen(Protocol):
    """What was known at an earlier position, asked by the same questions as the tables of now are.

    Figures come in two halves: parts to be added up from the counters of now, and what is to be added to that.
    """

    @property
    def today(self) -> Snapshot:
        """The snapshot as it is by itself."""

    async def find(self, unit: str, on: dt.date) -> KnownUnit | None:
        """Find a unit by its id, named as on a day; None where it was not known."""

    async def stays(self, unit: Place, days: Days, level: str | None, *, now: bool) -> list[UnitStay]:
        """Return the children of a unit, or the highest units of a level below it, as `units_below` does."""

    async def terms(self, units: Collection[int], days: Days) -> dict[int, list[QuestionPart]]:
        """Return the terms that make as-now figures of units, as `as_now` does."""

    async def of_now(self, parts: Sequence[QuestionPart]) -> list[QuestionPart]:
        """Return the parts of now that the figures of parts begin with."""

    async def add_rest(self, figures: Figures, parts: Sequence[QuestionPart]) -> None:
        """Add what else the parts come to, by row."""

    async def coded_rest(
        self, parts: Sequence[QuestionPart], measures: Sequence[str], mask: int, *, by_month: bool
    ) -> list[CodedCount]:
        """Return what else the parts come to by packed codes, of which the bits of a mask count."""

    async def parked(self, unit: KnownUnit, days: Days) -> int:
        """Count the events that waited at the unit or below it, as `parked_before` says."""


class Snapshot(NamedTuple):
    """A read-only transaction; ``as_of`` is the bus time of the event at ``position``, None while there is none.

    Which generation it sees, how often that was repaired, and where it stands are decided by one row at one moment.
    Where something is ``known``, it is asked in place of the tables, and the position is an earlier one.
    """

    connection: PoolConnectionProxy[Record]
    generation: int
    repairs: int
    position: int
    as_of: dt.datetime | None
    known: KnownThen | None = None
    memory: Memory | None = None
    """What the connection remembers of the hierarchy, to be asked by `remembered`."""


@asynccontextmanager
async def snapshot(pool: Pool[Record]) -> AsyncIterator[Snapshot]:
    """Open a snapshot for as long as the block lasts; the transaction is owned here and ends with it.

    Of several servers one that doesn't answer at once is passed over. Raises what asyncpg and the network raise where
    the database is away or its schema is not made.
    """
    async with acquired(pool, _begun) as (connection, (transaction, found)):
        try:
            memory = memory_for(connection, found)
            yield Snapshot(connection, found.generation, found.repairs, found.position, found.as_of, memory=memory)
        except BaseException:
            await transaction.rollback()
            raise
        await transaction.commit()


async def at_once(
    pool: Pool[Record], ask: Callable[[PoolConnectionProxy[Record]], Awaitable[Answer | None]]
) -> Answer | None:
    """Ask something of any connection outside of a transaction; None where no answer can be had in this way.

    Whatever goes wrong is no answer: it is found out, and told, where a snapshot is opened.
    """
    async with pool.acquire() as connection:
        try:
            async with asyncio.timeout(AT_ONCE if one_of_several(connection) else None):
                return await ask(connection)
        except (OSError, TimeoutError, asyncpg.InterfaceError):
            connection.terminate()
        except asyncpg.PostgresError:
            pass
        except asyncio.CancelledError:
            if one_of_several(connection):  # the pool would wait until the server has heard of it
                connection.terminate()
            raise
    return None


def alone(memory: Memory) -> Snapshot:
    """Return a snapshot that is asked of nothing but what is remembered; it raises NotRememberedError."""
    nowhere: Any = Nowhere()
    return Snapshot(nowhere, memory.lineage.generation, memory.lineage.repairs, memory.position, None, memory=memory)


async def _begun(connection: PoolConnectionProxy[Record]) -> tuple[Transaction, Checkpoint]:
    transaction = connection.transaction(isolation="repeatable_read", readonly=True)
    await transaction.start()
    try:
        return transaction, await enter_checkpoint(connection)
    except Exception:  # where it is given up in the midst of it, `acquired` ends the connection
        await transaction.rollback()
        raise
