"""The demonstration's events as the contract reads them."""

import json
from typing import Any

from events.catalogue import CATALOGUE
from events.codec import Event, decode
from events.subjects import build_bus_subject


def publisher(event: dict[str, Any]) -> str:
    return str(event["source"]).removeprefix("/units/")


def decoded(event: dict[str, Any]) -> Event:
    subject = build_bus_subject(publisher(event), event["type"])
    read = decode(subject, json.dumps(event, ensure_ascii=False).encode())
    assert isinstance(read, Event), read
    return read


def day_of(event: Event) -> str:
    row = CATALOGUE[event.type]
    return str(next(day for name in row.day if (day := getattr(event.data, name, None))))
