"""The page of operators: what it says is what `/v1` says, each as far as its reader may see it."""

from __future__ import annotations

import datetime as dt

from services.pages.mounting import mount
from services.pages.shown import number
from tests.integration.access.test_keepers import TOP, as_account, granted
from tests.integration.access.world import world_of
from tests.integration.pages.service import Service, text_of
from tests.integration.test_api import small_world
from tests.servers import connect

PAUSED = """
INSERT INTO worker (name, state, detail, seen_at, fetched_at, advanced_at, stream_last)
VALUES ('w', 'paused', '50 % bị từ chối / 50 % rejected', now(), now(), now(), 24)
"""
NOW = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
ROWS = (
    (21, "parked", "unknown_unit", "unit-002", "id-of-what-waits", "unit-004"),
    (22, "rejected", "invalid_field", "unit-002", "id-of-one", "unit-004"),
    (23, "rejected", "not_authorised", "unit-002", "id-of-another", "unit-005"),
    (24, "rejected", "malformed", "unit-005", "<b>id</b>", None),
)


async def test_an_operator_sees_how_the_service_is_on_one_page(service: Service) -> None:
    async with service.browser("operator") as browser:
        page = await browser.get("/van-hanh")
        status = (await browser.get("/v1/status")).json()
    said = text_of(page.text)
    assert page.status_code == 200
    for label, value in (
        ("Vị trí trong nhật ký", status["position"]),
        ("Cuối nhật ký", status["stream_last"]),
        ("Còn chưa tính", status["lag"]),
        ("Đang chờ", status["parked"]),
        ("Bị từ chối", status["rejected"]),
    ):
        assert f"{label} {number(value)} " in said
    assert "đang làm việc" in said
    assert "tonghop resume" in said
    assert 'data-fresh="30"' in page.text
    assert 'href="/van-hanh">Tải lại' in page.text


async def test_it_is_for_operators(service: Service) -> None:
    for who, status in (("keeper", 403), ("officer", 403), ("nobody", 403), (None, 303)):
        async with service.browser(who) as browser:
            assert (await browser.get("/van-hanh")).status_code == status, who
    async with service.browser("operator") as operator:
        assert (await operator.get("/van-hanh/dang-cho")).status_code == 200


async def _refuse(database: str) -> None:
    """Write the small world, and ROWS beside it."""
    connection = await connect(database)
    await small_world().write(connection)
    ledger = ["position", "subject", "body", "published_at", "publisher", "id", "type", "first"]
    rows = [(at, about, b"{}", NOW, by, name, "member.admitted", True) for at, _, _, by, name, about in ROWS]
    await connection.copy_records_to_table("ledger", columns=ledger, records=rows)
    verdicts = [row[:3] for row in ROWS]
    await connection.copy_records_to_table("verdict", columns=("position", "outcome", "reason"), records=verdicts)
    rejects = [(by, reason, 1, at) for at, outcome, reason, by, _, _ in ROWS if outcome == "rejected"]
    columns = ("publisher", "reason", "n", "last_position")
    await connection.copy_records_to_table("publisher_rejects", columns=columns, records=rejects)
    await connection.execute(PAUSED)
    await connection.close()


async def test_who_sends_wrong_events_opens_as_far_as_one_may_see(database: str) -> None:
    await _refuse(database)
    async with world_of(database, pages=mount) as world:
        alone, both = await world.account("alone"), await world.account("both")
        for account, role, unit in ((alone, "operator", TOP), (both, "operator", TOP), (both, "officer", "unit-003")):
            await granted(world, account, role, unit)
        async with as_account(world, alone) as operator, as_account(world, both) as officer, world.machine() as admin:
            page = text_of((await operator.get("/van-hanh")).text)
            assert "unit-002 2 " in page
            assert "bus: NATS không trả lời" in page
            assert "Bộ tổng hợp tạm dừng" in page
            assert "50 % bị từ chối" in page
            assert "TONGHOP_NATS_URL" in page
            counted, some, whole = [
                (await each.get("/van-hanh/bi-tu-choi/unit-002")).text for each in (operator, officer, admin)
            ]
            assert "không có thẩm quyền" in text_of(counted)
            shown = {text: [name for *_, name, _ in ROWS if name in text] for text in (counted, some, whole)}
            assert shown == {counted: [], some: ["id-of-one"], whole: ["id-of-one", "id-of-another"]}
            waits = [(await each.get("/van-hanh/dang-cho")).text for each in (operator, officer, admin)]
            assert ["id-of-what-waits" in text for text in waits] == [False, True, True]
            assert (await operator.get("/van-hanh/bi-tu-choi/unit-004")).status_code == 404
            assert "<b>id" not in (await admin.get("/van-hanh/bi-tu-choi/unit-005")).text
            of_one = (await admin.get("/v1/outcomes?outcome=any&publisher=unit-002&unit=unit-005")).json()["outcomes"]
            assert [each["id"] for each in of_one] == ["id-of-another"]
