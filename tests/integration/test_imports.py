"""Sheets over HTTP, to the log and back: previews, mending, sending, the sheet back (contract, section 8)."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import openpyxl
import pytest

from projections.store.live.projection import Projection
from services.api.import_bodies import CSV, XLSX
from services.sheets.event_ids import parted
from tests.attacks.guarded import Guarded
from tests.attacks.publishing import BELOW_B, ROOT, UNITS, A, B, body_of, projecting, published
from tests.integration.sheets import ADMITTED, DAY, HEADS, Clerk, admissions, by_row, clerk_of, csv_of, xlsx_of
from tests.integration.test_sending import NOWHERE, begin_anew, bus, impatient
from tests.integration.test_verify import SIZES
from tests.oracle.telling import Said
from tests.property.sheet_writing import in_1258
from tests.property.system import messages

__all__ = ["bus", "impatient"]
CLERK_B = f"admin clerk {B}"


async def know_units(database: str) -> None:
    """Have a log read that no bus has."""
    projection = await Projection.open(database, root=ROOT, sizes=SIZES)
    try:
        await projection.apply(messages([said(unit) for unit in UNITS]))
    finally:
        await projection.close()


def said(event: dict[str, Any]) -> Said:
    return Said(f"party.v1.{event['source'].removeprefix('/units/')}.{event['type']}", body_of(event))


@pytest.fixture
async def still(bus: Guarded, database: str) -> AsyncIterator[Clerk]:
    """Without a projector."""
    await begin_anew(bus)
    async with clerk_of(bus.url("api"), bus.url("gateway"), database) as clerk:
        yield clerk


@pytest.fixture
async def clerk(bus: Guarded, still: Clerk) -> AsyncIterator[Clerk]:
    async with projecting(bus.url("projector"), still.sender.database, units=()):
        await published(bus.url("all-units"), UNITS)
        yield still


async def test_a_sheet_is_looked_at_mended_and_sent(clerk: Clerk) -> None:
    rows = [*admissions(A, ["1", "2", "1"]), (A, "3", "31/02/2023"), ("xã X", "4", DAY), (B, "Nguyễn Văn A", DAY)]
    made = await clerk.imported(ROOT, *rows, ("Tổng cộng", "6", ""))
    assert made["counts"] == {
        **dict.fromkeys(("differs", "taken_back", "will_wait", "suspicious"), 0),
        "ready": 2,
        "duplicate": 1,
        "refused": 3,
    }
    assert (made["encoding"], made["separator"], made["passed_over"]) == ("utf-8", ";", [{"row": 8, "why": "total"}])
    assert by_row(made, "status", "column", "reason") == {
        2: ("ready", None, None),
        3: ("ready", None, None),
        4: ("duplicate", None, None),
        5: ("refused", "decided_on", "invalid_field"),
        6: ("refused", "unit", "unknown_unit"),
        7: ("refused", "member", "invalid_field"),
    }
    assert "Nguyễn" not in str(made)
    import_ = made["import"]
    mended = await clerk.mend(import_, 5, cells={"Ngày quyết định": DAY})
    assert (mended.status_code, by_row(mended.json())) == (200, {5: "ready"})
    assert mended.json()["counts"]["ready"] == 3
    assert (await clerk.mend(import_, 6, cells={"unit": B})).json()["counts"]["refused"] == 1
    assert await clerk.sender.logged() == len(UNITS)
    answer = await clerk.send(import_)
    assert answer.status_code == 202, answer.text
    assert answer.json()["counts"] == {"accepted": 4, "duplicate": 1, "refused": 1}
    assert [(i["row"], i["status"], i.get("outcome")) for i in answer.json()["items"]] == [
        (2, "accepted", "counted"),
        (3, "accepted", "counted"),
        (4, "duplicate", "counted"),
        (5, "accepted", "counted"),
        (6, "accepted", "counted"),
        (7, "refused", None),
    ]
    assert answer.headers["location"] == f"/v1/receipts/{answer.json()['receipt']}"
    assert await clerk.admissions(ROOT) == 4
    seen = await clerk.look(import_)
    assert seen["receipt"] == answer.json()["receipt"]
    assert by_row(seen) == {
        2: "duplicate",
        3: "duplicate",
        4: "duplicate",
        5: "duplicate",
        6: "duplicate",
        7: "refused",
    }
    again = await clerk.send(import_)
    assert (again.status_code, again.json()["items"]) == (202, answer.json()["items"])
    assert await clerk.sender.logged() == len(UNITS) + 4


async def test_the_same_rows_in_another_sheet_are_known(clerk: Clerk) -> None:
    first = await clerk.imported(A, *admissions(A, ["1", "2", "3"]))
    items = await clerk.sent(first["import"])
    again = await clerk.imported(A, *admissions(A, ["1", "2", "3"]), (A, "4", DAY))
    assert by_row(again) == {2: "duplicate", 3: "duplicate", 4: "duplicate", 5: "ready"}
    await clerk.ask(
        "POST", f"events/{A}/{items[1]['id']}/retraction", json={"reason": "nhầm"}, headers={"prefer": "wait=9"}
    )
    other = await clerk.imported(
        A, *[(*row, "nam") for row in admissions(A, ["1", "2", "4"])], heads=(*HEADS, "Giới tính")
    )
    assert by_row(other, "status", "column") == {
        2: ("differs", "sex"),
        3: ("taken_back", None),
        4: ("ready", None),
    }
    import_ = other["import"]
    assert by_row((await clerk.mend(import_, 3, again=True)).json(), "status", "again") == {3: ("ready", True)}
    assert by_row((await clerk.mend(import_, 2, replace=True)).json(), "status", "replace") == {2: ("ready", True)}
    sent = await clerk.sent(import_)
    assert [parted(item["id"])[1] for item in sent] == [2, 2, 1]  # type: ignore[index]
    assert {item["outcome"] for item in sent} == {"counted"}
    assert await clerk.admissions(A) == 4
    told = (await clerk.ask("GET", f"events/{A}/{items[0]['id']}")).json()
    assert (told["outcome"], "hàng 2" in told["taken_back"]["reason"]) == ("retracted", True)
    assert set(by_row(await clerk.look(import_)).values()) == {"duplicate"}
    kept = await clerk.imported(A, (A, "3", DAY, "nữ"), heads=(*HEADS, "Giới tính"))
    answer = await clerk.send(kept["import"])
    assert (answer.status_code, answer.json()["receipt"]) == (200, None)
    assert [(i["status"], i["reason"]) for i in answer.json()["items"]] == [("refused", "id_conflict")]
    assert (await clerk.look(kept["import"]))["receipt"] is None


async def test_a_long_sheet_has_pages_and_one_receipt_over_all(clerk: Clerk) -> None:
    rows = admissions(B, range(2_300))
    rows[1_200] = (B, "1200", "30/02/2023")
    rows[2_100] = rows[50]
    made = await clerk.imported(B, *rows)
    assert (made["counts"]["ready"], made["counts"]["refused"], made["counts"]["duplicate"]) == (2_298, 1, 1)
    assert len(made["rows"]) == 1_000
    import_ = made["import"]
    second = await clerk.look(import_, f"?cursor={made['next']}")
    assert by_row(second)[1_202] == "refused"
    third = await clerk.look(import_, f"?cursor={second['next']}")
    assert (len(third["rows"]), third["next"], by_row(third)[2_102]) == (300, None, "duplicate")
    assert (await clerk.ask("GET", f"imports/{import_}?cursor=OQ")).status_code == 422
    answer = (await clerk.send(import_, wait=30)).json()
    assert answer["counts"] == {"accepted": 2_298, "duplicate": 1, "refused": 1}
    receipt, items, cursor = answer["receipt"], answer["items"], answer["next"]
    while cursor is not None:
        page = (await clerk.ask("GET", f"receipts/{receipt}?cursor={cursor}")).json()
        assert len(page["items"]) <= 1_000
        items, cursor = items + page["items"], page["next"]
    assert [item["index"] for item in items] == list(range(2_300))
    assert [item["row"] for item in items] == list(range(2, 2_302))
    assert items[1_200]["reason"] == "invalid_field"
    assert items[2_100] == {**items[50], "index": 2_100, "row": 2_102, "status": "duplicate"}
    assert (await clerk.ask("GET", f"receipts/{receipt}?cursor=Mw")).status_code == 404
    (own,) = (await clerk.ask("GET", "receipts")).json()["receipts"]
    assert (own["receipt"], own["items"], own["accepted"]) == (receipt, 2_300, 2_298)
    assert await clerk.admissions(B) == 2_298
    assert {row["sent"]["outcome"] for row in (await clerk.look(import_))["rows"]} == {"counted"}
    back = await clerk.ask("GET", f"imports/{import_}.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(back.content)).active
    results = [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert (len(results), results[0], results[1_200]) == (2_300, "đã gửi, đã tính", "không nhận")


async def test_who_else_sends_mends_or_deletes_meanwhile_waits_or_is_told(clerk: Clerk) -> None:
    made = await clerk.imported(B, *admissions(B, range(1_500)))
    import_ = made["import"]
    sends = [asyncio.create_task(clerk.send(import_)) for _ in range(3)]
    mends = [asyncio.create_task(clerk.mend(import_, row, cells={"member": f"m-{row}"})) for row in (2, 1_400)]
    deletes = asyncio.create_task(clerk.ask("DELETE", f"imports/{import_}"))
    sent, mended, deleted = await asyncio.gather(*sends), await asyncio.gather(*mends), await deletes
    assert {answer.status_code for answer in sent} <= {202, 404, 409}
    assert {answer.status_code for answer in mended} <= {200, 404, 409}
    assert deleted.status_code in {204, 409}
    while (again := await clerk.send(import_)).status_code == 409:
        pass
    changed = [answer.status_code for answer in mended].count(200)
    expected = 1_500 if again.status_code == 202 else await clerk.admissions(B)
    assert changed <= 2
    assert await clerk.admissions(B) == expected
    assert await clerk.sender.logged() - len(UNITS) == expected


async def test_a_sheet_that_is_half_sent_is_sent_to_its_end_when_there_is_room(
    impatient: None, bus: Guarded, still: Clerk
) -> None:
    await begin_anew(bus, max_msgs=1_404, discard="new")
    async with projecting(bus.url("projector"), still.sender.database, units=()):
        await published(bus.url("all-units"), UNITS)
        made = await still.imported(B, *admissions(B, range(2_500)))
        import_ = made["import"]
        answer = (await still.send(import_)).json()
        assert answer["counts"] == {"accepted": 1_400, "unsent": 1_100}
        receipt = answer["receipt"]
        second = (await still.ask("GET", f"receipts/{receipt}?cursor={answer['next']}")).json()
        assert {item["reason"] for item in second["items"][400:]} == {"stream_full"}
        third = (await still.ask("GET", f"receipts/{receipt}?cursor={second['next']}")).json()
        assert {(item["status"], item["reason"]) for item in third["items"]} == {("unsent", "interrupted")}
        sent_row = await still.mend(import_, 2, cells={"member": "x"})
        assert (sent_row.status_code, sent_row.json()["publisher"]) == (409, B)
        assert (await still.mend(import_, 2_400, cells={"member": "moi"})).status_code == 200
        assert await still.admissions(B) == 1_400
        async with bus.client("operator") as operator:
            config = (await operator.jetstream().stream_info("PARTY")).config
            await operator.jetstream().update_stream(config.evolve(max_msgs=-1))
        rest = (await still.send(import_, wait=30)).json()
        assert (rest["receipt"], rest["counts"]) == (receipt, {"accepted": 2_500})
        assert rest["items"][0]["position"] == answer["items"][0]["position"]
        assert await still.admissions(B) == 2_500
        assert await still.sender.logged() == len(UNITS) + 2_500


async def test_without_a_bus_nothing_is_sent_and_nothing_is_kept_of_it(impatient: None, database: str) -> None:
    async with clerk_of(NOWHERE, NOWHERE, database) as clerk:
        await know_units(database)
        made = await clerk.imported(B, *admissions(B, range(3)))
        answer = await clerk.send(made["import"])
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert {item["reason"] for item in answer.json()["items"]} == {"bus_away"}
        assert (await clerk.ask("GET", "receipts")).json()["receipts"] == []


async def test_a_paused_projector_is_told_and_sending_again_doubles_nothing(bus: Guarded, still: Clerk) -> None:
    async with projecting(bus.url("projector"), still.sender.database, units=()):
        await published(bus.url("all-units"), UNITS)
    made = await still.imported(B, *admissions(B, range(5)))
    answer = await still.send(made["import"], wait=0)
    assert (answer.status_code, {item["outcome"] for item in answer.json()["items"]}) == (202, {None})
    assert set(by_row(await still.look(made["import"])).values()) == {"duplicate"}
    assert (await still.send(made["import"], wait=0)).json()["items"] == answer.json()["items"]
    async with projecting(bus.url("projector"), still.sender.database, units=()):
        told = (await still.send(made["import"])).json()["items"]
        assert {(item["status"], item["outcome"]) for item in told} == {("accepted", "counted")}
        assert await still.admissions(B) == 5


async def test_what_would_wait_says_for_what(clerk: Clerk) -> None:
    rows = [(B, "1", "01/05/1999"), (B, "2", DAY)]
    made = await clerk.imported(B, *rows)
    assert by_row(made, "status", "reason")[2] == ("will_wait", "inactive_unit")
    items = await clerk.sent(made["import"])
    assert [item["outcome"] for item in items] == ["parked", "counted"]
    moved = ("Đơn vị", "Mã đảng viên", "Đơn vị chuyển đến", "Ngày chuyển")
    sheet = csv_of((B, "2", "chua-co", DAY), (B, "3", B, DAY), heads=moved)
    answer = await clerk.upload(B, sheet, type_="member.transferred")
    assert answer.status_code == 201, answer.text
    assert by_row(answer.json(), "status", "column", "reason")[2] == ("will_wait", "to", "unknown_unit")


async def test_a_template_is_of_a_unit_and_has_a_strong_tag(clerk: Clerk) -> None:
    path = f"units/{B}/templates/{ADMITTED}.xlsx"
    made = await clerk.ask("GET", path)
    assert (made.status_code, made.headers["content-type"]) == (200, XLSX)
    lists = openpyxl.load_workbook(io.BytesIO(made.content))["Danh mục"]
    units = [row[0] for row in lists.iter_rows(values_only=True, max_col=1) if row[0]]
    assert units == [f"{B} | {B}", f"{BELOW_B} | {BELOW_B}"]
    tag = made.headers["etag"]
    assert tag.startswith('"')
    assert (await clerk.ask("GET", path, headers={"if-none-match": tag})).status_code == 304
    assert (await clerk.ask("GET", f"units/{A}/templates/{ADMITTED}.xlsx")).headers["etag"] != tag
    for unknown in (f"units/nowhere/templates/{ADMITTED}.xlsx", f"units/{B}/templates/unit.moved.xlsx"):
        assert (await clerk.ask("GET", unknown)).status_code == 404
    assert (await clerk.as_(CLERK_B).ask("GET", f"units/{A}/templates/{ADMITTED}.xlsx")).status_code == 403


@pytest.mark.parametrize(
    ("sheet", "kind", "status", "reason"),
    [
        (b"", "application/json", 415, None),
        (b"", "", 415, None),
        (b"a", f"{CSV}; charset=koi8-r", 415, None),
        (b"", CSV, 422, "empty"),
        (b"%PDF-1.7", XLSX, 422, "not_a_sheet"),
        (b"PK\x03\x04 nothing", XLSX, 422, "broken"),
        (csv_of(), CSV, 422, "no_rows"),
        (csv_of((A, "1", DAY, "x"), heads=(*HEADS, "Họ tên")), CSV, 422, "unknown_column"),
        ("Đơn vị;Mã đảng viên\n".encode("utf-16"), f"{CSV}; charset=utf-8", 422, "column_missing"),
    ],
)
async def test_a_sheet_that_is_none_is_refused_and_nothing_is_kept(
    database: str, sheet: bytes, kind: str, status: int, reason: str | None
) -> None:
    async with clerk_of(NOWHERE, NOWHERE, database) as clerk:
        await know_units(database)
        answer = await clerk.upload(A, sheet, kind)
        assert (answer.status_code, answer.json().get("reason")) == (status, reason), answer.text
        assert (await clerk.ask("GET", "imports")).json() == {"imports": [], "next": None}


async def test_every_kind_of_file_is_taken_and_says_how_its_text_was_read(clerk: Clerk) -> None:
    rows = admissions(A, ["1"])
    text = csv_of(*rows).decode()
    for sheet, kind, encoding, separator in (
        (xlsx_of(*rows), XLSX, None, None),
        (xlsx_of(*rows), "application/octet-stream", None, None),
        (text.encode(), CSV, "utf-8", ";"),
        (b"\xef\xbb\xbf" + text.replace(";", ",").encode(), CSV, "utf-8", ","),
        (in_1258(text), CSV, "windows-1258", ";"),
        (in_1258(text), f"{CSV}; charset=windows-1258", "windows-1258", ";"),
        (text.replace(";", "\t").encode(), "text/tab-separated-values; charset=utf-8", "utf-8", "\t"),
    ):
        answer = await clerk.upload(A, sheet, kind)
        assert answer.status_code == 201, (kind, answer.text)
        assert (answer.json()["encoding"], answer.json()["separator"]) == (encoding, separator)
        assert set(by_row(answer.json()).values()) == {"ready"}
    listed = (await clerk.ask("GET", "imports?limit=2")).json()
    assert (len(listed["imports"]), listed["imports"][0]["rows"]) == (2, 1)
    more = (await clerk.ask("GET", f"imports?limit=100&cursor={listed['next']}")).json()
    assert (len(more["imports"]), more["next"]) == (5, None)


async def test_what_mends_nothing_is_refused(clerk: Clerk) -> None:
    import_ = (await clerk.imported(A, *admissions(A, ["1", "2"])))["import"]
    for row, body, status in (
        (2, {"cells": {"Họ tên": "x"}}, 422),
        (2, {"cells": {"member": 1}}, 422),
        (2, {"anything": True}, 422),
        (9, {"cells": {"member": "x"}}, 404),
        ("x", {"cells": {"member": "x"}}, 404),
    ):
        answer = await clerk.ask("PATCH", f"imports/{import_}/rows/{row}", json=body)
        assert answer.status_code == status, (row, body, answer.text)
    twin = await clerk.mend(import_, 3, cells={"member": "1", "sex": "nam"})
    assert by_row(twin.json(), "status", "reason") == {3: ("refused", "id_conflict")}
    unit = await clerk.ask("PATCH", f"units/{A}/imports/{import_}/rows/3", json={"cells": {"sex": ""}})
    assert by_row(unit.json()) == {3: "duplicate"}
    assert (await clerk.ask("PATCH", f"units/{B}/imports/{import_}/rows/3", json={})).status_code == 404
    name = await clerk.mend(import_, 3, cells={"member": "Nguyễn Văn A"})
    assert by_row(name.json(), "status", "cells")[3] == ("refused", {"unit": A, "decided_on": DAY})
    assert (await clerk.ask("DELETE", f"imports/{import_}")).status_code == 204
    for method, path in (("GET", ""), ("POST", "/send"), ("DELETE", ""), ("GET", ".xlsx")):
        assert (await clerk.ask(method, f"imports/{import_}{path}")).status_code == 404, (method, path)
