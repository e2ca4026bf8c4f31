"""The sentence for a report over HTTP, from a log told by hand: said, or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.plans.telling import Told
from tests.oracle.telling import ROOT, Said, admitted, founded, moved, renamed, retracted, root, say
from tests.property.reading import reader_of
from tests.property.system import system_on

YEAR = {"from": "2021-01-01", "to": "2021-12-31"}
ZERO = {"figure": "admissions", **YEAR, "value": 0}

TREE = [
    root(since="2000-01-01", name="Ban Chấp hành Trung ương"),
    founded("huyen", ROOT, "2000-01-01"),
    renamed("huyen", "Huyện ủy Gia Bình", "2000-01-01", "name-huyen"),
    founded("xa", "huyen", "2000-01-01", "grassroots"),
    founded("chi-bo", "xa", "2000-01-01", "cell"),
    founded("khac", ROOT, "2000-01-01"),
]


class Telling(Told):
    """What is told of a district, and the statements made of it."""

    async def of(self, unit: str, *, status: int = 200, **query: str) -> dict[str, Any]:
        days = {"from": query.pop("first", YEAR["from"]), "to": query.pop("last", YEAR["to"])}
        return await self.reader.get(f"/v1/units/{unit}/statement", days | query, status=status)

    async def text(self, unit: str, **query: str) -> str:
        return str((await self.of(unit, **query))["text"])

    async def refusal(self, unit: str, **query: str) -> dict[str, Any]:
        found = await self.of(unit, status=422, **query)
        assert found["title"] == "Số liệu không nói điều đó"
        return found


@pytest.fixture
async def telling(database: str) -> AsyncIterator[Telling]:
    async with system_on(database) as system, reader_of(database) as reader:
        yield Telling(system, reader, TREE)


def target(unit: str, days: dict[str, str], at_least: int, event_id: str, **more: Any) -> Said:
    data = {"measure": "admissions", **days, "at_least": at_least, "resolution": "Nghị quyết số 5"} | more
    return say(ROOT, event_id, "target.assigned", unit, data)


def declared(unit: str, event_id: str, **data: Any) -> Said:
    return say(unit, event_id, "figure.declared", unit, data)


def stock(unit: str, figure: str, day: str, value: int) -> Said:
    return declared(unit, f"{unit}-{figure}-{day}", figure=figure, on=day, value=value)


def admissions(unit: str, n: int, day: str = "2021-05-19") -> list[Said]:
    return [admitted(unit, day, f"{unit}-{day}-{i}") for i in range(n)]


async def test_the_default_sentence(telling: Telling) -> None:
    badge = say("xa", "badge", "badge.awarded", "chi-bo", {"member": "m-1", "grade": 30, "awarded_on": "2021-09-02"})
    zero = declared("huyen", "zero", **(ZERO | {"figure": "confirmations"}))
    await telling.tell(*admissions("chi-bo", 2), *admissions("huyen", 1), badge, zero)
    found = await telling.of("huyen")
    assert found["text"] == (
        "Năm 2021, Đảng bộ huyện Gia Bình kết nạp 3 đảng viên mới; không chuyển đảng chính thức cho đảng viên dự bị"
        " nào; trao tặng Huy hiệu Đảng cho 1 đảng viên."
    )
    assert found["footing"] == (
        "Số liệu tính theo tổ chức tại thời điểm phát sinh, tại vị trí 11 của nhật ký sự kiện,"
        " lúc 07:00:11 ngày 02/01/2024."
    )
    assert {key: found[key] for key in ("from", "to", "basis", "position")} == YEAR | {
        "basis": "as-was",
        "position": 11,
    }
    assert found["unit"] == {"id": "huyen", "name": "Huyện ủy Gia Bình", "level": "upper"}
    assert found["clauses"][0] == {
        "say": "admissions",
        "text": "kết nạp 3 đảng viên mới",
        "numbers": [{"what": "admissions", **YEAR, "value": 3, "how": "counted", "said": []}],
    }
    assert await telling.text(ROOT, say="admissions") == "Năm 2021, toàn Đảng kết nạp 3 đảng viên mới."


async def test_the_target_that_stands_is_said(telling: Telling) -> None:
    first, later = target("huyen", YEAR, 8, "t1"), target("huyen", YEAR, 2, "t2")
    term = target("huyen", {"from": "2020-08-15", "to": "2025-08-14"}, 700, "t3", at_most=800)
    ahead = target("huyen", {"from": "2022-01-01", "to": "2022-12-31"}, 9, "t4")
    facts = admissions("chi-bo", 4)
    await telling.tell(*facts, first, later, term, ahead)
    found = await telling.of("huyen", say="admissions:target,admissions:goal")
    assert found["text"] == (
        "Năm 2021, Đảng bộ huyện Gia Bình kết nạp 4 đảng viên mới, đạt 200% chỉ tiêu được giao; phấn đấu kết nạp 2 đảng"
        " viên trở lên trong năm 2021, kết nạp 9 đảng viên trở lên trong năm 2022, kết nạp từ 700 đến 800 đảng viên"
        " trong nhiệm kỳ 2020 - 2025."
    )
    assert " Chỉ tiêu: 2 đảng viên, từ 01/01/2021 đến 31/12/2021, theo Nghị quyết số 5;" in found["footing"]
    asked = found["clauses"][0]["numbers"][1]
    assert (asked["how"], asked["value"], asked["said"][0]["id"]) == ("target", 2, "t2")
    await telling.tell(*facts, first, later, retracted(ROOT, "back", "t2"))
    assert "đạt 50% chỉ tiêu được giao" in await telling.text("huyen", say="admissions")
    await telling.tell(*facts, later, retracted(ROOT, "back", "t2"))
    assert await telling.text("huyen", say="admissions") == "Năm 2021, Đảng bộ huyện Gia Bình kết nạp 4 đảng viên mới."
    for clause in ("admissions:target", "admissions:goal"):
        refused = await telling.refusal("huyen", say=clause)
        assert (refused["parameter"], refused["clause"]) == ("say", clause)


async def test_zero_is_said_where_it_was_declared(telling: Telling) -> None:
    await telling.tell(declared("huyen", "d", **ZERO))
    for basis in ("as-was", "as-now"):
        assert await telling.text("huyen", say="admissions", basis=basis) == (
            "Năm 2021, Đảng bộ huyện Gia Bình không kết nạp đảng viên mới."
        )
    half = await telling.text("huyen", say="admissions", last="2021-06-30")
    assert half == "6 tháng đầu năm 2021, Đảng bộ huyện Gia Bình không kết nạp đảng viên mới."


@pytest.mark.parametrize(
    "log",
    [
        [],
        admissions("khac", 1),
        admissions("chi-bo", 1, "2020-12-31"),
        [stock("huyen", "members", "2021-06-01", 9)],
        [declared("huyen", "d", **(ZERO | {"figure": "trainings"}))],
        [declared("chi-bo", "d", **ZERO), declared("khac", "d", **ZERO)],
        [declared("huyen", "d", **ZERO), retracted("huyen", "back", "d")],
        [target("huyen", YEAR, 8, "t")],
        [say("xa", "b", "badge.awarded", "chi-bo", {"member": "m", "grade": 30, "awarded_on": "2021-09-02"})],
    ],
)
async def test_silence_is_refused(telling: Telling, log: list[Said]) -> None:
    await telling.tell(*log)
    for basis in ("as-was", "as-now"):
        refused = await telling.refusal("huyen", basis=basis)
        assert (refused["parameter"], refused["clause"]) == ("say", "admissions")
        assert refused["detail"].startswith("Chưa có sự kiện nào được tính")


async def test_a_declared_total_of_which_nothing_is_counted_is_no_zero(telling: Telling) -> None:
    await telling.tell(declared("huyen", "d", **ZERO), declared("huyen", "e", **(ZERO | {"value": 5})))
    refused = await telling.refusal("huyen", say="admissions")
    assert refused["detail"].endswith("đơn vị khai báo 5, từ 01/01/2021 đến 31/12/2021, theo huyen/e.")


async def test_stocks_and_shares(telling: Telling) -> None:
    await telling.tell(
        stock("chi-bo", "members", "2021-03-01", 15),
        stock("chi-bo", "members", "2021-07-07", 16),
        stock("chi-bo", "staff", "2021-07-07", 19),
    )
    found = await telling.of("chi-bo", say="members_of_staff,members")
    assert found["text"] == (
        "Năm 2021, Đảng bộ chi-bo có 16 đảng viên trên tổng số 19 cán bộ, viên chức, người lao động, đạt 84,2%;"
        " có 16 đảng viên."
    )
    assert "19, ngày 07/07/2021, theo khai báo chi-bo/chi-bo-staff-2021-07-07" in found["footing"]
    assert await telling.text("chi-bo", say="members", last="2021-06-30") == (
        "6 tháng đầu năm 2021, Đảng bộ chi-bo có 15 đảng viên."
    )
    refused = await telling.refusal("chi-bo", say="members_of_staff", last="2021-07-06")
    assert refused["detail"] == "Chưa khai báo số cán bộ, công chức, viên chức, người lao động."
    assert (await telling.refusal("huyen", say="members"))["clause"] == "members"


async def test_counts_against_last_year_and_the_stock(telling: Telling) -> None:
    await telling.tell(
        stock("huyen", "members", "2020-12-31", 200), *admissions("xa", 3), *admissions("xa", 2, "2020-05-19")
    )
    found = await telling.text("huyen", say="admissions_of_last_year,admissions_of_stock_at_start_of_year")
    assert found.endswith(
        "kết nạp 3 đảng viên mới, bằng 150% cùng kỳ năm trước; kết nạp 3 đảng viên mới, bằng 1,5% tổng số đảng viên đầu"
        " năm."
    )
    refused = await telling.refusal("huyen", say="admissions_of_last_year", first="2021-02-01")
    assert "từ 01/01/2021 đến 31/12/2021" in refused["detail"]


async def test_claims(telling: Telling) -> None:
    figures = {"rated_good": 23, "members": 16, "staff": 19}
    stocks = [stock("huyen", figure, "2021-07-07", value) for figure, value in figures.items()]
    await telling.tell(*stocks, *admissions("xa", 256), target("huyen", YEAR, 200, "t"))
    refused = await telling.refusal("huyen", claim="rated_excellent_of_rated_good:15")
    assert (refused["parameter"], refused["clause"]) == ("claim", "rated_excellent_of_rated_good:15%")
    assert refused["detail"].startswith("15% không ứng với số nguyên nào trên 23: 3/23 = 13,0%, 4/23 = 17,4%")
    for claim, agreed in (
        ("rated_excellent_of_rated_good:13", "tỷ lệ 13% ứng với số nguyên trên 23"),
        ("members_of_staff:84.2", "tỷ lệ 84,2% khớp với 16/19 = 84,2%"),
        ("admissions_of_target:128", "tỷ lệ 128% khớp với 256/200 = 128,0%"),
    ):
        assert agreed in (await telling.of("huyen", say="members,admissions", claim=claim))["footing"]
    assert "16/19 = 84,2%" in (await telling.refusal("huyen", claim="members_of_staff:79"))["detail"]
    assert "256/200 = 128,0%" in (await telling.refusal("huyen", claim="admissions_of_target:129"))["detail"]


async def test_the_basis_is_that_asked_for(telling: Telling) -> None:
    await telling.tell(*admissions("chi-bo", 2), moved("xa", "khac", "2022-01-01", "move"))
    assert "kết nạp 2 đảng viên mới" in await telling.text("huyen", say="admissions")
    now = await telling.of("khac", say="admissions", basis="as-now")
    assert "kết nạp 2 đảng viên mới" in now["text"]
    assert now["footing"].startswith("Số liệu tính theo tổ chức hiện nay, ")
    await telling.refusal("huyen", say="admissions", basis="as-now")
    await telling.refusal("khac", say="admissions")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("say", ""),
        ("say", "admissions,"),
        ("say", "admissions,admissions"),
        ("say", "banana"),
        ("say", "members:target"),
        ("claim", ""),
        ("claim", "members_of_staff"),
        ("claim", "members_of_staff:x"),
        ("claim", "members:15"),
        ("basis", "banana"),
        ("format", "xml"),
        ("by", "child"),
        ("on", "2021-01-01"),
    ],
)
async def test_what_cannot_be_asked_names_its_parameter(telling: Telling, parameter: str, value: str) -> None:
    await telling.tell()
    found = await telling.of("huyen", status=422, **{parameter: value})
    assert (found["parameter"], found["title"]) == (parameter, "Tham số không hợp lệ")


async def test_a_unit_that_is_not_known(telling: Telling) -> None:
    await telling.tell()
    for unit in ("khong-co", "KHONG"):
        assert (await telling.of(unit, status=404))["unit"] == unit


async def test_it_is_the_same_until_the_log_goes_on(telling: Telling) -> None:
    await telling.tell(*admissions("xa", 1))
    path, asked = "/v1/units/huyen/statement", YEAR | {"say": "admissions"}
    client = telling.reader.client
    first = await client.get(path, params=asked)
    again = await client.get(path, params=asked, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    for other in ({"say": "members_of_staff,admissions"}, {"claim": "members_of_staff:1"}, {"format": "text"}):
        answer = await client.get(path, params=asked | other, headers={"If-None-Match": first.headers["etag"]})
        assert answer.status_code != 304


async def test_it_can_be_had_as_text(telling: Telling) -> None:
    await telling.tell(*admissions("xa", 1))
    asked = YEAR | {"say": "admissions", "format": "text"}
    answer = await telling.reader.client.get("/v1/units/huyen/statement", params=asked)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    text, empty, footing, end = answer.text.split("\n")
    assert text == "Năm 2021, Đảng bộ huyện Gia Bình kết nạp 1 đảng viên mới."
    assert footing.startswith("Số liệu tính theo tổ chức tại thời điểm phát sinh")
    assert (empty, end) == ("", "")
