"""`tonghop template` and `tonghop import`: what a clerk types, and what is answered."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import openpyxl
import pytest

from services.access.bootstrapping import bootstrap
from services.settings import Settings
from tests.attacks.guarded import Guarded
from tests.attacks.publishing import ROOT, UNITS, A, projecting, published
from tests.integration.access.test_commands import Terminal, on_a_socket
from tests.integration.sheets import ADMITTED, DAY, HEADS, admissions, xlsx_of
from tests.integration.test_sending import begin_anew, bus

__all__ = ["bus"]


@pytest.fixture
async def terminal(bus: Guarded, database: str) -> AsyncIterator[Terminal]:
    await begin_anew(bus)
    settings = Settings(database_url=database, root=ROOT, nats_url=bus.url("api"), gateway_nats_url=bus.url("gateway"))
    async with on_a_socket(settings) as opened, projecting(bus.url("projector"), database, units=()):
        await published(bus.url("all-units"), UNITS)
        connection = await asyncpg.connect(database)
        opened.environ["TONGHOP_TOKEN"] = (await bootstrap(connection))[1]
        await connection.close()
        yield opened


def written(folder: Path, name: str, sheet: bytes) -> str:
    (folder / name).write_bytes(sheet)
    return str(folder / name)


async def test_forty_admissions_are_sent_after_what_is_wrong_is_mended(terminal: Terminal, tmp_path: Path) -> None:
    tonghop, where = terminal.tonghop, ("--unit", A, "--type", ADMITTED)
    rows = [[*row, "nữ"] for row in admissions(A, range(40))]
    rows[11][2], rows[20], rows[33] = "31/02/2023", rows[4], [*rows[4][:3], "nam"]
    heads = (*HEADS, "Giới tính")
    named = xlsx_of(*([*row, "Bí Mật"] for row in rows), heads=(*heads, "Họ và tên"))
    refused = await tonghop("import", written(tmp_path, "a.xlsx", named), *where, code=1)
    assert "“Họ và tên” (E)" in refused.stderr
    assert "Bí Mật" not in refused.stderr
    sheet = written(tmp_path, "b.xlsx", xlsx_of(*rows, heads=heads))
    seen = await tonghop("import", sheet, *where, code=1)
    assert [line.split()[0] for line in seen.stdout.splitlines() if "refused" in line and "day" in line] == ["13", "35"]
    assert "Nothing is sent yet" in seen.stdout
    back = tmp_path / "back.xlsx"
    sent = await tonghop("import", sheet, *where, "--send", "--results", str(back), "--format", "json", code=1)
    items = json.loads(sent.stdout)["items"]
    assert [item["row"] for item in items if item["status"] == "refused"] == [13, 35]
    assert [item["row"] for item in items if item["status"] == "duplicate"] == [22]
    assert len([item for item in items if item.get("outcome") == "counted"]) == 38
    results = [row[1] for row in openpyxl.load_workbook(back).active.iter_rows(min_row=2, values_only=True)]
    assert (results.count("không nhận"), results.count("đã gửi, đã tính")) == (2, 37)
    rows[11][2], rows[33][1] = DAY, "33"
    mended = written(tmp_path, "c.csv", "\n".join(";".join(map(str, row)) for row in (heads, *rows)).encode())
    looked = json.loads((await tonghop("import", mended, *where, "--format", "json")).stdout)
    assert (looked["counts"]["ready"], looked["encoding"]) == (2, "utf-8")
    assert "counted" in (await tonghop("import", looked["import"], "--send")).stdout
    other = written(tmp_path, "d.csv", f"{';'.join(heads)}\n{A};5;{DAY};nam\n".encode())
    replaced = await tonghop("import", other, *where, "--send", "--replace", "2", "--format", "json")
    assert json.loads(replaced.stdout)["items"][0]["id"].endswith(".2")
    assert "--unit" in (await tonghop("import", sheet, code=1)).stderr


async def test_a_template_is_written_to_a_new_file(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    await terminal.tonghop("template", A, ADMITTED, "-o", str(file))
    assert openpyxl.load_workbook(io.BytesIO(file.read_bytes())).sheetnames == ["Dữ liệu", "Danh mục", "Hướng dẫn"]
    assert "can't be made" in (await terminal.tonghop("template", A, ADMITTED, "-o", str(file), code=1)).stderr
