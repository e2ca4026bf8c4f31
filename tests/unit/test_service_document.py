"""The AsyncAPI document of the service is what the service does: its file, its channels, its messages."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

from events.schemas import asyncapi
from services.publishing.receipt import Answer, BusBehind, BusReceipt, Request, subject_of
from services.receipts.answering import ASKED
from services.receipts.document import FILE, service_document, text

DOCUMENTED = Path(__file__).parents[2] / "docs" / FILE


def test_the_file_is_what_the_code_says() -> None:
    assert DOCUMENTED.read_text("utf-8") == text(), "python -m services.receipts.document writes it anew"


def test_it_has_all_channels() -> None:
    document = service_document()
    assert document["channels"]["events"] == asyncapi()["channels"]["events"]
    address = document["channels"]["questions"]["address"]
    assert address.replace("{unit}", "*") == ASKED
    assert address.replace("{unit}", "xa-a") == subject_of("xa-a")
    for name in asyncapi()["components"]["messages"]:
        assert (DOCUMENTED.parent / document["components"]["messages"][name]["payload"]["$ref"]).is_file()
    references = set(re.findall(r'"\$ref": "(#[^"]+)"', text()))
    assert references
    for reference in references:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_questions_and_answers_fit_their_schemas() -> None:
    document = service_document()
    receipt = BusReceipt(7, "xa-a", "a-1", "parked", "unknown_unit", None, None, None, "0" * 32)
    for name, each in (
        ("question", Request([1, (3, 9)], ["a-1"], 5.0)),
        ("answer", Answer(9, 9, [receipt], BusBehind(2, "paused"))),
        ("answer", Answer(busy=True)),
    ):
        schema = document["components"]["messages"][name]["payload"] | {"components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(msgspec.json.encode(each)))
