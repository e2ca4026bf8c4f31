"""Quảng Nam announced 1,905 admissions for 2024, its 22 parts sum to 1,950: both are shown, and how they differ.

The two totals and the number of parts are published; the parts' names and their own numbers are synthetic.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.demo.saying import CloudEvent, structure
from services.demo.units import DemoUnit, established
from services.embedded.postgres import PostgresServer
from tests.acceptance.country import Country, country_of

PROVINCE, YEAR = "quang-nam", {"from": "2024-01-01", "to": "2024-12-31"}
ANNOUNCED, OF_PARTS, PARTS = 1905, 1950, 22
VALUES = [*(60 + 3 * n for n in range(PARTS - 1)), 60]


def declared(unit: str, value: int, id_: str = "declared-2024") -> CloudEvent:
    data: dict[str, Any] = {"figure": "admissions", **YEAR, "value": value}
    return structure(unit, id_, "figure.declared", unit, time="2025-01-03T08:00:00+07:00", data=data)


def log() -> list[CloudEvent]:
    province = DemoUnit(PROVINCE, "trung-uong", "Tỉnh ủy Quảng Nam", "province", "1997-01-01")
    root = DemoUnit("trung-uong", None, "Ban Chấp hành Trung ương Đảng", "central", "1930-02-03")
    parts = [DemoUnit(f"{PROVINCE}-{n:02}", PROVINCE, f"Huyện ủy số {n}", "upper", "1997-01-01") for n in range(PARTS)]
    totals = [declared(part.id, value) for part, value in zip(parts, VALUES, strict=True)]
    return [*(established(unit) for unit in (root, province, *parts)), declared(PROVINCE, ANNOUNCED), *totals]


@pytest.fixture(scope="module")
async def province(postgres: PostgresServer, _template: None) -> AsyncIterator[Country]:
    said = log()
    async with country_of(said, postgres) as found:
        await found.apply(0, len(said))
        assert set(await found.outcomes()) == {"applied"}
        yield found


async def test_both_totals_are_shown_and_their_difference(province: Country) -> None:
    assert sum(VALUES) == OF_PARTS
    found = await province.figure(PROVINCE, "2025-01-03", "admissions")
    assert (found["on"], found["from"], found["to"]) == (None, "2024-01-01", "2024-12-31")
    assert found["declared"] == ANNOUNCED
    assert found["children"] == {"declared": OF_PARTS, "said": PARTS, "silent": 0, "difference": -45}


async def test_neither_is_taken_for_a_count(province: Country) -> None:
    found = await province.figure(PROVINCE, "2025-01-03", "admissions")
    assert (found["computed"], found["computed_by"], found["difference"]) == (0, "count", ANNOUNCED)
    assert await province.total(PROVINCE, **YEAR, measures="admissions") == {"admissions": 0}
    refused = await province.refusal(PROVINCE, "2024-01-01", "2024-12-31", say="admissions")
    assert refused["clause"] == "admissions"


async def test_a_part_that_is_silent_is_told_apart_from_one_that_declared_zero(postgres: PostgresServer) -> None:
    said = log()
    quiet, zero = said[-1]["subject"], declared(said[-2]["subject"], 0, "declared-2024-corrected")
    said = [*said[:-1], zero]
    async with country_of(said, postgres) as corrected:
        await corrected.apply(0, len(said))
        found = await corrected.figure(PROVINCE, "2025-01-03", "admissions")
    sum_of_parts = OF_PARTS - VALUES[-1] - VALUES[-2]
    assert quiet != zero["subject"]
    assert found["children"] == {
        "declared": sum_of_parts,
        "said": PARTS - 1,
        "silent": 1,
        "difference": ANNOUNCED - sum_of_parts,
    }
