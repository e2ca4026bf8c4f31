"""The contract for other languages: a JSON Schema a type and an AsyncAPI document, both made from the catalogue.

`python -m events.schemas docs/schemas` writes them. A schema says all that one can: what is beyond it (NFC, the order
of dates, the root, the publisher) only the decoder refuses.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from events.catalogue import ACCESS_TYPES, CATALOGUE, MEASURES, EventType
from events.data import Data, FigureDeclared, TargetAssigned
from events.envelope import MAX_BYTES, Envelope
from events.subjects import MESSAGE_ID_HEADER, PREFIX, STREAM
from events.vocabulary import STOCKS

JSON_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI_FILE: Final = "asyncapi.json"

MESSAGE_ID: Final = (
    "{publisher}:{id}:{digest}, by which the bus deduplicates; the digest is the first 32 hexadecimal digits of the"
    " SHA-256 of the body"
)
_SERVICE_ALONE: Final = "Published by the service alone: the bus refuses it from units."
_DEFINITIONS = "#/$defs/{name}"
# What the decoder checks by `events.rules` and a schema can say too.
_RULES: dict[type[Data], dict[str, Any]] = {
    TargetAssigned: {"properties": {"measure": {"enum": [*MEASURES]}}},
    FigureDeclared: {
        "properties": {"figure": {"enum": [*MEASURES, *STOCKS]}},
        "if": {"properties": {"figure": {"enum": [*STOCKS]}}},
        "then": {"required": ["on"], "properties": {"from": False, "to": False}},
        "else": {"required": ["from", "to"], "properties": {"on": False}},
    },
}


def json_schema(row: EventType) -> dict[str, Any]:
    """Describe the whole message of one type, JSON Schema 2020-12."""
    (_, data), definitions = msgspec.json.schema_components([Envelope, row.data], ref_template=_DEFINITIONS)
    envelope = definitions.pop("Envelope")
    rules = _RULES.get(row.data, {})
    described = definitions[row.data.__name__]
    described |= {**rules, "properties": described["properties"] | rules.get("properties", {})}
    return {
        "$schema": JSON_SCHEMA,
        "title": row.type,
        "description": described["description"],
        "type": "object",
        "properties": envelope["properties"] | {"type": {"const": row.type}, "data": data},
        "required": envelope["required"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def asyncapi() -> dict[str, Any]:
    """Describe the channel on which the service receives events, AsyncAPI 3.0; payloads are the files beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of unit systems",
            "version": "2.0.0",
            "description": f"CloudEvents 1.0, structured JSON of up to {MAX_BYTES} bytes, into the JetStream stream "
            f"{STREAM}. The publisher in the subject must be the one in `source`.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "bus": {
                "host": "{host}:{port}",
                "protocol": "nats",
                "description": "NATS with JetStream.",
                "variables": {"host": {"default": "localhost"}, "port": {"default": "4222"}},
            }
        },
        "channels": {
            "events": {
                "address": f"{PREFIX}.{{publisher}}.{{type}}",
                "parameters": {
                    "publisher": {"description": "the id of the unit that says it"},
                    "type": {"description": "the type of the event", "enum": [*CATALOGUE]},
                },
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in CATALOGUE},
            }
        },
        "operations": {
            "receiveEvents": {"action": "receive", "channel": {"$ref": "#/channels/events"}},
        },
        "components": {"messages": {row.type: _message(row) for row in CATALOGUE.values()}},
    }


def documents() -> dict[str, str]:
    """Map the name of every file to its text."""
    schemas = {f"{row.type}.json": json_schema(row) for row in CATALOGUE.values()}
    return {
        name: json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        for name, document in (schemas | {ASYNCAPI_FILE: asyncapi()}).items()
    }


def _message(row: EventType) -> dict[str, Any]:
    return {
        "name": row.type,
        "summary": (row.data.__doc__ or "").strip(),
        **({"description": _SERVICE_ALONE} if row.type in ACCESS_TYPES else {}),
        "contentType": "application/cloudevents+json",
        "headers": {
            "type": "object",
            "properties": {MESSAGE_ID_HEADER: {"type": "string", "description": MESSAGE_ID}},
            "required": [MESSAGE_ID_HEADER],
        },
        "payload": {"$ref": f"./{row.type}.json"},
    }


def main(folder: Path) -> None:
    """Write every file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
