"""Forms over HTTP on a small country: transfers by province on both bases, the stock, an office's own forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.embedded.postgres import PostgresServer
from tests import servers
from tests.integration.test_api import client_of, get
from tests.oracle.telling import ROOT, admitted, departed, dissolved, founded, moved, root, say, transferred
from tests.property.system import system_on

DAYS = "from=2021-01-01&to=2021-12-31"
NORTH, SOUTH = "north", "south"
OWN = """
number = "Biểu riêng"
title = "KẾT NẠP"
source = "Văn phòng"
since = 2026-01-01
checked = true
department = "VĂN PHÒNG"
measured_in = "Người"
by_whom = "Người lập"
columns = ["Chỉ tiêu", "Kỳ này", "Kỳ trước", "%"]
lines = [
    { mark = "1", text = "Kết nạp trừ ra khỏi Đảng", counts = [
        { measure = "admissions" },
        { measure = "departures", times = -1 },
    ] },
    { text = "{{ 7*7 }} <b>${jndi:ldap://x}</b> =1+1", not_collected = true },
]
"""


@pytest.fixture(scope="module")
async def database(postgres: PostgresServer, _template: None) -> AsyncIterator[str]:
    """Two provinces with two cells each; one cell goes from the one to the other; the south ends at last."""
    provinces = (founded(each, ROOT, "2000-01-01", "province") for each in (NORTH, SOUTH))
    cells = (founded(f"{each}-{n}", each, "2000-01-01", "cell", by=each) for each in (NORTH, SOUTH) for n in (1, 2))
    log = [
        root(),
        *provinces,
        *cells,
        founded("office", ROOT, "2000-01-01", "cell"),
        say(NORTH, "stock", "figure.declared", NORTH, {"figure": "members", "on": "2020-12-31", "value": 100}),
        say(NORTH, "later", "figure.declared", NORTH, {"figure": "members", "on": "2021-12-31", "value": 103}),
        admitted("north-1", "2021-02-01", "a"),
        departed("north-1", "died", "2021-03-01", "d"),
        transferred("north-1", "north-2", "2021-04-01", "t1"),
        transferred("north-1", "south-1", "2021-05-01", "t2"),
        transferred("south-2", "north-1", "2021-05-02", "t3"),
        moved("south-2", NORTH, "2021-07-01", "m"),
        transferred("south-2", "north-1", "2021-08-01", "t4"),
        transferred("office", "north-1", "2021-09-01", "t5"),
        transferred("north-2", "south-1", "2020-09-01", "t6"),
        dissolved(SOUTH, "2022-01-01", NORTH),
    ]
    async with servers.fresh_database(postgres) as made, system_on(made) as system:
        await system.deliver(log, [(0, len(log), False)])
        yield made


async def form_of(database: str, path: str, **settings: Any) -> dict[str, Any]:
    async with client_of(database, **settings) as client:
        found: dict[str, Any] = await get(client, path)
    return found


def of(form: dict[str, Any], first: int, last: int) -> list[tuple[int | None, int | None]]:
    return [(row["value"], row["last_year"]) for row in form["rows"][first:last]]


@pytest.mark.parametrize(
    ("unit", "basis", "coming", "going"),
    [
        # On the day south-2 was of the south, then of the north; the office is of no province.
        (NORTH, "as-was", [(4, 0), (2, 0), (2, 0)], [(3, 1), (1, 1), (2, 0)]),
        (NORTH, "as-now", [(5, 1), (1, 0), (4, 1)], [(4, 1), (0, 0), (4, 1)]),
        (ROOT, "as-was", [(5, 1), (3, 1), (2, 0)], [(5, 1), (3, 1), (2, 0)]),
        (ROOT, "as-now", [(5, 1), (1, 0), (4, 1)], [(5, 1), (1, 0), (4, 1)]),
        ("north-1", "as-was", [(3, 0), (2, 0), (1, 0)], [(2, 0), (1, 0), (1, 0)]),
    ],
)
async def test_transfers_by_province(
    database: str, unit: str, basis: str, coming: list[tuple[int, int]], going: list[tuple[int, int]]
) -> None:
    form = await form_of(database, f"/v1/units/{unit}/forms/1?{DAYS}&basis={basis}")
    assert of(form, 3, 6) == coming
    assert of(form, 13, 16) == going


async def test_a_stock_that_does_not_add_up_says_so(database: str) -> None:
    form = await form_of(database, f"/v1/units/{NORTH}/forms/1?{DAYS}")
    opening, closing = form["rows"][0], form["rows"][16]
    assert (opening["value"], closing["value"], closing["last_year"]) == (100, 103, 100)
    # 100 + 1 + 4 - 1 - 3 = 101
    assert any("nhiều hơn 2 so với số đầu kỳ cộng tăng trừ giảm (101)" in note for note in form["notes"])
    assert any("sắp xếp tổ chức" in note for note in form["notes"])


async def test_an_office_puts_its_own_form_in_the_place_of_ours(database: str, tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "readme.txt").write_text("not a form", encoding="utf-8")
    form = await form_of(database, f"/v1/units/{NORTH}/forms/1?{DAYS}", forms=tmp_path)
    assert (form["form"]["own"], form["form"]["checked"], form["notes"]) == (True, True, [])
    assert [row["value"] for row in form["rows"]] == [0, None]
    assert form["rows"][1]["text"] == "{{ 7*7 }} <b>${jndi:ldap://x}</b> =1+1"
    listed = await form_of(database, "/v1/forms", forms=tmp_path)
    assert [(each["form"], each["own"]) for each in listed["forms"]][:2] == [("1", True), ("2", False)]
