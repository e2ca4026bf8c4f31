"""Pages of entry from those who mean harm: pages elsewhere, others' units, files without end, broken forms."""

from __future__ import annotations

import asyncio
import io
import re
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openpyxl
import pytest
from fastapi.routing import iter_route_contexts

from services.sheets.bounds import MAX_FILE
from tests.integration.pages.entering import (
    CELL,
    COMMUNE,
    OTHER,
    counted,
    look,
    paste,
    say,
    upload,
)
from tests.integration.pages.entering import clerk as clerk  # noqa: PLC0414 - a fixture
from tests.integration.pages.entering import running as running  # noqa: PLC0414 - a fixture
from tests.integration.pages.forms import post, press, pressed
from tests.integration.pages.service import Service, text_of
from tests.integration.sheets import DAY, csv_of

ADMITTED = "member.admitted"
AT = "2026-01-01T00:00:00.000+07:00"
NO_EVENT, NO_SHEET = "some-event", "i-0123456789abcdef0123456789abcdef"
EVERYWHERE = (
    ("/nhap/mot", {"type": ADMITTED, "unit": CELL, "step": "gui", "member": "f-1", "decided_on": DAY}),
    ("/nhap/khai-bao", {"unit": CELL, "step": "gui", "khong": "1", "from": DAY, "to": DAY, "key": "0" * 32, "at": AT}),
    (f"/nhap/tai-len?unit={COMMUNE}&type={ADMITTED}", None),
    (f"/nhap/rut-lai/{CELL}/{NO_EVENT}", {"reason": "x"}),
    (f"/nhap/thay/{CELL}/{NO_EVENT}", {"reason": "x", "step": "gui", "member": "f-1", "decided_on": "01/01/2020"}),
    (f"/nhap/bang/{NO_SHEET}/hang/2", {"c.member": "x"}),
    (f"/nhap/bang/{NO_SHEET}/gui", {}),
    (f"/nhap/bang/{NO_SHEET}/xoa", {}),
)
"""All that changes something, with what it takes."""


async def kept(clerk: httpx.AsyncClient) -> list[str]:
    """Return the sheets that are kept."""
    return [each["import"] for each in (await clerk.get("/v1/imports")).json()["imports"]]


async def logged(running: Service) -> int:
    """Return the position that the log has come to."""
    async with running.browser("officer") as browser:
        return int((await browser.get(f"/v1/units/{COMMUNE}")).json()["position"])


async def proof_of(browser: httpx.AsyncClient) -> str:
    """Return what the forms of a session send along."""
    return str((await browser.get("/v1/me")).json()["csrf"])


def proof_part(proof: str) -> bytes:
    """Write the part of a form, whose boundary is b, with which a page of ours begins one."""
    return f'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n{proof}\r\n'.encode()


async def test_a_page_elsewhere_changes_nothing_in_anybodys_name(running: Service, clerk: httpx.AsyncClient) -> None:
    before, proof = (await logged(running), await kept(clerk)), await proof_of(clerk)
    elsewhere = (
        {"sec-fetch-site": "cross-site", "origin": "http://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://other.localhost"},
    )
    for path, fields in EVERYWHERE:
        file = {"file": ("a.csv", csv_of((CELL, "f-2", DAY)))}
        given: dict[str, Any] = {"files": file} if fields is None else {}
        for headers in elsewhere:
            forged = await clerk.post(path, headers=headers, data={"csrf": proof, **(fields or {})}, **given)
            assert forged.status_code == 403, path
    assert (await logged(running), await kept(clerk)) == before


async def test_a_form_without_the_proof_of_this_session_changes_nothing(
    running: Service, clerk: httpx.AsyncClient
) -> None:
    forms = {str(each.path) for each in iter_route_contexts(running.app.routes) if "POST" in (each.methods or ())}
    for form in forms:
        like = re.compile(re.sub(r"\{\w+\}", "[^/]+", form)).fullmatch
        assert not form.startswith("/nhap") or any(like(path.partition("?")[0]) for path, _ in EVERYWHERE), form
    receipt = await say(clerk, ADMITTED, member="p-1", decided_on=DAY)
    await counted(clerk, receipt)
    (item,) = (await clerk.get(f"/v1{receipt.replace('phieu', 'receipts')}")).json()["items"]
    sheet = (await upload(clerk, ADMITTED, csv_of((CELL, "p-2", DAY)))).headers["location"].rsplit("/", 1)[1]
    before = await logged(running), await kept(clerk)
    async with running.browser("other") as other:
        theirs = await proof_of(other)
    for path, fields in EVERYWHERE:
        real = path.replace(NO_EVENT, item["id"]).replace(NO_SHEET, sheet)
        file = {"file": ("a.csv", csv_of((CELL, "p-3", DAY)))}
        for proof in (None, "", "0" * 64, "ă\r\nx-evil: 1", theirs):
            given = {**({} if proof is None else {"csrf": proof}), **(fields or {})}
            answer = await clerk.post(real, data=given, **({"files": file} if fields is None else {}))
            assert answer.status_code == 403, (path, proof)
    assert (await logged(running), await kept(clerk)) == before


async def test_a_proof_behind_the_sheet_is_none(running: Service, clerk: httpx.AsyncClient) -> None:
    before, proof = await kept(clerk), await proof_of(clerk)
    sheet, csrf = ("file", ("a.csv", csv_of((CELL, "p-4", DAY)))), ("csrf", (None, proof))
    for parts in ([sheet, csrf], [("csrf", (None, proof + "0" * (1 << 15))), sheet]):
        answer = await clerk.post(f"/nhap/tai-len?unit={COMMUNE}&type={ADMITTED}", files=parts)
        assert answer.status_code == 403
    whole = b'--b\r\ncontent-disposition: form-data; name="file"\r\n\r\nx\r\n' + proof_part(proof) + b"--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    at_once = await clerk.post(f"/nhap/tai-len?unit={COMMUNE}&type={ADMITTED}", content=whole, headers=headers)
    assert at_once.status_code == 403
    assert await kept(clerk) == before


@pytest.mark.parametrize("who", [None, "reader", "officer"])
async def test_who_is_no_clerk_enters_nothing(running: Service, who: str | None) -> None:
    async with running.browser(who) as browser:
        for path, fields in EVERYWHERE:
            given: dict[str, Any] = {"files": {"file": ("a.csv", b"x")}} if fields is None else {"data": fields}
            answer = await browser.post(path, **given)
            assert answer.status_code == (303 if who is None else 403), path
            assert who is not None or answer.headers["location"] == "/sign-in"
        shown = await browser.get("/nhap")
        assert shown.status_code == (303 if who is None else 403)


async def test_a_clerk_enters_for_no_unit_beside_his_own(running: Service, clerk: httpx.AsyncClient) -> None:
    refused = await look(clerk, ADMITTED, OTHER, member="b-1", decided_on=DAY)
    assert refused.status_code == 422
    assert "không được gửi với tư cách" in text_of(refused.text)
    assert "Gửi</button>" not in refused.text
    shown = await look(clerk, ADMITTED, member="b-1", decided_on=DAY)
    action, fields = pressed(shown.text, "Gửi")
    sent = await clerk.post(action, data={**fields, "unit": OTHER})
    assert "location" not in sent.headers
    assert (await paste(clerk, ADMITTED, "x", OTHER)).status_code == 403
    assert (await clerk.get("/nhap", params={"unit": OTHER})).status_code == 200  # its name is nobody's secret
    async with running.browser("other") as other:
        where = await say(other, ADMITTED, OTHER, member="b-2", decided_on=DAY)
        await counted(other, where)
        (item,) = (await other.get(f"/v1{where.replace('phieu', 'receipts')}")).json()["items"]
        made = (
            await paste(other, ADMITTED, f"Đơn vị\tMã đảng viên\tNgày quyết định\n{OTHER}\tb-3\t{DAY}\n", OTHER)
        ).headers
    key = f"{item['publisher']}/{item['id']}"
    for path in (f"/su-kien/{key}", f"/nhap/rut-lai/{key}", f"/nhap/thay/{key}"):
        assert (await clerk.get(path)).status_code == 403, path
    assert (await post(clerk, f"/nhap/rut-lai/{key}", {"reason": "x"})).status_code == 403
    for path in (where, made["location"]):
        assert (await clerk.get(path)).status_code == 404, path
    for end in ("gui", "xoa", "hang/2"):
        assert (await post(clerk, f"{made['location']}/{end}", {"c.member": "x"})).status_code == 404


async def test_a_file_without_end_is_read_no_further_than_a_sheet_may_be_long(clerk: httpx.AsyncClient) -> None:
    given, proof = 0, proof_part(await proof_of(clerk))

    async def endless(boundary: str, name: str) -> AsyncIterator[bytes]:
        nonlocal given
        yield proof + f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"; filename="a"\r\n\r\n'.encode()
        piece = b"x" * (1 << 18)
        while True:
            given += len(piece)
            yield piece

    for name, most in (("file", MAX_FILE + (1 << 20)), ("other", 1 << 20)):
        given = 0
        tracemalloc.start()
        answer = await clerk.post(
            f"/nhap/tai-len?unit={COMMUNE}&type={ADMITTED}",
            content=endless("b", name),
            headers={"content-type": "multipart/form-data; boundary=b"},
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert answer.status_code == (413 if name == "file" else 422)
        assert given <= most
        assert peak < 4 * most
    long = await clerk.post(
        f"/nhap/tai-len?unit={COMMUNE}&type={ADMITTED}",
        content=endless("b", "file"),
        headers={"content-length": "99999999"},
    )
    assert long.status_code == 413


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"no form at all"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\ncontent-disposition: form-data; name="file"\r\n\r\n\xc4\x90\xc6\xa1n v',
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n" * 3_000 + b"--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"a: b\r\n" * 100 + b"\r\n\r\n--b--\r\n"),
    ],
)
async def test_a_form_that_breaks_off_or_is_none_is_never_taken_for_a_sheet(
    clerk: httpx.AsyncClient, kind: str, body: bytes
) -> None:
    before = await kept(clerk)
    body = proof_part(await proof_of(clerk)) + body if body.startswith(b"--b") else body
    answer = await clerk.post(
        f"/nhap/tai-len?unit={COMMUNE}&type={ADMITTED}", content=body, headers={"content-type": kind}
    )
    assert answer.status_code == 422
    assert await kept(clerk) == before


async def test_forms_that_are_none_are_pages_in_words(clerk: httpx.AsyncClient) -> None:
    bad = await clerk.post(
        "/nhap/mot", content=b"a=%ff%fe", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert bad.status_code == 400
    many = await clerk.post("/nhap/mot", data={f"f{n}": "x" for n in range(600)})
    assert many.status_code == 400
    for given in ({}, {"type": "access.granted", "unit": CELL}, {"type": "unit.dissolved", "unit": CELL}):
        assert (await clerk.post("/nhap/mot", data=given)).status_code == 422
    assert (await clerk.get("/nhap/mot", params={"type": ADMITTED, "unit": "../../x"})).status_code == 404
    assert (await clerk.get("/nhap/bang/..%2F..%2Fme")).status_code == 404


async def test_an_id_of_ones_own_making_is_not_sent(running: Service, clerk: httpx.AsyncClient) -> None:
    shown = await look(clerk, ADMITTED, member="i-1", decided_on=DAY)
    action, fields = pressed(shown.text, "Gửi")
    before = await logged(running)
    for forged in ({"id": "mine"}, {"id": fields["id"].replace(".1", ".0")}, {"at": "yesterday"}, {"at": "2026-01-01"}):
        again = await clerk.post(action, data={**fields, **forged})
        assert again.status_code == 200, forged
    assert await logged(running) == before


async def test_formulas_are_texts_on_the_page_and_in_the_sheet_that_comes_back(clerk: httpx.AsyncClient) -> None:
    formula = '=HYPERLINK("http://x.example")'
    made = await upload(clerk, ADMITTED, csv_of((CELL, "f-9", formula), (CELL, "f-8", DAY)))
    where = made.headers["location"]
    assert "=HYPERLINK(&#34;http" in (await clerk.get(where)).text
    book = openpyxl.load_workbook(io.BytesIO((await clerk.get(f"/v1/imports/{where.rsplit('/', 1)[1]}.xlsx")).content))
    assert all(cell.data_type != "f" for row in book.worksheets[0].iter_rows() for cell in row)


async def test_pressed_many_times_at_once_it_is_one_event(clerk: httpx.AsyncClient) -> None:
    shown = await look(clerk, ADMITTED, member="m-1", decided_on=DAY)
    sent = await asyncio.gather(*(press(clerk, shown, "Gửi") for _ in range(5)))
    assert {each.status_code for each in sent} == {303}
    for each in sent:
        if each.headers["location"].startswith("/phieu/r-"):
            await counted(clerk, each.headers["location"])
    places = set()
    for each in sent:
        if each.headers["location"].startswith("/phieu/r-"):
            items = (await clerk.get(f"/v1{each.headers['location'].replace('phieu', 'receipts')}")).json()["items"]
            places |= {item["position"] for item in items}
    assert len(places) == 1
