"""What became of people of the demonstration afterwards: it follows from what was told of them before."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from events.catalogue import CATALOGUE, MEASURES
from services.demo.afterwards import NOT_CONFIRMED, TRANSFERRED, afterwards
from services.demo.generator import events
from services.demo.saying import CloudEvent
from services.demo.scenario import country_and_reform
from services.demo.units import DISTRICT, gia_binh_units
from tests.unit.demo.decoding import decoded


@pytest.fixture(scope="module")
def told() -> list[CloudEvent]:
    return afterwards()


def of_member(type_: str) -> dict[str, CloudEvent]:
    return {e["data"]["member"]: e for e in country_and_reform() if e["type"] == type_ and "member" in e["data"]}


def test_it_is_always_the_same_and_each_event_is_as_the_contract_wants_it(told: list[CloudEvent]) -> None:
    assert afterwards() == told
    kinds = Counter(decoded(event).type for event in told)
    assert kinds["member.departed"] == NOT_CONFIRMED
    assert kinds["member.transferred"] == TRANSFERRED
    assert kinds["member.restored"] > 10


def test_who_is_not_confirmed_was_admitted_more_than_a_year_before(told: list[CloudEvent]) -> None:
    admitted, confirmed = of_member("member.admitted"), of_member("member.confirmed")
    for event in told:
        if event["type"] == "member.departed":
            assert event["data"]["reason"] == "not_confirmed"
            before = admitted[event["data"]["member"]]
            assert before["subject"] == event["subject"]
            assert int(event["data"]["on"][:4]) == int(before["data"]["ceremony_on"][:4]) + 1
            assert event["data"]["member"] not in confirmed


def test_who_is_restored_was_put_out_before(told: list[CloudEvent]) -> None:
    departed = of_member("member.departed")
    for event in told:
        if event["type"] == "member.restored":
            before = departed[event["data"]["member"]]["data"]
            assert before["reason"] in {"expelled", "struck_off"}
            assert before["on"] < event["data"]["on"]


def test_who_is_transferred_gets_a_reference_of_the_other_units_book(told: list[CloudEvent]) -> None:
    confirmed = of_member("member.confirmed")
    moved = [event for event in told if event["type"] == "member.transferred"]
    assert len({event["data"]["as"] for event in moved}) == TRANSFERRED
    for event in moved:
        assert confirmed[event["data"]["member"]]["data"]["decided_on"] <= event["data"]["on"]
        assert event["data"]["to"] != event["subject"]


def test_with_it_every_measure_shows_something_in_the_district(told: list[CloudEvent]) -> None:
    inside = {unit.id for unit in gia_binh_units() if unit.parent != DISTRICT and unit.level == "cell"}
    counted = {
        count.measure
        for event in (*events(), *told)
        if event["subject"] in inside and "2023-01-01" <= _day(event) <= "2023-11-28"
        for count in CATALOGUE[event["type"]].counts
    }
    assert counted == {*MEASURES}


def _day(event: CloudEvent) -> str:
    data: dict[str, Any] = event["data"]
    return str(next((data[name] for name in CATALOGUE[event["type"]].day if name in data), ""))
