"""A fact as a form: a field for each column of its sheet, read by the very rules by which sheets are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from events import words
from events.catalogue import CATALOGUE, FACTS
from events.vocabulary import NO, YES
from projections.answers.words.vietnamese_format import day as written
from services.pages.texts import Texts
from services.sheets.columns import UNIT, SheetColumn, SheetColumns, columns_of
from services.sheets.event_ids import stem_of
from services.sheets.fields import Converter
from services.sheets.refusals import CellRefusedError
from services.sheets.units import NamedUnit, UnitFinder

TYPES: Final = tuple(row.type for row in FACTS)
FEW: Final = 6
"""Codes up to which all are shown, to be chosen among by one touch; of more, a list opens."""


class Option(NamedTuple):
    """A code that may be chosen, and its word."""

    code: str
    word: str


class Field(NamedTuple):
    """A field of the form: what it asks, what was typed, and what is wrong with that.

    `choices` are its codes, or the units that may be meant by what was typed; `radios`: all are shown.
    """

    name: str
    kind: str
    head: str
    meaning: str
    required: bool
    facet: bool
    text: str
    choices: tuple[Option, ...]
    radios: bool
    fault: str | None

    @property
    def word(self) -> str:
        """Return what was typed or chosen, as people read it; a unit by its name and id."""
        found = next((each.word for each in self.choices if each.code == self.text), None)
        if found is None:
            return self.text
        return f"{found} ({self.text})" if self.kind == "unit" else found


class Fact(NamedTuple):
    """What was typed, read: the data of the event, and what is wrong by field. `stem` is of its id, once it has one."""

    columns: SheetColumns
    unit: str
    typed: Mapping[str, str]
    data: dict[str, Any]
    faults: dict[str, str]
    stem: str | None

    def fields(self, texts: Texts, meant: Iterable[NamedUnit] = ()) -> list[Field]:
        """Write its fields; `meant` are the units that may be meant where one isn't clear."""
        return [_field(self, column, texts, meant) for column in self.columns.all if column.name != UNIT]

    @property
    def units(self) -> list[str]:
        """Return the other units that it names."""
        return [
            str(self.data[each.name]) for each in self.columns.all if each.kind == "unit" and each.name in self.data
        ]


def read_fact(event_type: str, unit: str, typed: Mapping[str, str], texts: Texts, today: dt.date) -> Fact:
    """Read what was typed into the form of a type; another unit than the fact's own is named by its id."""
    columns = columns_of(event_type)
    convert = Converter(UnitFinder(()), today)
    data: dict[str, Any] = {}
    facets: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for column in columns.all:
        text = typed.get(column.name, "").strip()
        if column.name == UNIT or not text:
            if column.required and column.name != UNIT:
                faults[column.name] = texts.gettext("Cần điền ô này.")
            continue
        try:
            value, _ = convert.value(column, text)
        except CellRefusedError as refused:
            faults[column.name] = refused.detail.english if texts.language == "en" else refused.detail.vietnamese
            continue
        if value is not None:
            (facets if column.facet else data)[column.name] = value
    if facets:
        data["facets"] = facets
    return Fact(columns, unit, typed, data, faults, None if faults else _stem(columns, unit, data))


def typed_of(event_type: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Write the data of an event as it would be typed; what it has beside the columns of its type is left out."""
    facets = data.get("facets")
    flat = {**data, **(facets if isinstance(facets, dict) else {})}
    named = columns_of(event_type).named
    return {name: _as_typed(named[name], value) for name, value in flat.items() if name in named}


def column_of(event_field: str | None) -> str | None:
    """Name the column of a field of an event, as `/v1` names it: `data.facets.sex` is `sex`."""
    if event_field is None:
        return None
    return UNIT if event_field in {"source", "subject"} else event_field.rpartition(".")[2]


def _stem(columns: SheetColumns, unit: str, data: Mapping[str, Any]) -> str:
    day = next(data[name] for name in CATALOGUE[columns.type].day if name in data)
    return stem_of(columns.type, unit, data[columns.reference.name], dt.date.fromisoformat(day), data.get("grade"))


def _as_typed(column: SheetColumn, value: object) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    try:
        return written(dt.date.fromisoformat(str(value))) if column.kind == "day" else str(value)
    except ValueError:
        return str(value)


def _field(fact: Fact, column: SheetColumn, texts: Texts, meant: Iterable[NamedUnit]) -> Field:
    english = texts.language == "en"
    text = fact.typed.get(column.name, "").strip()
    if column.kind == "code":
        choices = [Option(each.code, _word(each.code, english=english)) for each in column.codes]
        if not column.required:
            choices.append(Option("", texts.gettext("không rõ") if column.facet else texts.gettext("không ghi")))
        text = _code_of(fact, column, text)
    else:
        choices = [Option(each.id, each.name) for each in meant] if column.kind == "unit" else []
        if column.name in fact.data and column.kind == "day":
            text = written(dt.date.fromisoformat(fact.data[column.name]))
    return Field(
        column.name,
        column.kind,
        column.name.replace("_", " ").capitalize() if english else column.head,
        "" if english or column.kind == "code" else column.meaning,
        column.required,
        column.facet,
        text,
        tuple(choices),
        column.kind == "code" and len(choices) <= FEW,
        fact.faults.get(column.name),
    )


def _code_of(fact: Fact, column: SheetColumn, text: str) -> str:
    """Return the code of what was typed where it is one, so that it is chosen again; nothing of an unknown one."""
    said = (fact.data.get("facets", {}) if column.facet else fact.data).get(column.name)
    if said is None:
        return text if column.name in fact.faults else ""
    return next((each.code for each in column.codes if each.value == said), text)


def _word(code: str, *, english: bool) -> str:
    return code.replace("_", " ") if english else words.CODES.get(code, code)
