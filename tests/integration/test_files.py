"""Answers as files over HTTP (section 9): every form has a table, and each cell of it is what the JSON says."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.embedded.postgres import PostgresServer
from services.files.forms import FILES
from tests import servers
from tests.integration.plans.telling import TREE, target
from tests.integration.test_api import client_of
from tests.oracle.telling import ROOT, admitted, dissolved, founded, moved, renamed, say
from tests.property.system import system_on

DAYS = "from=2021-01-01&to=2021-12-31"
ASKED = {
    "report": f"report?{DAYS}&split=sex&compare=last-year",
    "by facet": f"report?{DAYS}&by=facet:sex,age_band&measures=admissions",
    "by quarter": f"report?{DAYS}&by=quarter",
    "events": f"events?{DAYS}",
    "indicators": "indicators?on=2021-12-31",
    "targets": "targets?on=2021-12-31",
    "silence": f"silence?{DAYS}",
    "history": "history",
    "difference": f"difference?{DAYS}",
    "statement": f"statement?{DAYS}&say=admissions",
}
HOSTILE = "=1+1;-2\u202e"


@pytest.fixture(scope="module")
async def client(postgres: PostgresServer, _template: None) -> AsyncIterator[httpx.AsyncClient]:
    """One for all: they only ask."""
    async with servers.fresh_database(postgres) as database, opened_on(database) as opened:
        yield opened


@asynccontextmanager
async def opened_on(database: str) -> AsyncIterator[httpx.AsyncClient]:
    days = {"from": "2021-01-01", "to": "2021-12-31"}
    log = [
        *TREE,
        *(founded(unit, "tp", "2000-01-01", "cell") for unit in ("d", "e")),
        renamed("b", HOSTILE, "2001-01-01", "n"),
        moved("d", ROOT, "2021-06-01", "m"),
        dissolved("d", "2022-01-01", "a"),
        *(
            admitted("a", f"2021-05-{n:02}", f"a{n}", facets={"sex": "female" if n % 2 else "male"})
            for n in range(1, 29)
        ),
        admitted("d", "2021-02-01", "d1"),
        *(admitted("b", f"2020-05-{n:02}", f"b{n}") for n in range(1, 6)),
        target("tp", "admissions", ("2021-01-01", "2021-12-31"), 34, "t1"),
        target("a", "admissions", ("2021-01-01", "2021-12-31"), 20, "t2", at_most=30),
        say("a", "f1", "figure.declared", "a", {"figure": "members", "on": "2020-12-31", "value": 77, "note": "@x"}),
        say("tp", "f2", "figure.declared", "tp", {"figure": "admissions", **days, "value": 31}),
        say("b", "f3", "figure.declared", "b", {"figure": "admissions", **days, "value": 0}),
        say("a", "f4", "figure.declared", "a", {"figure": "admissions", **days, "value": 30}),
    ]
    async with system_on(database) as system, client_of(database) as opened:
        await system.deliver(log, [(0, len(log), False)])
        yield opened


def lines_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def values_in(answer: Any, passed_over: frozenset[str] = frozenset()) -> Iterator[Any]:
    """Walk over all that a JSON answer says, but what is empty there."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name not in passed_over:
                yield from values_in(value, passed_over)
    elif isinstance(answer, list):
        for each in answer:
            yield from values_in(each, passed_over)
    elif answer is not None:
        yield answer


def as_told(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("asked", ASKED)
async def test_each_cell_is_what_the_json_says(client: httpx.AsyncClient, asked: str) -> None:
    path = f"/v1/units/tp/{ASKED[asked]}"
    answer = (await client.get(path)).json()
    found = await client.get(path, params={**httpx.URL(path).params, "format": "csv"})
    assert (found.status_code, found.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert found.headers["content-disposition"].startswith(f'attachment; filename="{ASKED[asked].split("?")[0]}-tp')
    assert not found.content.startswith(b"\xef\xbb\xbf")
    assert found.text.endswith("\r\n")
    heads, *rows = lines_of(found.text)
    in_vietnamese = await client.get(path, params={**httpx.URL(path).params, "format": "csv", "dialect": "excel-vi"})
    (spoken, *_) = lines_of(in_vietnamese.content.decode("utf-8-sig"), ";")
    assert len(set(heads)) == len(heads) == len(set(spoken)), sorted(spoken)
    assert {len(row) for row in rows} == {len(heads)}
    cells = {cell for row in rows for cell in row}
    text = found.text.replace('""', '"')
    sources = frozenset({"said", "own", "rest"})
    for value in values_in(answer, sources):
        told = as_told(value).replace("\u202e", "\\u202e")
        assert told in cells or f"'{told}" in cells or told in text or HOSTILE[:3] in told, (asked, value)
    for row in rows:
        of = dict(zip(heads, row, strict=True))
        assert (of["of"], of["of_name"], of["position"]) == ("tp", "Đảng bộ tp", str(answer["position"]))
        if "from" in answer:
            assert (of["from"], of["to"]) == (answer["from"], answer["to"])
        if "on" in answer:
            assert of["on"] == answer["on"]
        assert of.get("basis") == (None if asked == "history" else answer.get("basis", "as-was"))
        assert of["as_of"]
        assert of["as_of"] == answer.get("as_of", of["as_of"])


async def test_a_difference_of_two_positions_says_the_time_of_both(client: httpx.AsyncClient) -> None:
    path = f"/v1/units/tp/difference?{DAYS}&position=20&against_position=25"
    answer = (await client.get(path)).json()
    heads, first, *_ = lines_of((await client.get(f"{path}&format=csv")).text)
    told = dict(zip(heads, first, strict=True))
    for name, position in (("as_of", 20), ("against_as_of", 25)):
        then = (await client.get(f"/v1/units/tp/report?{DAYS}&by=none&position={position}")).json()
        assert told[name] == answer[name] == then["as_of"], name
    assert told["as_of"] < told["against_as_of"]


async def test_a_report_row_by_row(client: httpx.AsyncClient) -> None:
    path = f"/v1/units/tp/{ASKED['report']}&cells=all"
    answer = (await client.get(path)).json()
    heads, *rows = lines_of((await client.get(f"{path}&format=csv")).text)
    assert [row[0] for row in rows] == ["row"] * (len(rows) - 2) + ["own", "total"]
    for row, said in zip(rows, [*answer["rows"], None], strict=True):
        cells = dict(zip(heads, row, strict=True))
        told = said or {
            "values": answer["total"],
            "split": answer["split"],
            "last_year": answer["last_year"]["total"],
            "change": answer["last_year"]["change"],
            "last_year_split": answer["last_year"]["split"],
        }
        for measure in answer["total"]:
            for name, prefix in (("values", ""), ("last_year", "last_year."), ("change", "change.")):
                n = None if told[name] is None else told[name][measure]
                assert cells[prefix + measure] == ("" if n is None else str(n))
            for name in ("split", "last_year_split"):
                for code in ("female", "male", "unknown"):
                    n = None if told[name] is None else told[name][measure]["sex"][code]
                    assert cells[f"{name}.{measure}.sex.{code}"] == ("" if n is None else str(n))
    assert rows[-1][-1].endswith(f"Hết: {len(rows)} dòng")


async def test_excel_in_vietnamese(client: httpx.AsyncClient) -> None:
    found = await client.get("/v1/units/tp/indicators?on=2021-12-31&format=csv&dialect=excel-vi")
    assert found.content.startswith(b"\xef\xbb\xbf")
    heads, *rows = lines_of(found.content.decode("utf-8-sig"), ";")
    assert {"Loại dòng", "Nội dung", "Tỷ lệ đạt: Ít nhất", "Đơn vị báo cáo", "Vị trí nhật ký"} <= set(heads)
    assert len(set(heads)) == len(heads)
    at = heads.index("Tỷ lệ đạt: Ít nhất")
    assert [row[at] for row in rows if row[0] == "target"] == ["85,3"]  # 29 of 34
    until = heads.index("Tính đến hết ngày")  # up to it, where what ended is there before its `until`
    assert [row[until] for row in rows if row[0] == "target"] == ["2021-12-31"]
    history = await client.get("/v1/units/a/history?format=csv&dialect=excel-vi")
    (heads, *_) = lines_of(history.content.decode("utf-8-sig"), ";")
    assert {"Đến trước", "Mã đơn vị", "Tên đơn vị", "Cấp đơn vị"} <= set(heads)


async def test_formulas_are_texts_and_numbers_numbers(client: httpx.AsyncClient) -> None:
    for form in ("format=csv", "format=csv&dialect=excel-vi"):
        text = (await client.get(f"/v1/units/tp/report?{DAYS}&compare=last-year&{form}")).content.decode("utf-8-sig")
        heads, *rows = lines_of(text, ";" if "excel" in form else ",")
        (row,) = [each for each in rows if "b" in each]
        assert "'=1+1;'-2\\u202e" in row
        change = "Tăng, giảm: Kết nạp" if "excel" in form else "change.admissions"
        assert row[heads.index(change)] == "-5"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("Text/CSV;header=present", "text/csv"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("*/*;q=0.1, application/*;q=0, text/csv;q=0.05", "text/csv"),
        ("application/json;q=bad", "application/json"),
        ("application/*", "application/json"),
    ],
)
async def test_the_form_by_accept(client: httpx.AsyncClient, accept: str, form: str) -> None:
    found = await client.get(f"/v1/units/tp/report?{DAYS}", headers={"accept": accept})
    assert (found.status_code, found.headers["content-type"].split(";")[0]) == (200, form)
    assert found.headers["vary"] == "Accept, Accept-Encoding"


async def test_several_lines_of_accept_are_one(client: httpx.AsyncClient) -> None:
    for lines, form in (
        (["image/png", "text/csv"], "text/csv"),
        (["text/csv;q=0.1", "application/json"], "application/json"),
    ):
        found = await client.get(f"/v1/units/tp/report?{DAYS}", headers=[("accept", each) for each in lines])
        assert (found.status_code, found.headers["content-type"].split(";")[0]) == (200, form)


async def test_forms_that_there_are_not(client: httpx.AsyncClient) -> None:
    for accept in (
        "image/png",
        "application/msword",
        "text/html",
        "application/json;q=0",
        ", ,;",
        "a" * 5000 + "," * 900,
    ):
        refused = await client.get(f"/v1/units/tp/report?{DAYS}", headers={"accept": accept})
        assert refused.status_code == 406, accept
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["available"] == ["application/json", *(form.name for form in FILES.values())]
    for query, wrong in (
        ("format=xml", "format"),
        ("dialect=excel-vi", "dialect"),
        ("format=csv&dialect=x", "dialect"),
        ("format=xlsx&dialect=excel-vi", "dialect"),
    ):
        refused = await client.get(f"/v1/units/tp/report?{query}")
        assert (refused.status_code, refused.json()["parameter"]) == (422, wrong)
    text = await client.get(f"/v1/units/tp/statement?{DAYS}&say=admissions", headers={"accept": "text/plain"})
    assert (text.status_code, text.headers["content-type"]) == (200, "text/plain; charset=utf-8")


async def test_a_list_is_whole_unless_a_page_is_asked_for(client: httpx.AsyncClient) -> None:
    path = f"/v1/units/tp/events?{DAYS}&format=csv"
    _, *all_of_them = lines_of((await client.get(path)).text)
    heads, *page = lines_of((await client.get(f"{path}&limit=7")).text)
    assert (len(all_of_them), len(page)) == (29, 7)
    cursor = page[0][heads.index("next")]
    assert f"cursor={cursor}" in page[-1][-1]
    _, *following = lines_of((await client.get(f"{path}&limit=7&cursor={cursor}")).text)
    assert [row[1] for row in page + following] == [row[1] for row in all_of_them[:14]]
    _, *silent = lines_of((await client.get(f"/v1/units/tp/silence?{DAYS}&format=csv&limit=1&level=cell")).text)
    assert "đây là một phần của danh sách" in silent[-1][-1]
    heads, *none = lines_of((await client.get("/v1/units/tp/events?from=1990-01-01&to=1990-01-01&format=csv")).text)
    assert (len(none), none[0][0], none[0][-1]) == (1, "note", "Hết: 0 dòng")
    assert dict(zip(heads, none[0], strict=True))["from"] == "1990-01-01"


async def test_a_file_has_an_etag_of_its_own(client: httpx.AsyncClient) -> None:
    path = f"/v1/units/tp/report?{DAYS}"
    tags = {
        (await client.get(path + form)).headers["etag"] for form in ("", "&format=csv", "&format=csv&dialect=excel-vi")
    }
    assert len(tags) == 3
    csv_tag = (await client.get(f"{path}&format=csv")).headers["etag"]
    assert (await client.get(path, headers={"accept": "text/csv"})).headers["etag"] == csv_tag
    assert (await client.get(f"{path}&format=csv", headers={"if-none-match": csv_tag})).status_code == 304
    assert (await client.get(path, headers={"if-none-match": csv_tag})).status_code == 200
