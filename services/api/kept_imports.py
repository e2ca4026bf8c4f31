"""Sheets that were sent, kept in tables for as long as the setting says: the rows as they were read, never the file."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from projections.answers.words.vietnamese_format import VIETNAM
from services.import_answers import ImportTold
from services.sheets.results import ReadRow, page_packed, page_unpacked

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy

MOST_KEPT: Final = 200
"""Sheets that an account may keep at a time."""
MOST_BYTES: Final = 100 * 1024 * 1024
"""Bytes of their rows, as they are kept."""

_ADD: Final = """
INSERT INTO import (id, account, unit, type, made_at, rows, bytes, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ADD_PAGE: Final = """
INSERT INTO import_page (import, page, first_row, last_row, rows, stems, counts) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_KEPT: Final = "SELECT count(*) AS number, coalesce(sum(bytes), 0) AS bytes FROM import WHERE account = $1"
_HEAD: Final = """
SELECT import.id, account, unit, type, made_at, import.rows, bytes, told, receipt,
    ARRAY(SELECT counts FROM import_page WHERE import_page.import = import.id ORDER BY page) AS counts
FROM import
"""
_ONE: Final = f"{_HEAD} WHERE id = $1 AND account = $2"
_LIST: Final = f"""{_HEAD} WHERE account = $1 AND (made_at, id) < ($2, $3)
ORDER BY made_at DESC, id DESC LIMIT $4"""
_PAGE: Final = "SELECT page, rows, choices FROM import_page WHERE import = $1 AND page = $2"
_STEMS: Final = "SELECT stems FROM import_page WHERE import = $1 AND page < $2 ORDER BY page"
_OF_ROW: Final = """
SELECT page, rows, choices FROM import_page WHERE import = $1 AND $2 BETWEEN first_row AND last_row
"""
_CHANGE: Final = """
UPDATE import_page SET rows = $3, stems = $4, choices = $5 WHERE import = $1 AND page = $2
"""
_COUNTED: Final = "UPDATE import_page SET counts = $3 WHERE import = $1 AND page = $2"
_SWEEP: Final = "DELETE FROM import WHERE made_at < now() - make_interval(days => $1)"
_LOCK: Final = "hashtextextended('import ' || $1, 0)"
_END: Final = (dt.datetime(9999, 1, 1, tzinfo=dt.UTC), "")

_told: Final = msgspec.json.Decoder(ImportTold).decode
_numbers: Final = msgspec.json.Decoder(dict[str, int]).decode
_choices: Final = msgspec.json.Decoder(dict[int, str]).decode


class KeptImport(NamedTuple):
    """A sheet as a whole; ``counts`` are of its pages, in their order."""

    id: str
    account: str
    unit: str
    type: str
    made_at: dt.datetime
    rows: int
    bytes: int
    told: ImportTold
    receipt: str | None
    counts: list[dict[str, int]]

    @property
    def pages(self) -> int:
        """How many pages it has."""
        return len(self.counts)


class KeptPage(NamedTuple):
    """A thousand rows; ``choices`` are what the clerk decided of some, by the row's number."""

    page: int
    rows: list[ReadRow]
    choices: dict[int, str]


class NewPage(NamedTuple):
    """A page before it is kept: packed, as the process that reads sheets gives it."""

    first_row: int
    last_row: int
    rows: bytes
    marks: bytes
    counts: Mapping[str, int]


class FullError(Exception):
    """An account keeps as much as it may; ``bytes``: of these, else of sheets."""

    def __init__(self, *, bytes_: bool) -> None:
        super().__init__()
        self.bytes = bytes_


def new_id() -> str:
    """Make an id that nobody guesses."""
    return f"i-{secrets.token_hex(16)}"


async def require_room(database: Pool[Record] | PoolConnectionProxy[Record], account: str, more: int = 0) -> None:
    """Raise FullError where an account may keep no more, or not so many bytes more."""
    row = await database.fetchrow(_KEPT, account)
    assert row is not None, "a count is a row"  # noqa: S101
    if row["number"] >= MOST_KEPT:
        raise FullError(bytes_=False)
    if row["bytes"] + more > MOST_BYTES:
        raise FullError(bytes_=True)


async def add(pool: Pool[Record], made: KeptImport, pages: Sequence[NewPage]) -> None:
    """Keep a sheet, in one transaction. Raises FullError, and what asyncpg and the network raise."""
    told = msgspec.json.encode(made.told).decode()
    row = (made.id, made.account, made.unit, made.type, made.made_at, made.rows, made.bytes, told)
    async with pool.acquire() as connection, connection.transaction():
        # One after the other, or two at a time would both find room for one.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('imports of ' || $1, 0))", made.account)
        await require_room(connection, made.account, made.bytes)
        await connection.execute(_ADD, *row)
        await connection.executemany(
            _ADD_PAGE,
            [
                (made.id, at, page.first_row, page.last_row, page.rows, page.marks, _written(page.counts))
                for at, page in enumerate(pages)
            ],
        )


async def find(pool: Pool[Record], import_: str, account: str) -> KeptImport | None:
    """Return a sheet of an account, None where it has no such one."""
    row = await pool.fetchrow(_ONE, import_, account)
    return None if row is None else _kept(row)


async def page_of_list(
    pool: Pool[Record], account: str, *, before: tuple[dt.datetime, str] | None, limit: int
) -> tuple[list[KeptImport], tuple[dt.datetime, str] | None]:
    """Return sheets of an account, the newest first, and before which one the next page begins."""
    rows = await pool.fetch(_LIST, account, *(before or _END), limit + 1)
    found = [_kept(row) for row in rows[:limit]]
    return found, (found[-1].made_at, found[-1].id) if len(rows) > limit else None


async def page_of(pool: Pool[Record], import_: str, page: int) -> KeptPage | None:
    """Return a page of a sheet, None where there is none (any more)."""
    row = await pool.fetchrow(_PAGE, import_, page)
    return None if row is None else _page(row)


async def packed_pages(pool: Pool[Record], import_: str) -> list[tuple[bytes, dict[int, str]]]:
    """Return all pages of a sheet, packed, with what was decided."""
    rows = await pool.fetch("SELECT rows, choices FROM import_page WHERE import = $1 ORDER BY page", import_)
    return [(row["rows"], _choices(row["choices"])) for row in rows]


async def marks_before(pool: Pool[Record], import_: str, page: int) -> list[bytes]:
    """Return the marks of the pages before one."""
    return [row["stems"] for row in await pool.fetch(_STEMS, import_, page)]


async def counted(pool: Pool[Record], import_: str, page: int, counts: Mapping[str, int]) -> None:
    """Keep the counts of a page as it was looked at."""
    await pool.execute(_COUNTED, import_, page, _written(counts))


async def page_of_row(pool: Pool[Record], import_: str, row: int) -> KeptPage | None:
    """Return the page that a row would be on, None where it is beyond all."""
    found = await pool.fetchrow(_OF_ROW, import_, row)
    return None if found is None else _page(found)


async def page_for_update(connection: PoolConnectionProxy[Record], import_: str, page: int) -> KeptPage | None:
    """Return a page, held until the caller's transaction ends; None where the sheet is gone."""
    found = await connection.fetchrow(f"{_PAGE} FOR UPDATE", import_, page)
    return None if found is None else _page(found)


async def change(connection: PoolConnectionProxy[Record], import_: str, page: KeptPage, marks: bytes) -> None:
    """Keep a page that was changed, in the caller's transaction."""
    choices = msgspec.json.encode({str(row): choice for row, choice in page.choices.items()}).decode()
    await connection.execute(_CHANGE, import_, page.page, page_packed(page.rows), marks, choices)


async def remove(pool: Pool[Record], import_: str, account: str) -> bool | None:
    """Take a sheet away; None where it is being sent just now, False where the account has no such one."""
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(f"SELECT pg_try_advisory_xact_lock({_LOCK})", import_):
            return None
        done = await connection.execute("DELETE FROM import WHERE id = $1 AND account = $2", import_, account)
        return bool(done != "DELETE 0")


async def may_change(connection: PoolConnectionProxy[Record], import_: str) -> bool:
    """Tell whether a sheet is not being sent, nor will be until the caller's transaction ends; many may change one."""
    return bool(await connection.fetchval(f"SELECT pg_try_advisory_xact_lock_shared({_LOCK})", import_))


@asynccontextmanager
async def sent_alone(pool: Pool[Record], import_: str) -> AsyncIterator[bool]:
    """Hold a sheet while it is sent: nobody else sends, mends or deletes it. False where somebody does.

    The hold ends with the process that has it.
    """
    async with pool.acquire() as connection:
        mine = bool(await connection.fetchval(f"SELECT pg_try_advisory_lock({_LOCK})", import_))
        try:
            yield mine
        finally:
            if mine:
                await connection.execute(f"SELECT pg_advisory_unlock({_LOCK})", import_)


async def sweep(pool: Pool[Record], keep_days: int) -> None:
    """Take away what is older than so many days."""
    await pool.execute(_SWEEP, keep_days)


def _written(counts: Mapping[str, Any]) -> str:
    return msgspec.json.encode(dict(counts)).decode()


def _kept(row: Record) -> KeptImport:
    values = dict(row)
    values |= {"told": _told(values["told"]), "counts": [_numbers(each) for each in values["counts"]]}
    values["made_at"] = values["made_at"].astimezone(VIETNAM)
    return KeptImport(**values)


def _page(row: Record) -> KeptPage:
    return KeptPage(row["page"], page_unpacked(row["rows"]), _choices(row["choices"]))
