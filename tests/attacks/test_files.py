"""Files that are asked for to do harm: too long, given up half-way, too many cells; nothing is left behind."""

from __future__ import annotations

import asyncio
import tempfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.catalogue import MEASURES
from projections.answers.report import splits
from projections.answers.tables.answer_table import AnswerTable, TableColumn
from services.api import long_lists
from services.api.file_forms import AnswerFile
from services.api.filing import IN_MEMORY, PREFIX, filed
from services.files.forms import CSV
from tests.integration.test_api import client_of, small_world
from tests.servers import connect

DAYS = "from=2021-01-01&to=2021-12-31"
ALL = f"measures={','.join(MEASURES)}"
LONG = "x" * 1_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have files of answers made in a folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def table_of(answer: object) -> AnswerTable:
    assert isinstance(answer, AnswerTable)
    return answer


async def pages(number: int, wrong: BaseException | None = None) -> AsyncIterator[list[tuple[str]]]:
    for _ in range(number):
        yield [(LONG,)] * 10
    if wrong is not None:
        raise wrong


def file_of(number: int, wrong: BaseException | None = None) -> AnswerTable:
    return AnswerTable("", (), (TableColumn("x", "X"),), pages(number, wrong))


FILE = AnswerFile(CSV, None, "x", table_of)


@pytest.mark.parametrize("wrong", [ValueError("too long"), asyncio.CancelledError()])
async def test_what_is_given_up_half_way_leaves_no_file(folder: Path, wrong: BaseException) -> None:
    with pytest.raises(type(wrong)):
        await filed(FILE, file_of(IN_MEMORY // 5_000, wrong), gzip=True)
    assert left(folder) == []


async def test_a_long_file_is_on_the_disk_and_a_short_one_is_not(folder: Path) -> None:
    short = await filed(FILE, file_of(2), gzip=True)
    assert (short.path, short.gzipped, len(short.body)) == (None, False, short.length)
    lines = (await filed(FILE, file_of(IN_MEMORY // 5_000), gzip=False)).length // 1_000
    packed = await filed(FILE, file_of(IN_MEMORY // 5_000), gzip=True)
    assert packed.path is not None
    assert packed.path.name.startswith(PREFIX)
    assert packed.path.stat().st_mode & 0o077 == 0
    sent = packed.path.read_bytes()
    assert (packed.gzipped, packed.body, packed.length) == (True, b"", len(sent))
    text = zlib.decompress(sent, 16 + zlib.MAX_WBITS)
    assert text.count(LONG.encode()) == IN_MEMORY // 5_000 * 10
    assert len(text) // 1_000 == lines
    assert {path.stat().st_mode & 0o077 for path in left(folder)} == {0}


async def test_what_would_be_too_long_is_refused_with_its_length(
    database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await connect(database)
    await small_world().write(connection)
    await connection.close()
    async with client_of(database) as client:
        path = f"/v1/units/trung-uong/events?{DAYS}&format=csv"
        events = sum((await client.get(f"/v1/units/trung-uong/report?{DAYS}&by=none&{ALL}")).json()["total"].values())
        assert events > 3
        monkeypatch.setattr(long_lists, "MOST_ROWS", events - 1)
        refused = await client.get(path)
        assert (refused.status_code, refused.json()["length"], refused.json()["most"]) == (422, events, events - 1)
        page = await client.get(f"{path}&limit=3")
        assert (page.status_code, len(page.text.splitlines())) == (200, 4)
        monkeypatch.setattr(long_lists, "MOST_ROWS", events)
        assert len((await client.get(path)).text.splitlines()) == events + 1
        monkeypatch.setattr(splits, "MOST_CELLS", 20)
        refused = await client.get(f"/v1/units/trung-uong/report?{DAYS}&by=month&split=sex,age_band")
        assert (refused.status_code, refused.json()["parameter"]) == (422, "split")
        assert refused.json()["length"] == 13 * 3 * (3 + 6) > refused.json()["most"]
    assert left(folder) == []
