"""The fields of an answer's parts as columns, those of what is within them with a point between, and their cells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from msgspec import Struct, UnsetType, inspect

from projections.answers.past.structure_answers import Source
from projections.answers.tables.answer_table import Cell, Cells, TableColumn, column

SOURCES: Final = "; "
"""Between several events that said something."""


@cache
def fields_of(kind: type[Struct]) -> tuple[str, ...]:
    """Return the names of the columns of a type: each field that is a value, a list of sources, or such a struct."""
    return tuple(_fields(inspect.type_info(kind), ""))


@cache
def columns_of(*kinds: type[Struct]) -> tuple[TableColumn, ...]:
    """Return the columns of several types together, each once, in order."""
    return tuple(column(name) for name in dict.fromkeys(name for kind in kinds for name in fields_of(kind)))


def cells_of(struct: Struct, columns: tuple[TableColumn, ...]) -> Cells:
    """Return the cells of a struct under columns; what it has not is empty."""
    found = dict(_cells(struct, ""))
    return [found.get(each.name.removeprefix("item.")) for each in columns]


def said_by(sources: list[Source]) -> str:
    """Write the events that said something: publisher, id, type and position of each."""
    return SOURCES.join(f"{each.publisher}/{each.id} {each.type} {each.position}" for each in sources)


def _fields(kind: Any, before: str) -> Iterator[str]:
    for field in kind.fields:
        of, name = _bare(field.type), before + field.encode_name
        if isinstance(of, inspect.StructType):
            if of.cls is Source:
                yield name
            else:
                yield from _fields(of, f"{name}.")
        elif not isinstance(of, (inspect.ListType, inspect.DictType)) or _of_sources(of):
            yield name


def _cells(struct: Struct, before: str) -> Iterator[tuple[str, Cell]]:
    for field, encoded in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        value, name = getattr(struct, field), before + encoded
        if isinstance(value, Source):
            yield name, said_by([value])
        elif isinstance(value, Struct):
            yield from _cells(value, f"{name}.")
        elif isinstance(value, list):
            if value and isinstance(value[0], Source):
                yield name, said_by(value)
        elif not isinstance(value, (dict, UnsetType)):
            yield name, value


def _bare(kind: Any) -> Any:
    """Take away that a value may be null or left out."""
    if isinstance(kind, inspect.UnionType):
        known = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        return known[0] if len(known) == 1 else kind
    return kind


def _of_sources(kind: Any) -> bool:
    item = _bare(kind.item_type) if isinstance(kind, inspect.ListType) else None
    return isinstance(item, inspect.StructType) and item.cls is Source
