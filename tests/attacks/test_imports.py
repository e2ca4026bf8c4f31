"""Sheets over HTTP from those who mean harm, and from those whose rights ended: nothing is shown, kept or sent."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import openpyxl
import pytest

from services.api import importing, kept_imports
from services.api.turns import Limits
from services.settings import Address, Settings
from services.sheets.apart import read_apart
from tests.attacks import hostile_sheets
from tests.attacks.guarded import Guarded
from tests.attacks.http_serving import Wire
from tests.attacks.publishing import BELOW_B, ROOT, UNITS, A, B, event, projecting, published
from tests.attacks.test_sending import as_soon_as_it_listens
from tests.integration.access.test_commands import on_a_socket
from tests.integration.sheets import ADMITTED, DAY, HEADS, Clerk, admissions, by_row, clerk_of, csv_of
from tests.integration.test_sending import NOWHERE, begin_anew, bus

__all__ = ["bus"]
NOBODY = "Nguyễn Thị Bí Mật"
GRANT = """
INSERT INTO access_grant (position, unit, account, role, granted)
SELECT -1, no, 'a-clerk', 'clerk', true FROM unit WHERE id = $1
"""
EVERYTHING = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

FORMULA = '=HYPERLINK("http://x.example","Chi bộ")'
XLSX = "application/octet-stream"


@pytest.fixture
async def clerk(bus: Guarded, database: str) -> AsyncIterator[Clerk]:
    await begin_anew(bus)
    async with (
        clerk_of(bus.url("api"), bus.url("gateway"), database, read_sheet=read_apart) as opened,
        projecting(bus.url("projector"), database, units=()),
    ):
        await published(bus.url("all-units"), UNITS)
        yield opened


async def granted(clerk: Clerk, statement: str, *values: str) -> None:
    connection = await asyncpg.connect(clerk.sender.database, server_settings={"search_path": "g1, public"})
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def test_who_is_clerk_no_more_reads_sends_and_mends_nothing_of_his_sheets(clerk: Clerk) -> None:
    mine = clerk.as_("a-clerk")
    await granted(clerk, GRANT, B)
    assert (await mine.upload(A, csv_of(*admissions(A, ["1"])))).status_code == 403
    made = await mine.imported(B, *admissions(BELOW_B, ["1", "2"]), *admissions(A, ["3"]))
    assert by_row(made, "status", "reason") == {2: ("ready", None), 3: ("ready", None), 4: ("refused", "unknown_unit")}
    import_ = made["import"]
    for who in ("a-other", "admin", "demo"):
        for method, path in (("GET", ""), ("GET", ".xlsx"), ("POST", "/send"), ("DELETE", ""), ("PATCH", "/rows/2")):
            answer = await clerk.as_(who).ask(method, f"imports/{import_}{path}", **({"json": {}} if path else {}))
            assert answer.status_code == 404, (who, method, path)
    limited = mine.as_(f"a-clerk clerk {A}")
    assert (await limited.ask("GET", f"imports/{import_}")).status_code == 403
    assert (await limited.ask("GET", "imports")).json()["imports"] == []
    await granted(clerk, "DELETE FROM access_grant")
    await granted(clerk, GRANT, BELOW_B)
    for method, path in (("GET", ""), ("GET", ".xlsx"), ("POST", "/send"), ("PATCH", "/rows/2")):
        answer = await mine.ask(method, f"imports/{import_}{path}", **({"json": {}} if method == "PATCH" else {}))
        assert (answer.status_code, answer.json()["unit"]) == (403, B), (method, path)
    assert (await mine.ask("GET", "imports")).json()["imports"] == []
    await granted(clerk, "DELETE FROM access_grant")
    await granted(clerk, GRANT, B)
    await clerk.sender.sent([event(ROOT, "m", "unit.moved", {"parent": A, "since": "2020-01-01"}, BELOW_B)])
    seen = await mine.look(import_)
    assert set(by_row(seen, "status", "reason").values()) == {("refused", "forbidden"), ("refused", "unknown_unit")}
    before = await clerk.sender.logged()
    answer = await mine.send(import_)
    assert (answer.status_code, answer.json()["receipt"]) == (200, None)
    assert {item["reason"] for item in answer.json()["items"]} == {"forbidden", "unknown_unit"}
    assert await clerk.sender.logged() == before
    assert (await mine.ask("DELETE", f"imports/{import_}")).status_code == 204


@pytest.mark.parametrize(
    ("make", "status", "reason"),
    [
        pytest.param(lambda: hostile_sheets.bomb(300 << 20), 413, "too_large", marks=pytest.mark.long),
        (lambda: b"PK\x03\x04" + bytes(1_000), 422, "broken"),
        (hostile_sheets.laughing, 422, "not_a_sheet"),
        (lambda: csv_of((A, "1", DAY, NOBODY), heads=(*HEADS, "Họ và tên")), 422, "unknown_column"),
        (lambda: csv_of((A, NOBODY, DAY, NOBODY), heads=(*HEADS, "")), 422, "column_without_head"),
    ],
)
async def test_of_a_sheet_that_is_refused_no_byte_is_kept(
    clerk: Clerk, own_folder: Path, make: Callable[[], bytes], status: int, reason: str
) -> None:
    before = await _everything(clerk)
    answer = await clerk.upload(A, make(), XLSX)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert NOBODY not in answer.text
    assert await _everything(clerk) == before
    assert os.listdir(own_folder) == []  # noqa: PTH208 - a folder in memory, read between two tests


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Path]:
    """Give the folder of temporary files, and see that nothing that is printed names anybody."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert NOBODY not in "".join(capfd.readouterr())


async def _everything(clerk: Clerk) -> dict[str, int]:
    connection = await asyncpg.connect(clerk.sender.database)
    try:
        names = [row[0] for row in await connection.fetch(EVERYTHING)]
        return {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names if name != "worker"}
    finally:
        await connection.close()


async def test_no_name_and_no_cell_becomes_a_formula(clerk: Clerk) -> None:
    await clerk.sender.sent([event(ROOT, "est-x", "unit.established", {**UNITS[1]["data"], "name": FORMULA}, "xa-x")])
    template = await clerk.ask("GET", f"units/xa-x/templates/{ADMITTED}.xlsx")
    for sheet in openpyxl.load_workbook(io.BytesIO(template.content)):
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row), sheet.title
    made = await clerk.imported(
        "xa-x", ("xa-x", "1", DAY, "=1+1"), (FORMULA, "2", DAY, ""), heads=(*HEADS, "Giới tính")
    )
    assert by_row(made, "status", "column") == {2: ("refused", "sex"), 3: ("ready", None)}
    back = await clerk.ask("GET", f"imports/{made['import']}.xlsx")
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(back.content)).active.iter_rows() for cell in row]
    hostile = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith("=")]
    assert len(hostile) == 2
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in hostile)


async def test_an_account_keeps_so_many_sheets_and_so_many_bytes(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_imports, "MOST_KEPT", 2)
    sheet = csv_of(*admissions(A, ["1"]))
    answers = await asyncio.gather(*(clerk.upload(A, sheet) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 429, 429]
    assert {"DELETE" in answer.json()["detail"] for answer in answers if answer.status_code == 429} == {True}
    monkeypatch.setattr(kept_imports, "MOST_KEPT", 9)
    monkeypatch.setattr(kept_imports, "MOST_BYTES", 300)
    full = await clerk.upload(A, sheet)
    assert (full.status_code, "300" in full.json()["detail"]) == (413, True)
    monkeypatch.setattr(kept_imports, "MOST_BYTES", 1 << 20)
    assert (await clerk.upload(A, sheet)).status_code == 201


async def test_one_account_has_few_files_read_at_a_time(
    bus: Guarded, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slowly(*given: object) -> object:
        begun.release()
        await go_on.wait()
        return await read_apart(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "READING", Limits(1, 1, 2, 1, 30, 10))
    await begin_anew(bus)
    async with clerk_of(bus.url("api"), bus.url("gateway"), database, read_sheet=slowly) as clerk:
        async with projecting(bus.url("projector"), database, units=()):
            await published(bus.url("all-units"), UNITS)
        sheet = csv_of(*admissions(A, ["1"]))
        first = asyncio.create_task(clerk.upload(A, sheet))
        await begun.acquire()
        more = [asyncio.create_task(clerk.upload(A, sheet)) for _ in range(2)]
        done, _ = await asyncio.wait(more, return_when=asyncio.FIRST_COMPLETED)
        assert {each.result().status_code for each in done} == {429}
        go_on.set()
        answers = await asyncio.gather(first, *more)
        assert sorted(answer.status_code for answer in answers) == [201, 201, 429]


async def test_nothing_is_read_of_a_sheet_before_it_is_known_who_sends_it_where(database: str) -> None:
    async with on_a_socket(Settings(database_url=database, nats_url=NOWHERE)) as terminal:
        host, _, port = terminal.environ["TONGHOP_API_URL"].removeprefix("http://").partition(":")
        wire = await as_soon_as_it_listens(Address(host, int(port)))
        path = f"/v1/units/{A}/imports?type={ADMITTED}"
        wire.ask(path, "POST", Content_Type="text/csv", Content_Length=str(16 << 20))  # and nothing of it
        assert (await wire.reply()).status == 401
        wire.hang_up()


async def test_a_sheet_for_nobodys_unit_or_too_long_a_one_is_refused_before_its_end(shipped: Address) -> None:
    for unit, status in (("nowhere", 404), ("unit-002", 413)):
        wire = await Wire.to(shipped, "127.0.0.7")
        path = f"/v1/units/{unit}/imports?type={ADMITTED}"
        wire.ask(path, "POST", Content_Type="text/csv", Transfer_Encoding="chunked")
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        try:
            for _ in range(22):
                wire.writer.write(piece)
                await wire.writer.drain()
        except ConnectionError:
            pass
        assert (await wire.reply()).status == status
        wire.hang_up()
