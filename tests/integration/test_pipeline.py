"""One batch is made ready while the one before is written: it knows its keys, and waits where it looks back at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from projections.rules.log.message import Message
from projections.store.batch.pipeline import Pipeline, Ready, commit
from projections.store.batch.preparing import load
from tests.oracle.telling import ROOT, admitted, founded, retracted, root
from tests.property.system import SIZES, messages
from tests.servers import connect

FIRST = [root(), founded("u1", ROOT, "2010-01-01"), admitted("u1", "2023-01-05", "a")]
OUTCOMES = (
    "SELECT l.position, coalesce(v.outcome, 'holds') FROM ledger l LEFT JOIN verdict v USING (position) ORDER BY 1"
)


class Line:
    """A pipeline with its two sessions, whose writing waits for leave."""

    def __init__(self, reader: asyncpg.Connection, writer: asyncpg.Connection, pipeline: Pipeline) -> None:
        self.reader, self.writer, self.pipeline = reader, writer, pipeline
        self.leave = asyncio.Event()
        self.error: Exception | None = None

    async def ready(self, batch: Sequence[Message]) -> Ready:
        return await self.pipeline.make_ready(batch, lambda _, event: event)

    async def write(self, ready: Ready) -> None:
        await self.leave.wait()
        if self.error is not None:
            raise self.error
        await commit(self.writer, ready)

    async def outcomes(self) -> list[tuple[int, str]]:
        return [tuple(row) for row in await self.reader.fetch(OUTCOMES)]


@pytest.fixture
async def line(database: str) -> AsyncIterator[Line]:
    reader, writer = await connect(database), await connect(database)
    try:
        yield Line(reader, writer, Pipeline(reader, await load(reader, ROOT, SIZES)))
    finally:
        await reader.close()
        await writer.close()


async def test_what_is_being_written_is_known_to_the_next(line: Line) -> None:
    log = messages([*FIRST, admitted("u1", "2023-01-05", "a"), admitted("u1", "2023-01-06", "b")])
    await line.pipeline.begin_writing(first := await line.ready(log[:3]), line.write(first))
    second = await line.ready(log[3:])
    assert line.pipeline.writing
    assert await line.outcomes() == []
    line.leave.set()
    await line.pipeline.begin_writing(second, line.write(second))
    await line.pipeline.settled()
    assert not line.pipeline.writing
    assert await line.outcomes() == [(1, "holds"), (2, "holds"), (3, "holds"), (4, "duplicate"), (5, "holds")]


@pytest.fixture
async def longer(database: str) -> AsyncIterator[Line]:
    """Give a line on which one may wait until the one before it is written."""
    reader, writer = await connect(database), await connect(database)
    try:
        yield Line(reader, writer, Pipeline(reader, await load(reader, ROOT, SIZES), waiting=1))
    finally:
        await reader.close()
        await writer.close()


async def test_one_waits_for_its_turn_and_the_next_knows_both(longer: Line) -> None:
    same = [admitted("u1", "2023-01-05", "a"), admitted("u1", "2023-01-06", "b")]
    log = messages([*FIRST, admitted("u1", "2023-01-06", "b"), *same])
    await longer.pipeline.begin_writing(first := await longer.ready(log[:3]), longer.write(first))
    await longer.pipeline.begin_writing(second := await longer.ready(log[3:4]), longer.write(second))
    third = await longer.ready(log[4:])
    assert [row.outcome for row in third.changes.ledger] == ["duplicate", "duplicate"]
    assert await longer.outcomes() == []
    full = asyncio.create_task(longer.pipeline.begin_writing(third, longer.write(third)))
    await asyncio.sleep(0)
    assert not full.done()
    longer.leave.set()
    await full
    await longer.pipeline.settled()
    assert not longer.pipeline.writing
    holds, duplicate = "holds", "duplicate"
    assert await longer.outcomes() == [*enumerate([holds, holds, holds, holds, duplicate, duplicate], 1)]


async def test_one_that_waits_is_not_written_where_the_one_before_is_not(longer: Line) -> None:
    log = messages([*FIRST, admitted("u1", "2023-01-06", "b")])
    await longer.pipeline.begin_writing(first := await longer.ready(log[:3]), longer.write(first))
    await longer.pipeline.begin_writing(second := await longer.ready(log[3:]), longer.write(second))
    longer.error = ZeroDivisionError()
    longer.leave.set()
    with pytest.raises(ZeroDivisionError):
        await longer.pipeline.settled()
    longer.error = None
    await longer.pipeline.end()
    assert await longer.outcomes() == []


async def test_neither_goes_on_where_they_are_given_up(longer: Line) -> None:
    log = messages([*FIRST, admitted("u1", "2023-01-06", "b")])
    await longer.pipeline.begin_writing(first := await longer.ready(log[:3]), longer.write(first))
    await longer.pipeline.begin_writing(second := await longer.ready(log[3:]), longer.write(second))
    await longer.pipeline.give_up()
    longer.leave.set()
    await longer.pipeline.end()
    assert await longer.outcomes() == []


async def test_all_keys_of_a_large_batch_are_looked_up(line: Line) -> None:
    facts = [admitted("u1", "2023-01-05", f"e{n}") for n in range(2_100)]
    log = messages([*FIRST, *facts, *facts])
    await commit(line.writer, await line.ready(log[: len(log) - len(facts)]))
    again = await line.ready(log[len(log) - len(facts) :])
    assert {row.outcome for row in again.changes.ledger} == {"duplicate"}


async def test_one_that_takes_something_back_waits_for_what_is_being_written(line: Line) -> None:
    log = messages([*FIRST, retracted("u1", "back", "a")])
    await line.pipeline.begin_writing(first := await line.ready(log[:3]), line.write(first))
    line.leave.set()
    second = await line.ready(log[3:])
    assert not line.pipeline.writing
    assert [verdict.outcome for verdict in second.changes.verdicts] == ["retracted"]
    await commit(line.writer, second)
    assert await line.outcomes() == [(1, "holds"), (2, "holds"), (3, "retracted"), (4, "holds")]


async def test_what_can_not_be_written_is_said_before_anything_else_is(line: Line) -> None:
    log = messages([*FIRST, admitted("u1", "2023-01-06", "b")])
    await line.pipeline.begin_writing(first := await line.ready(log[:3]), line.write(first))
    second = await line.ready(log[3:])
    line.error = ZeroDivisionError()
    line.leave.set()
    with pytest.raises(ZeroDivisionError):
        await line.pipeline.begin_writing(second, line.write(second))
    await line.pipeline.end()
    assert await line.outcomes() == []
