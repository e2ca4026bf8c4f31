"""What became of events, over HTTP: one, the parked and rejected, receipts, and what is counted of them."""

from __future__ import annotations

import datetime as dt

import asyncpg
import httpx
import pytest

from tests.integration.test_api import client, connection, get, scraped  # noqa: F401 - fixtures

NOW = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
ROWS = (
    (21, "parked", "unknown_unit", "nobody", b'{"id":"p1"}'),
    (22, "parked", "inactive_unit", "unit-004", b'{"id":"p2"}'),
    (23, "rejected", "invalid_field", "unit-002", b'{"id":"r1"}'),
    (24, "rejected", "malformed", None, b"\xff{"),
    (25, "parked", "not_authorised", "unit-005", b'{"id":"p3"}'),
)


@pytest.fixture
async def refused(connection: asyncpg.Connection) -> None:  # noqa: F811
    columns = "position subject body published_at publisher id type first"
    rows = [(row[0], *row[3:], NOW, "unit-002", f"id-{row[0]}", "member.admitted", True) for row in ROWS]
    await connection.copy_records_to_table("ledger", columns=columns.split(), records=rows)
    verdicts = [row[:3] for row in ROWS]
    await connection.copy_records_to_table("verdict", columns=("position", "outcome", "reason"), records=verdicts)
    await connection.execute(
        "INSERT INTO tally VALUES ('member.admitted', 'parked', 'unknown_unit', 3), ('made.up', 'rejected', '', 2)"
    )


async def positions(client: httpx.AsyncClient, parameters: str) -> list[int]:  # noqa: F811
    found, cursor = [], ""
    while cursor is not None:
        page = await get(client, f"/v1/outcomes?limit=1&{parameters}{cursor and '&cursor=' + cursor}")
        found += [said["position"] for said in page["outcomes"]]
        cursor = page["next"]
    return found


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", [21, 22, 25]),
        ("outcome=rejected", [23, 24]),
        ("outcome=any", [21, 22, 23, 24, 25]),
        ("unit=trung-uong", [22, 25]),
        ("unit=unit-002&outcome=any", [22, 23]),
        ("unit=unit-003", []),  # dissolved: what was below it is below another
        ("unit=unit-004", [22]),
    ],
)
async def test_refused_events_are_listed(client: httpx.AsyncClient, parameters: str, expected: list[int]) -> None:  # noqa: F811
    assert await positions(client, parameters) == expected


@pytest.mark.usefixtures("refused")
async def test_the_list_names_the_units_that_it_is_about(client: httpx.AsyncClient) -> None:  # noqa: F811
    page = await get(client, "/v1/outcomes?outcome=any")
    known = {unit["id"]: unit for unit in page["units"]}
    subjects = {said["subject"] for said in page["outcomes"]}
    assert known.keys() <= subjects
    assert known["unit-004"] == {"id": "unit-004", "name": "Đảng ủy số 4", "level": "cell"}


@pytest.mark.parametrize(
    ("on", "position"),
    [("1900-01-01", 0), ("2023-01-01", 0), ("2023-01-05", 4), ("2100-01-01", 12), ("9999-12-31", 12)],
)
async def test_a_day_has_the_position_that_the_log_had_reached(
    client: httpx.AsyncClient,  # noqa: F811
    connection: asyncpg.Connection,  # noqa: F811
    on: str,
    position: int,
) -> None:
    one_a_day = "timestamptz '2023-01-01 00:00+07' + position * interval '1 day'"
    await connection.execute(f"UPDATE ledger SET published_at = {one_a_day}")
    moment = await get(client, f"/v1/moment?on={on}")
    assert (moment["on"], moment["position"]) == (on, position)


@pytest.mark.usefixtures("refused")
async def test_an_event_is_shown_whole(client: httpx.AsyncClient) -> None:  # noqa: F811
    said = await get(client, "/v1/events/unit-002/id-22")
    assert (said["outcome"], said["reason"], said["position"]) == ("parked", "inactive_unit", 22)
    assert said["event"] == {"id": "p2"}
    garbled = await get(client, "/v1/events/unit-002/id-24")
    assert (garbled["event"], garbled["body"]) == (None, "/3s=")
    assert (await get(client, "/v1/events/trung-uong/e3"))["reason"] is None


@pytest.mark.usefixtures("refused")
async def test_receipts_by_position(client: httpx.AsyncClient) -> None:  # noqa: F811
    answer = await get(client, "/v1/receipts?from=12&to=22")
    assert [(receipt["position"], receipt["outcome"]) for receipt in answer["receipts"]] == [
        (12, "counted"),
        (21, "parked"),
        (22, "parked"),
    ]


@pytest.mark.usefixtures("refused")
async def test_status_and_metrics_count_outcomes(client: httpx.AsyncClient) -> None:  # noqa: F811
    status = await get(client, "/v1/status")
    assert (status["parked"], status["rejected"], status["position"]) == (3, 2, 12)
    metrics = (await scraped(client)).text
    assert 'tonghop_readable_messages{outcome="parked",reason="unknown_unit",type="member.admitted"} 3.0' in metrics
    assert 'type="other"} 2.0' in metrics
    assert "made.up" not in metrics
    assert 'tonghop_api_requests_total{route="/v1/status",status="200"}' in metrics


async def test_rejects_are_counted_by_publisher(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:  # noqa: F811
    rows = [("u1", "cycle", 2, 7), ("u1", "malformed", 3, 5), ("", "malformed", 5, 9), ("u2", "in_use", 9, 8)]
    rows += [(f"v{n:02}", "cycle", 1, 100 + n) for n in range(30)]
    await connection.copy_records_to_table("publisher_rejects", records=rows)
    found, cursor = [], ""
    while cursor is not None:
        page = await get(client, f"/v1/rejects?limit=2{cursor and '&cursor=' + cursor}")
        found += page["publishers"]
        cursor = page["next"]
    assert [one["publisher"] for one in found] == ["u2", None, "u1", *(f"v{n:02}" for n in range(30))]
    assert found[2] == {
        "publisher": "u1",
        "rejected": 5,
        "reasons": {"malformed": 3, "cycle": 2},
        "last_position": 7,
    }
    assert list(found[2]["reasons"]) == ["malformed", "cycle"]
    assert (await get(client, "/v1/status"))["most_rejected"] == found[:5]
    metrics = (await scraped(client)).text
    exported = [line for line in metrics.splitlines() if line.startswith("tonghop_readable_publisher_rejects{")]
    assert len(exported) == 20
    assert 'tonghop_readable_publisher_rejects{publisher="unreadable"} 5.0' in exported
    for cursor in ("WzEsIlx1MDAwMCJd", "WzEsMl0"):  # [1,"\u0000"], [1,2]
        await get(client, f"/v1/rejects?cursor={cursor}", 422)
