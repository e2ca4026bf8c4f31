"""What is packed in columns, compared part by part: by what its pieces say together, and by units of the same id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import asyncpg
import numpy as np
from numpy.typing import NDArray

from projections.rules.counting.pieces import left_of
from projections.store.batch.packing import DECLARATION, FACT, STAY, UNIT_BITS, PackedKind, records_of
from projections.store.rebuilding.row_difference import RowDifference

TABLE: Final = "packed"

_PIECES: Final = "SELECT kind, part, rows FROM {schema}.packed"
_NUMBERS: Final = """
SELECT should.no, now.no FROM {should}.unit AS should JOIN {now}.unit AS now USING (id) WHERE should.no <> now.no
"""
_RECORDS: Final[dict[int, np.dtype[Any]]] = {
    PackedKind.FACTS: FACT,
    PackedKind.DECLARATIONS: DECLARATION,
    PackedKind.STAYS: STAY,
}
_SIGNED: Final = {PackedKind.FACTS: "what", PackedKind.DECLARATIONS: "figure", PackedKind.STAYS: "level"}
_OF_UNITS: Final = {"unit", "parent"}

Parts = dict[tuple[int, int], str]
"""A digest of what each part says, by kind and part."""


async def packed_differences(
    connection: asyncpg.Connection, now: str, should: str, most: int | None
) -> tuple[list[RowDifference], int]:
    """Return the parts that differ between two schemas, at most so many, and their number."""
    other = await connection.fetch(_NUMBERS.format(now=now, should=should))
    numbers = {there: here for there, here in other}  # noqa: C416 - records are not pairs to a checker
    is_now = _parts(await connection.fetch(_PIECES.format(schema=now)), {})
    right = _parts(await connection.fetch(_PIECES.format(schema=should)), numbers)
    differing = sorted(key for key in {*is_now, *right} if is_now.get(key) != right.get(key))
    found = [
        RowDifference(TABLE, {"kind": kind, "part": part}, _row(is_now, (kind, part)), _row(right, (kind, part)))
        for kind, part in differing[:most]
    ]
    return found, len(differing)


def _row(parts: Parts, key: tuple[int, int]) -> dict[str, Any] | None:
    return {"rows": parts[key]} if key in parts else None


def _parts(pieces: Sequence[asyncpg.Record], numbers: Mapping[int, int]) -> Parts:
    """Digest each part, with the units that have other ``numbers`` under theirs; a part that says nothing is none."""
    found: Parts = {}
    stays: list[tuple[int, bytes]] = []
    for (kind, part), rows in records_of(tuple(piece) for piece in pieces).items():
        if kind == PackedKind.STAYS:
            stays.append((part, rows))
        elif kind not in _RECORDS:
            found[kind, part] = sha256(rows).hexdigest()
        else:
            found |= _digests(PackedKind(kind), np.frombuffer(rows, _RECORDS[kind]), np.array(part), numbers)
    if stays:
        records = np.frombuffer(b"".join(rows for _, rows in stays), STAY)
        parts = np.repeat([part for part, _ in stays], [len(rows) // STAY.itemsize for _, rows in stays])
        found |= _digests(PackedKind.STAYS, records, parts, numbers)
    return found


def _digests(kind: PackedKind, records: NDArray[Any], part: NDArray[Any], numbers: Mapping[int, int]) -> Parts:
    columns = {name: records[name].astype(np.int64) for name in records.dtype.names or ()}
    signs = np.sign(columns[_SIGNED[kind]])
    columns[_SIGNED[kind]] = np.abs(columns[_SIGNED[kind]])
    parts = np.broadcast_to(part, len(records))
    astray = np.zeros(len(records), np.int64)
    if kind is PackedKind.STAYS:
        astray = parts - (columns["unit"] >> UNIT_BITS)
    for name in _OF_UNITS & columns.keys():
        columns[name] = _translated(columns[name], numbers)
    if kind is PackedKind.STAYS:
        parts = columns["unit"] >> UNIT_BITS
    table = np.stack((parts, astray, *columns.values()), axis=1)
    rows, left = left_of(table, signs)
    said = np.column_stack((rows, left))[left != 0]
    ends = np.flatnonzero(np.diff(said[:, 0], prepend=-1))
    return {
        (int(kind), int(same[0, 0])): sha256(same.tobytes()).hexdigest()[:16]
        for same in np.split(said, ends[1:])
        if len(same)
    }


def _translated(units: NDArray[Any], numbers: Mapping[int, int]) -> NDArray[Any]:
    if not numbers:
        return units
    table = np.arange(1 + max(int(units.max(initial=0)), *numbers))
    table[list(numbers)] = list(numbers.values())
    here: NDArray[Any] = table[units]
    return here
