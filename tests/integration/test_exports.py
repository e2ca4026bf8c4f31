"""Answers as Excel, Word and PDF over HTTP (section 9), read back by other libraries, cell by cell what JSON says."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest

from events.words import LEVELS, MEASURES
from projections.answers.tables.answer_table import AnswerTable
from projections.answers.tables.showing import KINDS, is_percentage, shown
from services.api import filing
from services.embedded.postgres import PostgresServer
from services.files.apart_process import write
from services.files.bounds import FileBounds
from services.files.manuscript import ANSWER, Manuscript
from services.files.row_pages import pages_of
from services.files.templates import Templates
from tests import read_back, servers
from tests.integration.test_files import ASKED, DAYS, lines_of, opened_on, values_in

PARTS = {
    "target": "Chỉ tiêu được giao",
    "figure": "Số khai báo",
    "stock": "Số đảng viên",
    "rate": "Các tỷ lệ",
    "silent": "Chưa báo cáo",
    "declared_zero": "Báo không phát sinh",
    "differing": "Khai báo khác số đếm",
    "only_zero": "Chỉ báo không phát sinh",
    "admitted_nobody": "Không kết nạp",
    "founded": "Thành lập",
    "dissolved": "Giải thể",
    "name": "Tên gọi",
    "level": "Cấp",
    "parent": "Đơn vị cấp trên",
    "predecessor": "Tiếp nhận từ",
    "successor": "Chuyển sang",
    "contribution": "Các nguyên nhân",
    "rest": "Cộng lại",
    "total": "Cộng lại",
    "against": "Cộng lại",
    "difference": "Cộng lại",
    "statement": "Cả câu",
    "clause": "Từng ý",
    "number": "Số liệu trong câu",
}
"""By the kind of a row, the name of its sheet where there are several."""
OF_ALL = "Số liệu"
OF_FILE = {"of", "of_name", "of_level", "from", "to", "on", "basis", "position", "as_of", "note"} | {
    *("next", "last_year.from", "last_year.to", "parked", "targets_reason", "asked_level", "asked"),
    *("against", "against_position", "against_as_of", "reconciled"),
    *(f"{name}.count" for name in ("silent", "declared_zero", "only_zero", "differing", "admitted_nobody")),
}
"""The columns of CSV that say of the whole answer what stands above the tables of other files."""
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


@pytest.fixture(scope="module")
async def client(postgres: PostgresServer, _template: None) -> AsyncIterator[httpx.AsyncClient]:
    """One for all: they only ask."""
    async with servers.fresh_database(postgres) as database, opened_on(database) as opened:
        yield opened


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have files written in this process: to start one takes most of the time; others of these tests do."""

    async def write_here(form: str, table: AnswerTable, bounds: FileBounds, _: str, templates: Templates) -> Path:
        rows = [row async for page in pages_of(table.rows) for row in page]
        write(Manuscript(form, table._replace(rows=()), bounds, templates), iter(rows), tmp_path)
        return (tmp_path / ANSWER).rename(tmp_path / f"sent.{form}")

    monkeypatch.setattr(filing, "write_apart", write_here)


async def asked_for(client: httpx.AsyncClient, path: str, **more: str) -> httpx.Response:
    found = await client.get(path, params={**httpx.URL(path).params, **more})
    assert found.status_code == 200, found.text
    return found


class Told:
    """What CSV says of an answer: its rows, by the sheet in which they have to stand, the heads of its columns."""

    def __init__(self, plain: str, spoken: bytes, *, several: bool) -> None:
        self.names, *self._rows = lines_of(plain)
        (heads, *_) = lines_of(spoken.decode("utf-8-sig"), ";")
        self.heads = dict(zip(self.names, (head.removesuffix(" (của dòng)") for head in heads), strict=True))
        self._several = several

    def parts(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for row in self._rows:
            part = PARTS[row[0]] if self._several else OF_ALL
            found.setdefault(part, []).append(dict(zip(self.names, row, strict=True)))
        yield from found.items()


def bare_text(text: str) -> str:
    """Return a text without the apostrophe that CSV has before it."""
    return re.sub(r"(^|;)'([=@+-])", r"\1\2", text)


def in_words(name: str, text: str) -> set[str]:
    """Return how the cell of CSV may be shown to people."""
    last = name.rpartition(".")[2]
    given = {"": {"", "ẩn"}, "true": {"Có"}, "false": {"Không"}}
    if text in given or name == "kind":
        return given.get(text) or {KINDS[text]}
    with suppress(ValueError):
        return {dt.date.fromisoformat(text).strftime("%d/%m/%Y")}
    with suppress(ValueError, TypeError):
        whole, _, places = f"{json.loads(text):,}".partition(".")
        said = whole.replace(",", ".") + (f",{places}" if places not in {"", "0"} else "")
        return {said + ("%" if is_percentage(name) else "")}
    if last in {"level", "measure"}:
        return {LEVELS.get(text) or MEASURES[text].column}
    return {bare_text(text), shown(name, text), shown(name, bare_text(text))}


def is_said(name: str, row: dict[str, str], cell: str) -> bool:
    """Tell whether a text on paper is what CSV says; the kind of a row may stand where the row says nothing else."""
    return cell in in_words(name, row[name]) or (row[name] == "" and cell == KINDS.get(row["kind"]))


def is_shown(name: str, row: dict[str, str], cell: Any) -> bool:
    """Tell whether a cell of a workbook is what CSV says."""
    text = row[name]
    cell = read_back.as_shown(cell)
    if cell is None or cell == "ẩn":
        return text == ""
    if isinstance(cell, dt.date):
        return text == cell.isoformat()
    if isinstance(cell, (int, float)):
        return float(text) == cell
    return is_said(name, row, cell)


def require_alike(told: Told, book: read_back.ReadFile, word: read_back.ReadFile) -> None:
    """Hold every column of every part against its column in the workbook and in the document."""
    columns = [
        (head, cells) for table in word.tables.values() for head, *cells in zip(table.heads, *table.rows, strict=True)
    ]
    assert set(book.tables) == {part for part, _ in told.parts()}
    for part, rows in told.parts():
        table = book.tables[part]
        assert len(table.rows) == len(rows)
        assert len(set(table.heads)) == len(table.heads)
        for name in told.names:
            head = told.heads[name]
            if name in OF_FILE or head not in table.heads:
                assert name in OF_FILE | {"kind"} or not any(row[name] for row in rows), (part, name)
                continue
            found = [row[table.heads.index(head)] for row in table.rows]
            wrong = [(row[name], cell) for row, cell in zip(rows, found, strict=True) if not is_shown(name, row, cell)]
            assert not wrong, (part, name, wrong)
            if any(cell is not None for cell in found):  # an empty column is left out on paper
                assert any(
                    all(is_said(name, row, cell) for row, cell in zip(rows, cells, strict=True))
                    for each, cells in columns
                    if each == head and len(cells) == len(rows)
                ), (part, name)


@pytest.mark.parametrize("asked", [asked for asked in ASKED if not asked.startswith("by ")])
async def test_each_cell_is_what_the_json_says(client: httpx.AsyncClient, here: None, asked: str) -> None:
    path = f"/v1/units/tp/{ASKED[asked]}"
    answer = (await client.get(path)).json()
    files = {form: (await asked_for(client, path, format=form)).content for form in TYPES}
    book, word = read_back.workbook(files["xlsx"]), read_back.document(files["docx"])
    printed = read_back.pdf(files["pdf"])
    spoken = (await asked_for(client, path, format="csv", dialect="excel-vi")).content
    plain = (await asked_for(client, path, format="csv")).text
    told = Told(plain, spoken, several=next(iter(book.tables)) != OF_ALL)
    require_alike(told, book, word)
    for table in word.tables.values():
        for row in table.rows:
            assert read_back.bare("".join(row)) in printed, row
    said = [
        "tp (tp)",
        "Cơ sở tổ chức: theo tổ chức tại thời điểm (as-was)" if asked != "history" else "",
        f"Vị trí nhật ký: {answer['position']}",
    ]
    if "from" in answer:
        said.append("từ 01/01/2021 đến 31/12/2021")
    if "on" in answer:
        said.append("Tính đến ngày: 31/12/2021")
    if answer.get("as_of"):
        said.append("Thời điểm số liệu: ")
    everything = "\n".join(word.texts)
    for each in said:
        assert each in everything
        assert read_back.bare(each) in printed
        assert all(each in "\n".join(table.above) for table in book.tables.values())


async def test_a_report_row_by_row(client: httpx.AsyncClient, here: None) -> None:
    path = f"/v1/units/tp/{ASKED['report']}"
    answer = (await client.get(path)).json()
    (table,) = read_back.workbook((await asked_for(client, path, format="xlsx")).content).tables.values()
    totals = {
        "values": answer["total"],
        "split": answer["split"],
        "last_year": answer["last_year"]["total"],
        "change": answer["last_year"]["change"],
        "last_year_split": answer["last_year"]["split"],
    }
    for row, told in zip(table.rows, [*answer["rows"], totals], strict=True):
        cells = dict(zip(table.heads, row, strict=True))
        for measure in answer["total"]:
            head = MEASURES[measure].column
            for name, before in (("values", ""), ("last_year", "Năm trước: "), ("change", "Tăng, giảm: ")):
                cell = cells[before + head]
                if told[name] is None:
                    assert cell is None
                else:
                    assert cell == ("ẩn" if told[name][measure] is None else told[name][measure])
            for name, before, of in (("split", "", "values"), ("last_year_split", "Năm trước: ", "last_year")):
                for code, word in (("female", "nữ"), ("male", "nam"), ("unknown", "không rõ")):
                    cell = cells[f"{before}{head}, giới tính: {word}"]
                    if told[of] is None:
                        assert cell is None
                        continue
                    n = None if told[name] is None or told[name][measure] is None else told[name][measure]["sex"][code]
                    assert cell == ("ẩn" if n is None else n)


async def test_in_processes_of_their_own_by_accept_and_the_same_each_time(client: httpx.AsyncClient) -> None:
    path = f"/v1/units/tp/report?{DAYS}"
    tags = set()
    for form, media_type in TYPES.items():
        found = await client.get(path, headers={"accept": f"{media_type}, application/json;q=0.1"})
        assert (found.status_code, found.headers["content-type"]) == (200, media_type)
        assert found.headers["content-disposition"] == f'attachment; filename="report-tp-2021-01-01-2021-12-31.{form}"'
        assert "content-encoding" not in found.headers, "they are compressed by themselves"
        if form == "docx":  # which has most places for a time in it
            again = await asked_for(client, path, format=form)
            assert (again.content, again.headers["etag"]) == (found.content, found.headers["etag"])
        assert (
            await client.get(f"{path}&format={form}", headers={"if-none-match": found.headers["etag"]})
        ).status_code == 304
        tags.add(found.headers["etag"])
    assert len(tags) == 3


async def test_a_statement_is_a_document_in_the_frame(client: httpx.AsyncClient, here: None) -> None:
    path = f"/v1/units/tp/{ASKED['statement']}"
    answer = (await client.get(path)).json()
    word = (await asked_for(client, path, format="docx")).content
    printed = (await asked_for(client, path, format="pdf")).content
    text = read_back.pdf(printed)
    superior = (await client.get("/v1/units/tp?on=2021-12-31")).json()["parent"]["name"]
    everything = "\n".join([*read_back.document(word).texts, *read_back.cells(word)])
    framed = (superior.upper(), "ĐẢNG BỘ TP", "ĐẢNG CỘNG SẢN VIỆT NAM", "BÁO CÁO", "Nơi nhận", "BÍ THƯ")
    for said in (*framed, answer["text"], answer["footing"], "chưa đối chiếu bản gốc"):
        assert said in everything, said
        assert read_back.bare(said) in text, said
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages]
    assert not pages[0].strip().startswith("1")
    assert pages[1].strip().startswith("2")
    box = pypdf.PdfReader(io.BytesIO(printed)).pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)


@pytest.mark.parametrize(
    ("unit", "more", "superior"),
    [
        ("trung-uong", "", None),
        ("a", "&basis=as-now", "ĐẢNG BỘ TP"),
        ("d", "", "TRUNG ƯƠNG"),  # it moved in the middle of the year, and was dissolved at its end
        ("d", "&basis=as-now", "TRUNG ƯƠNG"),
    ],
)
async def test_above_a_document_stands_the_unit_above(
    client: httpx.AsyncClient, here: None, unit: str, more: str, superior: str | None
) -> None:
    word = (await asked_for(client, f"/v1/units/{unit}/{ASKED['statement']}{more}", format="docx")).content
    head = read_back.cells(word)[0].split("\n")
    assert head[:-3] == ([] if superior is None else [superior])
    own = "TRUNG ƯƠNG" if superior is None else f"ĐẢNG BỘ {unit.upper()}"
    assert head[-3:] == [own, "*", "Số ……-BC/……"]


async def test_fonts_come_with_the_file(client: httpx.AsyncClient, here: None) -> None:
    content = (await asked_for(client, f"/v1/units/tp/report?{DAYS}", format="pdf")).content
    fonts: set[str] = set()
    for page in pypdf.PdfReader(io.BytesIO(content)).pages:
        for font in page["/Resources"]["/Font"].values():
            fonts.add(font.get_object()["/BaseFont"].partition("+")[2])
    assert fonts
    assert all(each.startswith("LiberationSerif") for each in fonts), fonts


@pytest.mark.long
@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("asked", ASKED)
async def test_every_answer_in_a_process_of_its_own(client: httpx.AsyncClient, asked: str, form: str) -> None:
    path = f"/v1/units/tp/{ASKED[asked]}"
    answer = (await client.get(path)).json()
    content = (await asked_for(client, path, format=form)).content
    if form == "pdf":
        text = read_back.pdf(content)
    else:
        read = read_back.workbook(content) if form == "xlsx" else read_back.document(content)
        cells = [str(cell) for table in read.tables.values() for row in table.rows for cell in row]
        text = read_back.bare("".join([*read.texts, *cells]))
    for value in values_in(answer, frozenset({"said", "own", "rest", "time", "as_of", "next"})):
        if isinstance(value, str) and len(value) > 25:
            assert read_back.bare(value.replace("\u202e", "\\u202e")) in text
