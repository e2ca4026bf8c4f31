"""The columns of a type's sheet: made from the catalogue and its words, so a new kind of fact has a sheet at once."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple, get_args

from msgspec import NODEFAULT, structs

from events import words
from events.catalogue import FACTS, DataStruct, EventType, values_of
from events.data import Facets
from events.identifiers import Day, Reference, UnitId
from events.vocabulary import UNKNOWN
from services.sheets import folding
from services.sheets.refusals import SheetRefusedError

Kind = Literal["subject", "unit", "reference", "day", "code"]

UNIT: Final = "unit"
"""The name of the column that says whose fact it is."""
_FACTS: Final = {row.type: row for row in FACTS}
_AFTER_A_HEAD: Final = (
    " dd mm yyyy",
    " d m yyyy",
    " dd mm yy",
    " ngay thang nam",
    " bat buoc",
    " neu co",
    " ma hoac ten",
)
"""What people add to a head, as words; it changes nothing."""


class Code(NamedTuple):
    """One of the values of a column: as it is on the wire, its code, and its word."""

    value: Any
    code: str
    word: str


class SheetColumn(NamedTuple):
    """A column: `name` is its field's on the wire (a facet's is the dimension), `head` and `meaning` are for people."""

    name: str
    kind: Kind
    head: str
    meaning: str
    required: bool
    facet: bool
    codes: tuple[Code, ...]
    exactly: Mapping[str, Any]
    plainly: Mapping[str, Any]


class SheetColumns(NamedTuple):
    """The columns of a type, in the order of its template."""

    type: str
    title: str
    all: tuple[SheetColumn, ...]
    named: Mapping[str, SheetColumn]
    heads: Mapping[str, SheetColumn]
    day: SheetColumn
    reference: SheetColumn

    def of_head(self, head: str) -> SheetColumn | None:
        """Find a column by what heads it: its Vietnamese head, another that means the same, or its English name."""
        said = folding.words(head)
        for added in _AFTER_A_HEAD:
            said = said.removesuffix(added)
        return self.heads.get(said)


@cache
def columns_of(event_type: str) -> SheetColumns:
    """Give the columns of a type of fact; raises SheetRefusedError for any other type."""
    row = _FACTS.get(event_type)
    if row is None:
        raise SheetRefusedError(
            "unknown_type",
            f"bảng tính chỉ dùng cho sự việc được tính ({', '.join(_FACTS)}): chọn một trong các loại này",
            f"sheets are for the facts that are counted ({', '.join(_FACTS)}): choose one of these types",
        )
    unit = SheetColumn(UNIT, "subject", words.UNIT.head, words.UNIT.meaning, True, False, (), {}, {})
    fields = [_column(row, field) for field in structs.fields(row.data) if field.encode_name != "facets"]
    facets = [_facet(name) for name in words.FACETS]
    every = (unit, *fields, *facets)
    named = {column.name: column for column in every}
    heads: dict[str, SheetColumn] = {}
    for column in every:
        known = _words_of(row, column)
        for head in (known.head, column.name, *known.others):
            heads.setdefault(folding.words(head), column)
    reference = next(column for column in fields if column.kind == "reference")
    return SheetColumns(event_type, words.TYPES[event_type], every, named, heads, named[row.day[0]], reference)


def _words_of(row: EventType, column: SheetColumn) -> words.FieldWords:
    if column.kind == "subject":
        return words.UNIT
    return words.FACETS[column.name] if column.facet else words.FIELDS[row.type][column.name]


def _column(row: EventType, field: structs.FieldInfo) -> SheetColumn:
    known = words.FIELDS[row.type][field.encode_name]
    parts = (field.type, *get_args(field.type))
    kinds: dict[object, Kind] = {UnitId: "unit", Reference: "reference", Day: "day"}
    kind: Kind = next((kinds[part] for part in parts if part in kinds), "code")
    codes, exactly, plainly = _codes(row.data, field.name) if kind == "code" else ((), {}, {})
    required = field.default is NODEFAULT
    return SheetColumn(field.encode_name, kind, known.head, known.meaning, required, False, codes, exactly, plainly)


def _facet(name: str) -> SheetColumn:
    known = words.FACETS[name]
    return SheetColumn(name, "code", known.head, known.meaning, False, True, *_codes(Facets, name))


def _codes(data: DataStruct, name: str) -> tuple[tuple[Code, ...], dict[str, Any], dict[str, Any]]:
    """Give the codes of a field, and its values by whatever people write for them, with marks and without."""
    codes = tuple(Code(value, code, words.CODES.get(code, code)) for value, code in values_of(data, name).items())
    exactly: dict[str, Any] = {}
    plainly: dict[str, set[Any]] = {}
    for value, code, word in (*codes, Code(None, UNKNOWN, words.CODES[UNKNOWN])):
        for said in (code, word, *words.ALSO.get(code, ())):
            exactly.setdefault(folding.exact(said), value)
            plainly.setdefault(folding.words(said) or folding.exact(said), set()).add(value)
    return codes, exactly, {said: values.pop() for said, values in plainly.items() if len(values) == 1}
