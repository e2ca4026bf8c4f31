"""The published schemas: they are those of the catalogue, and they agree with the decoder as far as a schema can."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from event_examples import BARE, FULL, PUBLISHER, message, read
from event_strategies import changed_messages, messages
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker

from events.catalogue import CATALOGUE
from events.codec import Event, Refusal
from events.schemas import asyncapi, documents, json_schema, main

PUBLISHED = Path(__file__).parents[3] / "docs" / "schemas"
VALIDATORS = {
    row.type: Draft202012Validator(json_schema(row), format_checker=FormatChecker(["date"]))
    for row in CATALOGUE.values()
}
# Where the decoder may refuse what a schema takes: the order of dates and of numbers, the root, NFC, and 1.0, which is
# an integer to JSON Schema. The publisher of the bus subject isn't in the message at all.
BEYOND_A_SCHEMA = {
    ("target.assigned", "data.to"),
    ("figure.declared", "data.to"),
    ("target.assigned", "data.at_most"),
    ("target.assigned", "data.at_least"),
    ("figure.declared", "data.value"),
    ("badge.awarded", "data.grade"),
    ("unit.established", "data.parent"),
    ("unit.established", "data.name"),
    ("unit.renamed", "data.name"),
    ("target.assigned", "data.resolution"),
    ("figure.declared", "data.note"),
    ("event.retracted", "data.reason"),
    ("access.granted", "data.role"),
    ("access.revoked", "data.role"),
}


def agree(document: dict[str, Any], event_type: str) -> None:
    answer = read(document, bus_type=event_type)
    if VALIDATORS[event_type].is_valid(document):
        assert isinstance(answer, Event) or (event_type, answer.field) in BEYOND_A_SCHEMA or answer.field == "source"
    else:
        assert isinstance(answer, Refusal), list(VALIDATORS[event_type].iter_errors(document))


def test_what_is_published_is_current() -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.iterdir()}
    assert published == documents(), "run: python -m events.schemas docs/schemas"


def test_they_can_be_written_anywhere(tmp_path: Path) -> None:
    main(tmp_path / "new" / "folder")
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {*documents()}


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_a_schema_is_one(event_type: str) -> None:
    Draft202012Validator.check_schema(VALIDATORS[event_type].schema)
    for data in (FULL, BARE):
        VALIDATORS[event_type].validate(message(event_type, data[event_type]))


@settings(max_examples=150, deadline=None, database=None)
@given(messages())
def test_both_take_what_is_valid(document: dict[str, Any]) -> None:
    assert isinstance(read(document), Event)
    VALIDATORS[document["type"]].validate(document)


@settings(max_examples=250, deadline=None, database=None)
@given(changed_messages())
def test_both_refuse_what_is_not(document: dict[str, Any]) -> None:
    event_type = document.get("type")
    agree(document, event_type if isinstance(event_type, str) and event_type in CATALOGUE else "member.admitted")


@pytest.mark.parametrize("event_type", CATALOGUE)
def test_both_refuse_every_field_that_is_missing_or_wrong(event_type: str) -> None:
    for value in (..., None, True, 0, -1, 0.5, "", "a\n", "\x00", "x" * 65, [], {}, {"x": 1}, "2023-02-30", 2**53):
        for name in (*message(event_type), "extra", "datacontenttype"):
            agree(message(event_type, **{name: value}), event_type)
        for name in (*FULL[event_type], "extra", "on", "from", "to", "note"):
            data = {key: given for key, given in (FULL[event_type] | {name: value}).items() if given is not ...}
            agree(message(event_type, data), event_type)


def test_patterns_are_plain_ecma_262() -> None:
    patterns = set(re.findall(r'"pattern": "(.*)"', "".join(documents().values())))
    assert patterns
    for pattern in patterns:
        assert json.loads(f'"{pattern}"').endswith(r"$(?!\n)")
        assert not re.search(r"\(\?[P<#iLmsux]|\\[AZz]|[*+?}]\+", pattern)


def test_the_channel_of_the_service() -> None:
    document = asyncapi()
    channel = document["channels"]["events"]
    assert document["asyncapi"] == "3.0.0"
    assert channel["address"] == "party.v1.{publisher}.{type}"
    assert {*channel["messages"]} == {*CATALOGUE} == {*document["components"]["messages"]}
    for name, described in document["components"]["messages"].items():
        assert described["payload"] == {"$ref": f"./{name}.json"}
        assert described["payload"]["$ref"].removeprefix("./") in documents()
        assert "Nats-Msg-Id" in described["headers"]["properties"]
        assert described["summary"]


def test_the_publisher_is_beyond_a_schema() -> None:
    other = message("unit.renamed", source="/units/other")
    assert PUBLISHER != "other"
    assert VALIDATORS["unit.renamed"].is_valid(other)
    assert isinstance(read(other), Refusal)
