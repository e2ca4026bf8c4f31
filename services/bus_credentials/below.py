"""For which units each leaf may speak: the lists that were last given, beside the keys, and how they have aged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from events.identifiers import is_unit_id
from projections.bilingual import Bilingual
from services.bus_credentials import files
from services.bus_credentials.files import KeysError

_FOLDER: Final = "below"
MOST_BYTES: Final = 600_000
"""Of all names with what stands around each: signed, the account has to fit into a message of 1 MiB."""
_AROUND: Final = 14
"""Bytes that stand around a name in the account: `"party.v1.….>",`."""


class Below(msgspec.Struct, frozen=True):
    """The units for which the leaf of one may speak, itself included, and the second of the epoch of the list."""

    unit: str
    units: tuple[str, ...]
    at: int


class Aged(NamedTuple):
    """What has come below a unit since its list was made, what has gone, and all that a list would have now."""

    unit: str
    came: tuple[str, ...]
    gone: tuple[str, ...]
    now: frozenset[str]


def of(unit: str, units: Iterable[str], *, at: int) -> Below:
    """Make a list. Raises KeysError where it names what is no unit's id, or is longer than an account may be."""
    listed = tuple(sorted({unit, *units}))
    for one in listed:
        if not is_unit_id(one):
            raise KeysError(Bilingual("không phải mã đơn vị", "this is no unit's id", f"{one!r}: "))
    size = sum(len(one) + _AROUND for one in listed)
    if size > MOST_BYTES:
        raise KeysError(
            Bilingual(
                f"{len(listed)} đơn vị ở dưới là quá nhiều cho một thẻ; hãy lập trạm cho từng đơn vị cấp dưới",
                f"{len(listed)} units below are too many for one credential; set up leaves for the units further down",
                before=f"{unit}: ",
            )
        )
    return Below(unit, listed, at)


def read(folder: Path) -> list[Below]:
    """Read the lists of a folder of keys, by the units' ids. Raises KeysError where one can't be read."""
    return [files.read_json(file, Below) for file in sorted((folder / _FOLDER).glob("*.json"))]


def write(folder: Path, listed: Below) -> None:
    """Put a list in the place of the unit's last one. The accounts have to be signed anew. Raises KeysError."""
    files.folder_for_the_owner(folder / _FOLDER)
    file = folder / _FOLDER / f"{listed.unit}.json"
    files.write(file, msgspec.json.format(msgspec.json.encode(listed)).decode() + "\n")


def aged(listed: Below, now: Collection[str]) -> Aged:
    """Compare a list with the units that are at or below its unit now."""
    before, after = set(listed.units), frozenset({listed.unit, *now})
    return Aged(listed.unit, tuple(sorted(after - before)), tuple(sorted(before - after)), after)
