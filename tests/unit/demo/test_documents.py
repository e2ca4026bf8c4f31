"""The other documents: what they print exactly, nothing that they leave out, and nothing of the older part changed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import pytest

from events.codec import Event
from services.demo.afterwards import afterwards
from services.demo.country import rest_of_the_country
from services.demo.documents import documents
from services.demo.documents.questions import QUESTIONS
from services.demo.documents.thanh_hoa_units import CITY, COMPANY, units
from services.demo.saying import CloudEvent
from services.demo.scenario import country_and_reform, parts, scenario
from services.demo.units import gia_binh_units
from tests.unit.demo.decoding import day_of, decoded, publisher

OLDER_PART = "a38fb4473a56a9f31706197b2d1ec50cacefad9dad4cbeea60530b0f2266aa47"
"""SHA-256 of the part that data folders of the first release have, one event a line."""

Plan = tuple[Any, ...]


DOCUMENTS = "0a8648bf157a6e05e944c541f760db3576b78c2a294b1ed413b589738e26b3e6"
"""SHA-256 of the part that data folders of the second release have."""


@pytest.fixture(scope="module")
def log() -> list[CloudEvent]:
    return documents()


@pytest.fixture(scope="module")
def read(log: list[CloudEvent]) -> list[Event]:
    return [decoded(event) for event in log]


def targets(read: list[Event]) -> dict[str, set[Plan]]:
    found: dict[str, set[Plan]] = {}
    for event in read:
        if event.type == "target.assigned":
            data: Any = event.data
            ends = data.at_least, data.at_most or None
            found.setdefault(event.subject, set()).add((data.measure, str(data.from_), str(data.to), *ends))
    return found


def declared(read: list[Event]) -> dict[str, set[Plan]]:
    found: dict[str, set[Plan]] = {}
    for event in read:
        if event.type == "figure.declared":
            data: Any = event.data
            found.setdefault(event.subject, set()).add((data.figure, str(data.on), data.value))
    return found


def subjects(read: list[Event], type_: str, first: str, last: str) -> Counter[str]:
    return Counter(event.subject for event in read if event.type == type_ and first <= day_of(event) <= last)


def test_the_older_parts_are_byte_for_byte_what_they_were() -> None:
    for part, known in zip(parts(), (OLDER_PART, DOCUMENTS), strict=False):
        lines = b"\n".join(json.dumps(event, ensure_ascii=False).encode() for event in part)
        assert hashlib.sha256(lines).hexdigest() == known


def test_what_is_new_comes_after_all_that_was_there() -> None:
    assert parts() == (country_and_reform(), documents(), afterwards())
    assert scenario() == [*country_and_reform(), *documents(), *afterwards()]


def test_it_is_always_the_same_and_said_once(log: list[CloudEvent]) -> None:
    assert documents() == log
    ids = {(publisher(event), event["id"]) for event in scenario()}
    assert len(ids) == len(scenario())


def test_each_unit_comes_after_its_parent(log: list[CloudEvent]) -> None:
    known = {unit.id for unit in (*gia_binh_units(), *rest_of_the_country())}
    for event in log:
        if event["type"] == "unit.established":
            assert event["data"]["parent"] in known
            assert event["subject"] not in known
            known.add(event["subject"])
        assert event["subject"] in known


def test_the_targets_are_those_of_the_documents(read: list[Event]) -> None:
    assert targets(read) == {
        "chi-bo-4-bhxh": {("introductions", "2022-01-01", "2022-12-31", 1, None)},
        "tp-thanh-hoa": {
            ("admissions", "2021-01-01", "2021-12-31", 200, None),
            ("admissions", "2022-01-01", "2022-12-31", 250, None),
            ("admissions", "2020-01-01", "2025-12-31", 1200, None),
        },
        "khoi-cqdn-ben-tre": {
            ("admissions", "2021-01-01", "2021-10-31", 150, None),
            ("admissions", "2020-01-01", "2025-12-31", 700, 800),
        },
    }


def test_the_target_of_a_unit_is_said_by_the_one_that_set_it(log: list[CloudEvent]) -> None:
    said = {(event["subject"], event["data"]["to"]): event for event in log if event["type"] == "target.assigned"}
    introduce = said["chi-bo-4-bhxh", "2022-12-31"]
    assert publisher(introduce) == "bhxh-tinh"
    assert "227-NQ/ĐB ngày 17/12/2021" in introduce["data"]["resolution"]
    assert publisher(said["tp-thanh-hoa", "2021-12-31"]) == "thanh-hoa"
    assert publisher(said["tp-thanh-hoa", "2022-12-31"]) == "tp-thanh-hoa"


def test_the_declared_figures_are_those_of_the_documents(read: list[Event]) -> None:
    assert declared(read) == {
        "chi-bo-4-bhxh": {("members", "2022-07-07", 16), ("staff", "2022-07-07", 19)},
        "tp-thanh-hoa": {
            ("economic_targets", "2021-12-31", 39),
            ("economic_targets_met", "2021-12-31", 36),
            ("subordinate_units", "2022-01-06", 110),
        },
        "da-lan": {
            ("members", "2022-01-06", 52),
            ("key_posts", "2022-01-06", 38),
            ("subordinate_units", "2022-01-06", 5),
        },
        "btg-dien-bien": {("members", "2018-02-06", 23), ("staff", "2018-02-06", 25), ("rated_good", "2018-02-06", 23)},
    }


def test_the_city_has_the_published_number_of_subordinate_units() -> None:
    children = [unit for unit in (*rest_of_the_country(), *units()) if unit.parent == CITY]
    assert len({unit.id for unit in children}) == len({unit.name for unit in children}) == 110
    names = [unit.name.removeprefix("Đảng bộ ") for unit in children]
    assert sum(name.startswith("phường ") for name in names) == 30
    assert sum(name.startswith("xã ") for name in names) == 4
    assert sum(unit.parent == COMPANY for unit in units()) == 5


def test_the_citys_admissions_of_2021_are_the_published_ones_with_those_that_were_there() -> None:
    everything = [decoded(event) for event in scenario() if event["type"] == "member.admitted"]
    inside = {unit.id: unit.parent for unit in (*rest_of_the_country(), *units())}
    found = subjects(everything, "member.admitted", "2021-01-01", "2021-12-31")
    city = {unit for unit in found if CITY in (inside.get(unit), inside.get(inside.get(unit) or ""))}
    assert sum(found[unit] for unit in city) == 256
    assert not any(unit.startswith(COMPANY) for unit in found)


def test_those_who_were_introduced_trained_and_admitted(read: list[Event]) -> None:
    introduced = subjects(read, "candidate.introduced", "2021-01-01", "2021-08-28")
    assert sum(introduced.values()) == 96
    assert all(unit.startswith("khoi-cqdn-ben-tre-") for unit in introduced)
    trained = subjects(read, "candidate.trained", "2021-11-01", "2021-11-30")
    assert sum(trained.values()) == 5
    assert all(unit.startswith("da-lan-cb-") for unit in trained)
    assert all(event.data.passed for event in read if event.type == "candidate.trained")  # type: ignore[attr-defined]
    assert subjects(read, "member.admitted", "2015-01-01", "2018-02-06") == {"btg-dien-bien": 4}
    assert subjects(read, "member.admitted", "2018-02-05", "2018-02-05") == {"btg-dien-bien": 1}


def test_what_a_document_leaves_out_is_left_out(read: list[Event]) -> None:
    admitted = {event.subject for event in read if event.type == "member.admitted"}
    assert not {unit for unit in admitted if unit.startswith(("chi-bo-4", "bhxh", "khoi-cqdn"))}
    assert "rated_excellent" not in {figure for plans in declared(read).values() for figure, *_ in plans}


def test_each_of_the_five_documents_is_asked_for() -> None:
    asked = {command.split()[1] for commands in QUESTIONS.values() for command in commands}
    assert len(QUESTIONS) == 5
    assert asked == {*targets([decoded(event) for event in documents()]), "btg-dien-bien", "da-lan", "gia-binh"}
