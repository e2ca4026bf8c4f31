"""A chunk of the ledger, decoded: its plain facts as columns, and the positions of whatever is not one.

What is in it depends on the bodies alone, not on the hierarchy: so that any process can make it, in any order.
"""

from __future__ import annotations

import datetime as dt
import marshal
from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from events.catalogue import CATALOGUE, FACTS
from events.codec import Event, decode
from events.derived import FactEntry, decision_day, fact_entries, units_named
from events.subjects import PREFIX
from projections.store.calendar_sql import COPIED_ENDS
from projections.store.rebuilding.chunks import IN_CHUNK, missing_in, rows_sql

_COLUMNS: Final = """position, publisher, id, type, bus_subject IS NULL AND aside.position IS NULL AS usual,
    first, subject, body"""
_ONE_UNIT: Final = frozenset(row.type for row in FACTS if not row.units)
_FACTS: Final = frozenset(row.type for row in FACTS)
_PIVOTS: Final = frozenset(row.type for row in CATALOGUE.values() if row.kind in {"structure", "correction"})


class Columns(NamedTuple):
    """Plain facts of one type that name no unit but their subject and count one thing; days are ordinals."""

    positions: list[int]
    publishers: list[str]
    subjects: list[str]
    days: list[int]
    facets: list[int]


class Several(NamedTuple):
    """A plain fact that names other units too, or counts several things: (unit, measure, facets) of each."""

    position: int
    type: str
    publisher: str
    subject: str
    others: tuple[str, ...]
    day: int
    counted: tuple[tuple[str, int, int], ...]


class DecodedChunk(NamedTuple):
    """What the positions after ``after`` up to ``last`` hold.

    ``columns`` are by type and measure. ``odd`` are the messages that are not the first word of a valid fact, in order,
    ``pivots`` those of them that may change the hierarchy or take something back.
    """

    after: int
    last: int
    columns: dict[tuple[str, int], Columns]
    several: list[Several]
    odd: list[int]
    pivots: list[int]


async def read_decoded(connection: asyncpg.Connection, after: int, up_to: int, root: str, like: str) -> DecodedChunk:
    """Read and decode the messages of a stretch; ``like`` is in use and says what live work has set aside.

    Raises RebuildError where one is missing.
    """
    rows = await connection.fetch(rows_sql(_COLUMNS, IN_CHUNK, like), after, up_to)
    missing_in(rows, after, up_to)
    return decode_chunk(rows, after, up_to, root)


def decode_chunk(rows: Sequence[asyncpg.Record], after: int, last: int, root: str) -> DecodedChunk:
    """Decode the rows of a chunk, all of them by the contract's own codec."""
    columns: dict[tuple[str, int], Columns] = {}
    several: list[Several] = []
    odd: list[int] = []
    pivots: list[int] = []
    for position, publisher, id_, type_, usual, first, subject, body in rows:
        try:
            event = decode(f"{PREFIX}.{publisher}.{type_}", body, root=root) if usual and first else None
            named = isinstance(event, Event) and event.id == id_ and event.subject == subject
            plain = named and isinstance(event, Event) and event.type in _FACTS and not _endless(event)
            counted = fact_entries(event) if plain and isinstance(event, Event) else ()
        except Exception:  # noqa: BLE001 - it raises again where it is decided, and is set aside there
            event, counted = None, ()
        if not counted or not isinstance(event, Event):
            odd.append(position)
            if first and (event is None or event.type in _PIVOTS):
                pivots.append(position)
            continue
        if len(counted) > 1 or event.type not in _ONE_UNIT:
            several.append(_several(position, event, counted))
            continue
        (one,) = counted
        found = columns.get((type_, one.measure))
        if found is None:
            found = columns[type_, one.measure] = Columns([], [], [], [], [])
        found.positions.append(position)
        found.publishers.append(publisher)
        found.subjects.append(one.unit)
        found.days.append(one.day.toordinal())
        found.facets.append(one.facets)
    return DecodedChunk(after, last, columns, several, odd, pivots)


def packed(chunk: DecodedChunk) -> bytes:
    """Pack a chunk for another process of the same program."""
    return marshal.dumps(
        (
            *chunk[:2],
            {key: tuple(columns) for key, columns in chunk.columns.items()},
            [tuple(each) for each in chunk.several],
            *chunk[4:],
        ),
        2,  # later formats look for objects that come again, of which there are few
    )


def unpacked(data: bytes) -> DecodedChunk:
    """Unpack what the same program has packed."""
    after, last, columns, several, odd, pivots = marshal.loads(data)  # noqa: S302 - a pipe of our own
    return DecodedChunk(
        after,
        last,
        {key: Columns(*lists) for key, lists in columns.items()},
        [Several(*each) for each in several],
        odd,
        pivots,
    )


def _endless(event: Event) -> bool:
    """Tell whether the day is one of the two that PostgreSQL keeps as infinities: left to the usual way."""
    return decision_day(event) in COPIED_ENDS


def _several(position: int, event: Event, counted: Sequence[FactEntry]) -> Several:
    named = units_named(event)
    subject = named.pop("subject")
    day = decision_day(event)
    assert isinstance(day, dt.date), "every fact has a day"  # noqa: S101
    each = tuple((one.unit, one.measure, one.facets) for one in counted)
    return Several(position, event.type, event.publisher, subject, tuple(named.values()), day.toordinal(), each)
