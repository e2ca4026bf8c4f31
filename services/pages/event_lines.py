"""One event in words, line by line. It may be anything that somebody sent: what is not known stands as it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from events.catalogue import CATALOGUE
from events.words import FACETS
from projections.answers.words import vietnamese_format as written
from projections.answers.words.event_words import field_word
from services.pages.texts import Language
from services.pages.words import figure, word

LONGEST: Final = 500
"""Characters of a value that are shown; the whole event stands below."""
_day: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_source: Final = re.compile(r"/units/([a-z0-9][a-z0-9_-]{0,62})").fullmatch
_KINDS: Final[Mapping[str, str]] = {"level": "level", "role": "role"}


class EventLine(NamedTuple):
    """A field: what it is called, what it says, and the unit that it names."""

    label: str
    text: str
    unit: str | None = None


def lines_of(event: object, language: Language) -> list[EventLine]:
    """Return the lines of what an event says, none where it is no object with data."""
    data = event.get("data") if isinstance(event, dict) else None
    type_ = str(event.get("type")) if isinstance(event, dict) else ""
    return list(_lines(type_, data, language)) if isinstance(data, dict) else []


def facets_in_words(facets: Mapping[str, str], language: Language) -> list[str]:
    """Say the codes of a fact as short as they can be understood: what is not so is left out."""
    found = []
    for dimension, code in facets.items():
        if code == "yes":
            found.append(word(language, "dimension", dimension))
        elif code != "no":
            of = f"{word(language, 'dimension', dimension)} " if code.isdigit() else ""
            found.append(f"{of}{word(language, 'code', code)}")
    return found


def units_named(event: object) -> list[str]:
    """Return the units that an event names beside its subject, each once."""
    return list(dict.fromkeys(line.unit for line in lines_of(event, "vi") if line.unit is not None))


def value_at(event: object, path: str | None) -> str | None:
    """Return the text that an event has at the path of a field, as outcomes name it; None where there is none."""
    found = event
    for name in (path or "").split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found[:LONGEST] if isinstance(found, str) else None


def _lines(type_: str, data: Mapping[str, object], language: Language) -> Iterator[EventLine]:
    for name, value in data.items():
        if name == "facets" and isinstance(value, dict):
            yield from _lines(type_, value, language)
        else:
            label = field_word(type_, name) if language == "vi" else name.replace("_", " ")
            yield EventLine(label[:LONGEST], _text(type_, name, value, language)[:LONGEST], _unit(type_, name, value))


def _text(type_: str, name: str, value: object, language: Language) -> str:
    if isinstance(value, bool):
        return word(language, "code", "yes" if value else "no")
    if isinstance(value, int) and name != "grade":
        return written.number(value)
    if isinstance(value, str):
        return _said(type_, name, value, language)
    return "–" if value is None else msgspec.json.encode(value).decode()


def _said(type_: str, name: str, value: str, language: Language) -> str:
    if _day(value):
        return _written_day(value)
    if name in _KINDS:
        return word(language, _KINDS[name], value)
    if name in {"measure", "figure"}:
        return figure(language, value)
    if name in FACETS or (type_ == "member.departed" and name == "reason"):
        return word(language, "code", value)
    return value


def _unit(type_: str, name: str, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    if type_ == "event.retracted" and name == "source":
        source = _source(value)
        return None if source is None else source[1]
    known = CATALOGUE.get(type_)
    return value if known is not None and (name in known.units or name in {"parent", "successor"}) else None


def _written_day(value: str) -> str:
    try:
        return written.day(dt.date.fromisoformat(value))
    except ValueError:
        return value
