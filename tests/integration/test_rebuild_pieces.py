"""How a rebuild divides its work: other processes decode, whoever was killed counts no further, no day is special."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from projections.rules.log.kept_message import usual_headers
from projections.rules.log.message import Message
from projections.store.live.projection import Projection
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.counting import count_all
from projections.store.rebuilding.making import decoders
from projections.store.rebuilding.making.decoded_chunk import packed, read_decoded, unpacked
from projections.store.rebuilding.making.generation import Generation, LedgerSource
from services.settings import Settings
from services.verification.rebuilding import rebuild
from tests.bench.filling import COLUMNS, ledger_rows
from tests.bench.world import Facts, World, of_twenty_years
from tests.integration.test_verify import SIZES, quietly, told
from tests.oracle.telling import ROOT, admitted
from tests.property.system import messages
from tests.servers import connect


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a database into which the log is projected, with facts on the first and the last civil day."""
    opened = await connect(database)
    ends = [admitted("c0", day, f"end-{day}") for day in ("0001-01-01", "9999-12-31")]
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(messages([*told(), *ends]))
    await live.close()
    yield opened
    await opened.close()


async def test_what_other_processes_decode_is_the_same(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "LONG", 1)
    monkeypatch.setattr("projections.store.rebuilding.chunks.CHUNK", 9)
    done = await rebuild(Settings(database_url=database), quietly, sizes=SIZES)
    assert not done.comparison, done.comparison
    assert done.switched is not None


async def test_a_gap_that_another_process_finds_is_said(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "LONG", 1)
    await connection.execute("DELETE FROM ledger WHERE position = 12")
    with pytest.raises(RebuildError, match="position 12 is missing"):
        await rebuild(Settings(database_url=database), quietly, sizes=SIZES)


async def test_a_stretch_comes_through_a_pipe_as_it_was(database: str, connection: asyncpg.Connection) -> None:
    stretch = await read_decoded(connection, 0, len(told()), ROOT, "g1")
    assert stretch.plain.columns
    assert stretch.plain.several
    assert stretch.pivots
    assert unpacked(packed(stretch)) == stretch


async def test_who_counts_for_a_rebuild_that_was_killed_counts_no_further(
    database: str, connection: asyncpg.Connection
) -> None:
    writer = await asyncpg.connect(database)
    try:
        made = Generation(LedgerSource(database, ROOT, SIZES), writer, "g2", "g1")
        await made.open()
        await made.fold(len(told()), quietly)
        before = await count_all.begin_counting(writer, database, "g2")
        now = await count_all.begin_counting(writer, database, "g2")
        with pytest.raises(RebuildError, match="another rebuild"):
            await count_all.count_blocks(before, lambda *_: None, None)
        assert await writer.fetchval("SELECT count(*) FROM g2.counter") == 0
        await count_all.count_blocks(now, lambda *_: None, None)
        assert await writer.fetchval("SELECT count(*) FROM g2.counter") > 0
        assert not (await count_all.begin_counting(writer, database, "g2")).blocks
    finally:
        await writer.close()


async def test_what_the_bench_fills_a_ledger_with_is_what_the_projector_would_have_written(database: str) -> None:
    world = World(30, 1)
    lines = [*world.establishments(), *Facts(world, 1).make(200, of_twenty_years)]
    rows = list(ledger_rows(lines, 1))
    published = COLUMNS.index("published_at")
    log = [
        Message(row[0], row[published], line.subject, usual_headers(line.publisher, line.id), line.body)
        for row, line in zip(rows, lines, strict=True)
    ]
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(log)
    await live.close()
    connection = await connect(database)
    try:
        await connection.execute("CREATE TABLE filled (LIKE ledger INCLUDING ALL)")
        await connection.copy_records_to_table("filled", columns=COLUMNS, records=rows)
        assert await connection.fetchval("SELECT count(*) FROM ledger") == len(lines)
        assert not await connection.fetch("SELECT * FROM ledger EXCEPT SELECT * FROM filled")
    finally:
        await connection.close()
