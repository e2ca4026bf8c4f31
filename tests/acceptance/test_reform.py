"""The reform of 01/07/2025 through the public interface: the past stays, today's map has all of it, nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from services.demo.country import rest_of_the_country
from services.demo.generator import events as gia_binh
from services.demo.mergers import DISTRICTS, REFORM
from services.demo.mishaps import EARLY, STILL_PARKED
from services.demo.reform import BY_MISTAKE
from services.demo.scenario import country_and_reform, scenario
from services.demo.units import gia_binh_units
from services.embedded.postgres import PostgresServer
from tests.acceptance.country import Country, country_of
from tests.oracle.wording import FACTS

BASES = ("as-was", "as-now")
MEASURES = [measure for measures, _ in FACTS.values() for measure in measures]
ALL_YEARS = {"from": "2015-01-01", "to": "2025-12-31", "measures": ",".join(MEASURES)}
BEFORE = ALL_YEARS | {"to": str(REFORM - dt.timedelta(days=1))}
GIA_BINH = {"from": "2023-01-01", "to": "2023-11-28"}
PUBLISHED = {"admissions": 89, "confirmations": 99, "badges": 396}
PROVINCES = ("bac-ninh", "bac-giang", "thai-nguyen", "thanh-hoa")
UNITS = (
    "trung-uong",
    *PROVINCES,
    *("dien-bien", "ben-tre", "vinh-long", "da-lan", "bhxh-tinh"),
    *(district.unit for district in DISTRICTS),
    *(merger.unit for district in DISTRICTS for merger in district.mergers),
)
BYS = (
    "child",
    "month",
    "year",
    "level:upper",
    "level:grassroots",
    "level:cell",
    "facet:sex",
    "facet:grade",
    "facet:sex,age_band",
)


def summed(rows: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found.update({name: n or 0 for name, n in row["values"].items()})  # a hidden cell counts in the last row
    return found


def hold_sums(report: dict[str, Any]) -> None:
    assert summed(report["rows"]) == report["total"], report


async def hold_root(country: Country) -> None:
    """Hold the root's months, on both bases, to the facts that hold."""
    counted = await country.counted()
    for basis in BASES:
        report = await country.report("trung-uong", **ALL_YEARS, basis=basis, by="month")
        months = {(row["month"], name): n for row in report["rows"] for name, n in row["values"].items() if n}
        assert months == counted, basis
        hold_sums(report)


def test_the_demonstration_is_small_and_always_the_same() -> None:
    log = scenario()
    assert log == scenario()
    assert len(log) <= 6000
    assert len({(event["source"], event["id"]) for event in log}) == len(log)
    assert log[: len(gia_binh())] == gia_binh()
    assert log[: len(country_and_reform())] == country_and_reform()


async def test_every_event_has_the_outcome_that_it_was_made_for(country: Country) -> None:
    outcomes = Counter(await country.outcomes())
    assert outcomes["parked"] == STILL_PARKED
    assert outcomes["retracted"] == 5
    assert outcomes["counted"] > 4500
    assert outcomes.keys() == {"counted", "applied", "parked", "retracted"}


async def test_gia_binh_is_as_it_was(country: Country) -> None:
    report = await country.report("gia-binh", **GIA_BINH)
    assert report["unit"] == {"id": "gia-binh", "name": "Huyện ủy Gia Bình", "level": "upper"}
    assert report["total"] == PUBLISHED
    assert report["parked"] == 0
    assert len(report["rows"]) == 15
    hold_sums(report)


async def test_gia_binh_as_now_is_in_the_five_communes_in_its_place(country: Country) -> None:
    assert not any((await country.total("gia-binh", **GIA_BINH, basis="as-now")).values())
    (district,) = (district for district in DISTRICTS if district.unit == "gia-binh")
    found: Counter[str] = Counter()
    for merger in district.mergers:
        found.update(await country.total(merger.unit, **GIA_BINH, basis="as-now"))
        assert not any((await country.total(merger.unit, **GIA_BINH)).values())
    assert found == PUBLISHED


async def test_bac_ninh_as_now_has_the_history_of_bac_giang(country: Country) -> None:
    was, other = await country.total("bac-ninh", **BEFORE), await country.total("bac-giang", **BEFORE)
    assert all(other.values())
    assert await country.total("bac-ninh", **BEFORE, basis="as-now") == {name: was[name] + other[name] for name in was}
    report = await country.report("bac-ninh", **BEFORE, basis="as-now")
    assert {"nenh", "tt-kep", "xa-lang-giang-2025"} <= {row["unit"]["id"] for row in report["rows"]}


async def test_from_the_reform_on_both_bases_are_one(country: Country) -> None:
    after = ALL_YEARS | {"from": str(REFORM)}
    for province in ("bac-ninh", "thai-nguyen", "thanh-hoa"):
        was, now = [await country.report(province, **after, basis=basis) for basis in BASES]
        assert was["total"] == now["total"]
        assert any(was["total"].values())
    assert not any((await country.total("bac-giang", **after)).values())


async def test_the_root_is_the_same_on_both_bases_in_every_month(country: Country) -> None:
    await hold_root(country)


@pytest.mark.parametrize("basis", BASES)
async def test_rows_sum_to_totals_everywhere(country: Country, basis: str) -> None:
    for unit in UNITS:
        total = await country.total(unit, **ALL_YEARS, basis=basis)
        for by in BYS:
            report = await country.report(unit, **ALL_YEARS, basis=basis, by=by)
            hold_sums(report)
            assert report["total"] == total


async def test_what_is_said_too_early_waits_for_the_reform_to_be_told(country: Country) -> None:
    early = {(subject, by) for subject, *_, by in EARLY}
    said = [e for e in country.log if (e["subject"], e["source"].removeprefix("/units/")) in early]
    assert len(said) >= len(early)
    outcomes = await country.outcomes()
    assert all(outcomes[country.log.index(event)] == "counted" for event in said)


async def test_a_corrected_merger_leaves_no_trace(country: Country, postgres: PostgresServer) -> None:
    corrected = [
        event for event in country.log if event["id"] not in BY_MISTAKE and event["data"].get("id") not in BY_MISTAKE
    ]
    assert len(corrected) == len(country.log) - 4
    units = [unit.id for unit in (*gia_binh_units(), *rest_of_the_country()) if unit.level != "cell"]
    async with country_of(corrected, postgres) as right:
        await right.apply(0, len(corrected))
        for unit in {*units, *UNITS}:
            for basis in BASES:
                found, other = [await one.report(unit, **ALL_YEARS, basis=basis) for one in (country, right)]
                assert (found["total"], found["rows"], found["parked"]) == (
                    other["total"],
                    other["rows"],
                    other["parked"],
                )


@pytest.mark.usefixtures("_template")
async def test_every_batch_of_the_reform_keeps_the_laws(postgres: PostgresServer) -> None:
    log = scenario()
    told = [
        n for n, event in enumerate(log) if event["id"].startswith("demo-2025-") and event["type"] != "unit.renamed"
    ]
    cuts = sorted({0, told[0], *(n + 1 for n in told[::6]), told[-1] + 1, len(log)})
    async with country_of(log, postgres) as country:
        for first, end in pairwise(cuts):
            await country.apply(first, end)
            await hold_root(country)
            assert (await country.report("gia-binh", **GIA_BINH))["total"] == PUBLISHED
            for unit in PROVINCES:
                for basis in BASES:
                    hold_sums(await country.report(unit, **ALL_YEARS, basis=basis))
