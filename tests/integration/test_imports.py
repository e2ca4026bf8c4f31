"""Sheets over HTTP, to the log and back: previews, mending, sending, the sheet back (contract, section 8)."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import openpyxl
import pytest

from services.api.import_bodies import CSV, XLSX
from services.sheets.event_ids import parted
from tests.attacks.guarded import Guarded
from tests.attacks.publishing import BELOW_B, ROOT, UNITS, A, B, projecting, published
from tests.integration.sheets import ADMITTED, DAY, HEADS, Clerk, admissions, by_row, clerk_of, csv_of, xlsx_of
from tests.integration.test_sending import begin_anew, bus

__all__ = ["bus"]
CLERK_B = f"admin clerk {B}"


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
        **{"ready": 2, "duplicate": 1, "refused": 3},
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
    mended = await clerk.mend(import_, 5, cells={"Ngày quyết định": "28/02/2023"})
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
