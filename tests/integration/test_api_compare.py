"""Over HTTP: two years side by side, rows split by codes, and what of these a reader sees (contract, section 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.embedded.postgres import PostgresServer
from tests import servers
from tests.integration.test_gate import ask, guarded
from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, granted, moved, root
from tests.property.system import system_on

READER, OFFICER = "1234567890abcdef", "fedcba0987654321"
"""Accounts without `a-`."""
PEOPLE = {"a": (50, 20), "b": (25, 15), "c": (8, 2), "d": (20, 11)}
"""Of each unit, women and men who were admitted in the first half of 2023."""


def log() -> list[Said]:
    told = [root(), founded("h", ROOT, "2020-01-01"), *(founded(unit, "h", "2020-01-01") for unit in PEOPLE)]
    told += [founded("late", "h", "2023-03-01"), founded("gone", "h", "2020-01-01"), founded("x", ROOT, "2020-01-01")]
    told += [dissolved("gone", "2023-01-01"), moved("x", "h", "2023-02-01", "m")]
    for unit, numbers in PEOPLE.items():
        for sex, n in zip(("female", "male"), numbers, strict=True):
            for number in range(n):
                day = dt.date(2023, 1, 1) + dt.timedelta(number)
                told.append(admitted(unit, str(day), f"{unit}-{sex}-{number}", facets={"sex": sex}))
    told += [admitted("a", "2022-05-05", f"before-{n}", facets={"sex": "male"}) for n in range(2)]
    told += [admitted("gone", "2022-05-05", "before")]
    told += [granted("h", READER, "reader", "r", by=ROOT), granted("h", OFFICER, "officer", "o", by=ROOT)]
    return told


@pytest.fixture(scope="module")
async def client(postgres: PostgresServer, _template: None) -> AsyncIterator[httpx.AsyncClient]:
    """One for all: they only ask."""
    async with servers.fresh_database(postgres) as database, opened_on(database) as opened:
        yield opened


@asynccontextmanager
async def opened_on(database: str) -> AsyncIterator[httpx.AsyncClient]:
    async with system_on(database) as system, guarded(database) as opened:
        said = log()
        await system.deliver(said, [(0, len(said), False)])
        yield opened


async def got(client: httpx.AsyncClient, who: str, query: str) -> dict[str, Any]:
    answer = await ask(client, f"a-{who}", f"/v1/units/h/report?measures=admissions&{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_rows_are_those_of_both_periods(client: httpx.AsyncClient) -> None:
    answer = await got(client, READER, "from=2023-01-01&to=2023-06-30&compare=last-year")
    assert answer["last_year"] == {
        "from": "2022-01-01",
        "to": "2022-06-30",
        "total": {"admissions": 3},
        "change": {"admissions": 148},
    }
    rows = {row["unit"]["id"]: row for row in answer["rows"]}
    assert [*rows] == ["a", "b", "c", "d", "gone", "late", "x", "h"]
    told = {unit: (row["values"], row["last_year"], row["change"]) for unit, row in rows.items()}
    assert told["a"] == ({"admissions": 70}, {"admissions": 2}, {"admissions": 68})
    assert told["gone"] == (None, {"admissions": 1}, None)
    assert told["late"] == told["x"] == ({"admissions": 0}, None, None)
    assert told["h"] == ({"admissions": 0}, {"admissions": 0}, {"admissions": 0})


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2023-01-01", "2023-11-28", ("2022-01-01", "2022-11-28")),
        ("2023-02-01", "2023-02-28", ("2022-02-01", "2022-02-28")),
        ("2024-02-01", "2024-02-29", ("2023-02-01", "2023-02-28")),
        ("2025-02-01", "2025-02-28", ("2024-02-01", "2024-02-29")),
        ("2025-02-28", "2025-03-01", ("2024-02-28", "2024-03-01")),
        ("2024-02-29", "2024-03-15", ("2023-02-28", "2023-03-15")),
        ("0002-01-01", "0002-01-31", ("0001-01-01", "0001-01-31")),
    ],
)
async def test_the_same_days_a_year_before(
    client: httpx.AsyncClient, first: str, last: str, before: tuple[str, str]
) -> None:
    answer = await got(client, OFFICER, f"from={first}&to={last}&by=none&compare=last-year")
    assert (answer["last_year"]["from"], answer["last_year"]["to"]) == before


async def test_what_can_not_be_asked(client: httpx.AsyncClient) -> None:
    for query, wrong in (
        ("from=0001-06-01&to=2023-01-01&compare=last-year", "from"),
        ("compare=next-year", "compare"),
        ("split=sex,sex", "split"),
        ("split=colour", "split"),
        ("split=", "split"),
        ("split=sex&by=facet:age_band", "split"),
        ("by=quarters", "by"),
    ):
        refused = await ask(client, f"a-{OFFICER}", f"/v1/units/h/report?{query}")
        assert (refused.status_code, refused.json()["parameter"]) == (422, wrong), query


async def test_quarters_sum_to_the_total(client: httpx.AsyncClient) -> None:
    answer = await got(client, READER, "from=2022-12-01&to=2023-06-30&by=quarter")
    assert [row["quarter"] for row in answer["rows"]] == ["2022-Q4", "2023-Q1", "2023-Q2"]
    assert sum(row["values"]["admissions"] for row in answer["rows"]) == answer["total"]["admissions"] == 151
    compared = await got(client, READER, "from=2023-01-01&to=2023-06-30&by=quarter&compare=last-year")
    assert [(row["quarter"], row["last_year"]["admissions"]) for row in compared["rows"]] == [
        ("2023-Q1", 0),
        ("2023-Q2", 3),
    ]


async def test_a_small_row_takes_the_smallest_others_along(client: httpx.AsyncClient) -> None:
    """Ten people in `c`: `d`, the smallest of the others, isn't split either, and both are told to be missing."""
    answer = await got(client, READER, "from=2023-01-01&to=2023-06-30&split=sex,age_band")
    splits = {row["unit"]["id"]: row["split"] for row in answer["rows"]}
    assert {unit for unit, split in splits.items() if split is None} == {"c", "d", "late", "x", "h"}
    assert splits["a"]["admissions"]["sex"] == {"female": 50, "male": 20, "unknown": 0}
    assert splits["a"]["admissions"]["age_band"]["unknown"] == 70
    assert answer["split"]["admissions"]["sex"] == {"female": 103, "male": 48, "unknown": 0}
    assert answer["not_broken_down"]["rows"] == {"admissions": 5}
    assert answer["not_broken_down"]["measures"] == []


async def test_an_officer_sees_every_row_and_with_cells_all_every_cell(client: httpx.AsyncClient) -> None:
    query = "from=2023-01-01&to=2023-06-29&split=sex"
    hidden = {row["unit"]["id"]: row["split"] for row in (await got(client, OFFICER, query))["rows"]}
    assert hidden["c"]["admissions"]["sex"] == {"female": None, "male": None, "unknown": 0}
    assert hidden["d"]["admissions"]["sex"] != {"female": 20, "male": 11, "unknown": 0}  # hidden with it
    whole = await got(client, OFFICER, f"{query}&cells=all")
    assert {row["unit"]["id"]: row["split"]["admissions"]["sex"]["female"] for row in whole["rows"]} == {
        **{unit: female for unit, (female, _) in PEOPLE.items()},
        "late": 0,
        "x": 0,
        "h": 0,
    }


async def test_both_periods_are_one_table_for_hiding(client: httpx.AsyncClient) -> None:
    """A year before there were three: no table of their own, so neither period is broken down."""
    query = "from=2023-01-01&to=2023-06-30&compare=last-year"
    for asked in ("by=facet:sex", "split=sex"):
        answer = await got(client, READER, f"{query}&{asked}")
        assert answer["not_broken_down"]["measures"] == ["admissions"]
        assert not answer["rows"] or {row["split"] for row in answer["rows"]} == {None}
    answer = await got(client, OFFICER, f"{query}&by=facet:sex")
    assert [(row.get("code"), row["values"], row["last_year"], row["change"]) for row in answer["rows"]] == [
        *((code, {"admissions": None}, {"admissions": None}, {"admissions": None}) for code in ("female", "male")),
        *[("unknown", {"admissions": None}, {"admissions": None}, {"admissions": None})],
        *[(None, {"admissions": 151}, {"admissions": 3}, {"admissions": 148})],
    ]
