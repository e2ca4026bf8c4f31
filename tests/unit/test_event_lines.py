"""One event in words: every type and field of the contract has one, and what is none of it stands as it is."""

from __future__ import annotations

import pytest
from msgspec import structs

from events.catalogue import CATALOGUE
from projections.answers.words.event_words import EVENT_TYPES, field_word
from services.pages.event_lines import LONGEST, EventLine, facets_in_words, lines_of, units_named, value_at


def test_every_type_and_field_of_the_catalogue_has_a_word() -> None:
    assert EVENT_TYPES.keys() == CATALOGUE.keys()
    for type_, row in CATALOGUE.items():
        for field in structs.fields(row.data):
            if field.name != "facets":
                assert field_word(type_, field.encode_name) != field.encode_name, (type_, field.encode_name)


def test_a_fact_is_said_field_by_field() -> None:
    data = {"member": "2023-014", "grade": 40, "awarded_on": "2023-11-07", "early": True, "facets": {"sex": "female"}}
    assert lines_of({"type": "badge.awarded", "data": data}, "vi") == [
        EventLine("Mã đảng viên", "2023-014"),
        EventLine("Loại huy hiệu", "40"),
        EventLine("Ngày trao", "07/11/2023"),
        EventLine("Trao sớm", "có"),
        EventLine("Giới tính", "nữ"),
    ]


def test_units_that_are_named_can_be_looked_up() -> None:
    transfer = {"type": "member.transferred", "data": {"member": "a", "to": "xa-b", "on": "2023-01-02"}}
    moved = {"type": "unit.moved", "data": {"parent": "tinh", "since": "2025-07-01"}}
    retracted = {"type": "event.retracted", "data": {"source": "/units/xa-b", "id": "e-1", "reason": "died"}}
    assert [units_named(each) for each in (transfer, moved, retracted)] == [["xa-b"], ["tinh"], ["xa-b"]]
    assert lines_of(retracted, "vi")[2] == EventLine("Lý do", "died")
    departed = {"type": "member.departed", "data": {"reason": "died"}}
    assert lines_of(departed, "vi") == [EventLine("Lý do", "từ trần")]


def test_in_english_fields_and_codes_are_words() -> None:
    event = {"type": "unit.releveled", "data": {"level": "upper", "since": "2025-07-01"}}
    assert lines_of(event, "en") == [EventLine("level", "upper"), EventLine("since", "01/07/2025")]


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "text",
        7,
        {},
        {"data": None},
        {"type": ["x"], "data": {"a": [1, {"b": None}], "c": None, "d": 1.5, "e": {"f": {}}}},
        {"type": "badge.awarded", "data": {"grade": {"x": "y"}, "awarded_on": "2023-99-99", "facets": "none", "x": []}},
        {"type": "event.retracted", "data": {"source": "/units/../x", "id": 5, "reason": "x" * 9_000}},
    ],
)
def test_whatever_was_sent_has_lines(event: object) -> None:
    for line in lines_of(event, "vi"):
        assert len(line.text) <= LONGEST
        assert line.unit is None


def test_a_field_is_found_by_its_path() -> None:
    event = {"subject": "a", "data": {"to": "b", "n": 4}}
    assert [value_at(event, path) for path in ("subject", "data.to", "data.n", "data.x.y", None)] == [
        "a",
        "b",
        None,
        None,
        None,
    ]


def test_facets_are_said_as_short_as_can_be() -> None:
    facets = {"sex": "female", "youth_union": "yes", "readmission": "no", "grade": "40", "age_band": "18-30"}
    assert facets_in_words(facets, "vi") == ["nữ", "đoàn viên", "loại huy hiệu 40", "18-30"]
