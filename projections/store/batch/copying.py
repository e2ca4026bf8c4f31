"""Rows in PostgreSQL's binary COPY format: made while the transaction before is under way, so that sending is no work.

signature, flags, header extension; then for each row the number of its columns (2 bytes) and for each column its
size (4 bytes, -1 for NULL) and its value; at the end -1. Numbers are big-endian; a date is days and a timestamp
microseconds since 2000-01-01 (PostgreSQL's documentation, COPY, "Binary Format").
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

import numpy as np

from projections.rules.counting.batch_changes import Changes, Deltas, FactColumns, FactRow, LedgerRow
from projections.rules.counting.breakdown import BreakdownPieces
from projections.rules.counting.breakdown import pieces_of as pieces_below
from projections.rules.counting.running_sums import Rows
from projections.rules.log.message import microseconds
from projections.store.batch.packing import PackedPieces, pieces_of
from projections.store.batch.pieces import pieces
from projections.store.batch.running_sums import ahead
from projections.store.calendar_sql import COPIED_ENDS

_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"

LEDGER: Final = (
    *("position", "published_at", "bus_subject", "headers", "publisher", "id", "type", "subject", "first", "body"),
)
"""The columns of `ledger`, as `ledger_rows` gives them: what is not said of a message by anybody but itself."""

_EPOCH: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()

_size = Struct(">i").pack
_sizes: Final = tuple(_size(size) for size in range(2_048))
_row = Struct(">hiqiq").pack  # the number of columns; position and published_at
_boolean: Final = {value: _size(1) + bytes((value,)) for value in (False, True)}
_said: Final = tuple(size.decode("latin-1") for size in _sizes)
"""Sizes as texts of which each character is a byte."""
_USUAL: Final = {kept: (_NULL + size).decode("latin-1") for kept, size in ((None, _NULL), (b"2", _size(1) + b"2"))}
"""What is kept of the usual subjects on the bus, none of it, and of the usual headers."""
_FIRST: Final = {value: said.decode("latin-1") for value, said in _boolean.items()}

_FACT: Final = np.dtype(
    [
        *(("columns", ">i2"), ("unit_size", ">i4"), ("unit", ">i4"), ("day_size", ">i4"), ("day", ">i4")),
        *(("measure_size", ">i4"), ("measure", ">i2"), ("position_size", ">i4"), ("position", ">i8")),
        *(("facets_size", ">i4"), ("facets", ">i8"), ("person_size", ">i4"), ("person", ">i8")),
    ]
)
"""A row of the facts: the number of columns; each value after its size. A person that is NULL has no value."""
_FACT_SIZES: Final = {name: _FACT[name[: -len("_size")]].itemsize for name in _FACT.fields or () if "_size" in name}
_OF_NOBODY: Final = _FACT.itemsize - _FACT["person"].itemsize
_ENDS: Final = {day.toordinal(): copied for day, copied in COPIED_ENDS.items()}


class RenderedStep(NamedTuple):
    """The COPY of the facts; what days add to running sums, where it was worked out ahead; pieces of breakdowns."""

    facts: bytes | None
    running: tuple[Rows, Rows] | None
    breakdowns: BreakdownPieces


class Rendered(NamedTuple):
    """What a batch sends: the COPY of the ledger, what is sent for each step that counts, facts and structure packed.

    ``packed`` is None where all is packed at the end.
    """

    ledger: bytes
    steps: dict[int, RenderedStep]
    packed: PackedPieces | None


async def sending(rendered: bytes) -> AsyncIterator[bytes]:
    """Give bytes as asyncpg takes them: what it gets as bytes it holds for a path."""
    yield rendered


async def render(changes: Changes, *, ledger: bool = True, packed: bool = True) -> Rendered:
    """Make what the COPYs of a batch send, and let others go on between pieces of it; no ``ledger`` that is there."""
    rows = []
    for piece in pieces(changes.ledger if ledger else ()):
        rows.append(ledger_rows(piece))
        await asyncio.sleep(0)
    steps = {}
    for index, step in enumerate(changes.steps):
        if isinstance(step, Deltas):
            facts = _facts(step)
            await asyncio.sleep(0)
            steps[index] = RenderedStep(facts, ahead(step.running, step.run_on), pieces_below(step.months, step.below))
            await asyncio.sleep(0)
    return Rendered(whole(rows), steps, pieces_of(changes) if packed else None)


def _facts(step: Deltas) -> bytes | None:
    if not (step.counted or step.at_once):
        return None
    return whole([fact_rows(step.counted), *map(fact_columns, step.at_once)])


def whole(parts: Iterable[bytes]) -> bytes:
    """Join rows to all that one COPY sends."""
    return b"".join((_BEGIN, *parts, _END))


def ledger_rows(rows: Iterable[LedgerRow]) -> bytes:
    """Give rows of the ledger, with the columns LEDGER in their order."""
    made: list[bytes] = []
    for row in rows:
        at = microseconds(row.published_at - _EPOCH)
        usual = _usual(row)
        if usual is not None:
            made += (_row(len(LEDGER), 8, row.position, 8, at), usual, row.body)
            continue
        made += (
            _row(len(LEDGER), 8, row.position, 8, at),
            *(_bytes(row.bus_subject), _bytes(row.headers), _word(row.publisher), _text(row.id)),
            *(_word(row.type), _text(row.subject), _boolean[row.first]),
            *(_sizes[len(row.body)] if len(row.body) < len(_sizes) else _size(len(row.body)), row.body),
        )
    return b"".join(made)


def _usual(row: LedgerRow) -> bytes | None:
    """Give all of a row between its time and its body, where it is as nearly all are; else None."""
    publisher, id_, type_, subject, size = row.publisher, row.id, row.type, row.subject, len(row.body)
    kept = _USUAL.get(row.headers) if row.bus_subject is None else None
    if kept is None or publisher is None or id_ is None or type_ is None or subject is None or size >= len(_said):
        return None
    names = f"{publisher}{id_}{type_}{subject}"
    if len(names) >= len(_said) or not names.isascii():
        return None
    return (
        f"{kept}{_said[len(publisher)]}{publisher}{_said[len(id_)]}{id_}{_said[len(type_)]}{type_}"
        f"{_said[len(subject)]}{subject}{_FIRST[row.first]}{_said[size]}"
    ).encode("latin-1")


def fact_rows(rows: Sequence[FactRow]) -> bytes:
    """Give rows of the facts, with the columns of `FactRow` in their order."""
    if not rows:
        return b""
    units, days, *others = zip(*rows, strict=True)
    return fact_columns(FactColumns(units, [day.toordinal() for day in days], *others))


def fact_columns(facts: FactColumns) -> bytes:
    """Give the same of facts that come column by column."""
    units, days, measures, positions, facets, persons = facts
    rows = np.empty(len(units), _FACT)
    rows["columns"] = len(facts)
    for name, size in _FACT_SIZES.items():
        rows[name] = size
    rows["unit"], rows["measure"], rows["position"], rows["facets"] = units, measures, positions, facets
    rows["day"] = [_ENDS.get(day, day - _EPOCH_DAY) for day in days]
    if None not in persons:
        rows["person"] = persons
        return rows.tobytes()
    of_nobody = [person is None for person in persons]
    rows["person"] = [person or 0 for person in persons]
    rows["person_size"][of_nobody] = -1
    sent = rows.tobytes()
    return b"".join(
        sent[begin : begin + (_OF_NOBODY if nobody else _FACT.itemsize)]
        for begin, nobody in zip(range(0, len(sent), _FACT.itemsize), of_nobody, strict=True)
    )


def _bytes(value: bytes | None) -> bytes:
    if value is None:
        return _NULL
    return (_sizes[len(value)] if len(value) < len(_sizes) else _size(len(value))) + value


def _text(value: str | None) -> bytes:
    return _NULL if value is None else _bytes(value.encode())


_word = lru_cache(maxsize=4_096)(_text)
