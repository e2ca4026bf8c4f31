"""The demonstration: the published totals exactly, always the same events, every one as the contract wants it."""

from collections import Counter

import pytest

from events.catalogue import CATALOGUE, MEASURES
from events.codec import Event
from services.demo.generator import FIRST_DAY, LAST_DAY, events
from services.demo.units import DISTRICT, gia_binh_units
from tests.unit.demo.decoding import day_of, decoded, publisher


@pytest.fixture(scope="module")
def facts() -> list[Event]:
    return [read for event in events() if CATALOGUE[(read := decoded(event)).type].kind == "fact"]


def test_it_is_always_the_same() -> None:
    assert events() == events()


def test_every_event_is_said_by_its_own_kind_of_id_and_once() -> None:
    ids = [(publisher(event), event["id"]) for event in events()]
    assert len(set(ids)) == len(ids)
    assert all(id_.startswith("demo-") for _, id_ in ids)


def test_the_published_totals(facts: list[Event]) -> None:
    inside = [event for event in facts if str(FIRST_DAY) <= day_of(event) <= str(LAST_DAY)]
    tally = Counter(event.type for event in inside)
    assert tally["member.admitted"] == 89
    assert tally["member.confirmed"] == 99
    assert tally["badge.awarded"] == 396


def test_the_period_matters(facts: list[Event]) -> None:
    for type_ in ("member.admitted", "member.confirmed"):
        days = [day_of(event) for event in facts if event.type == type_]
        assert any(day < str(FIRST_DAY) for day in days)
        assert any(day > str(LAST_DAY) for day in days)


def test_every_measure_shows_something(facts: list[Event]) -> None:
    counted = {
        count.measure
        for event in facts
        for count in CATALOGUE[event.type].counts
        if str(FIRST_DAY) <= day_of(event) <= str(LAST_DAY)
    }
    assert counted == set(MEASURES) - {"restorations"}  # they came with version 2 of the contract: `afterwards`


def test_all_facts_are_about_cells_of_the_district(facts: list[Event]) -> None:
    parents = {unit.id: unit.parent for unit in gia_binh_units()}
    for event in facts:
        commune = parents[event.subject]
        assert commune is not None
        assert parents[commune] == DISTRICT
        assert event.publisher in {event.subject, commune}


def test_the_units_come_first_each_after_its_parent() -> None:
    known: set[str | None] = {None}
    for event in events()[: len(list(gia_binh_units()))]:
        assert event["type"] == "unit.established"
        assert event["data"]["parent"] in known
        known.add(event["subject"])
    assert len([unit for unit in gia_binh_units() if unit.parent == DISTRICT]) == 14


def test_some_facets_are_unknown(facts: list[Event]) -> None:
    assert any(event.data.facets.sex not in {"female", "male"} for event in facts)  # type: ignore[attr-defined]
