"""`tonghop credential`: the lists of units for which leaves may speak, how they have aged, and making them anew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from services.bus_accounts import ANYBODY
from services.bus_credentials import below
from services.bus_credentials.below import Aged, Below
from services.cli import bus_keys, units_below
from services.cli.bus_keys import KeyPlace
from services.cli.errors import CommandError, DiffersError
from services.language import either

if TYPE_CHECKING:
    from services.bus_credentials.keys import Keys

_SHOWN: Final = 10


def write(place: KeyPlace, unit: str, file: Path | None, data_dir: Path) -> Below:
    """Write the list of the units at or below one, as it is now. Raises CommandError, KeysError."""
    bus_keys.of_a_bus(place)
    bus_keys.opened(place)
    return _write(place, unit, units_below.find(unit, file, data_dir))


def renew(place: KeyPlace, units: Sequence[str], file: Path | None, data_dir: Path) -> Iterator[Aged]:
    """Write the lists that `aged` gives as they are now, one after another. Raises CommandError, KeysError."""
    for one in aged(place, units, file, data_dir):
        _write(place, one.unit, one.now)
        yield one


def signing_keys(place: KeyPlace) -> Keys:
    """Give the keys of a place, with one that signs for each leaf. Raises KeysError."""
    from services.bus_credentials import accounts  # noqa: PLC0415

    return accounts.make(place.keys, anybody=ANYBODY in bus_keys.opened(place).identities.signing)


def aged(place: KeyPlace, units: Sequence[str], file: Path | None, data_dir: Path) -> Iterator[Aged]:
    """Compare the lists of leaves, those of these units or all, with the hierarchy of now.

    Where units are named, all of them are given; else those that have aged. Raises CommandError, KeysError.
    """
    known = {one.unit: one for one in below.read(bus_keys.opened(place).folder)}
    for unit in units:
        if unit not in known:
            raise CommandError(
                either(f"{unit}: chưa cấp thẻ --below nào.", f"{unit}: it was issued no credential --below.")
            )
    for unit in units or sorted(known):
        found = below.aged(known[unit], units_below.find(unit, file, data_dir))
        if units or found.came or found.gone:
            yield found


def check(found: Iterable[Aged]) -> None:
    """Say which lists have aged. Raises DiffersError where one has."""
    stale = [one for one in found if one.came or one.gone]
    for one in stale:
        typer.echo(told(one))
    if stale:
        units = " ".join(one.unit for one in stale)
        raise DiffersError(
            either(f"Hãy chạy: tonghop credential renew {units}", f"Run: tonghop credential renew {units}")
        )
    typer.echo(either("Danh sách của các trạm còn đúng.", "The lists of the leaves are those of now."))


def told(one: Aged) -> str:
    """Say what has come below a unit, and what has gone."""
    came, gone = _some(one.came), _some(one.gone)
    return either(
        f"{one.unit}: thêm {len(one.came)}{came}, bớt {len(one.gone)}{gone}",
        f"{one.unit}: {len(one.came)} came{came}, {len(one.gone)} went{gone}",
    )


def _write(place: KeyPlace, unit: str, units: Iterable[str]) -> Below:
    listed = below.of(unit, units, at=int(time.time()))
    below.write(place.keys, listed)
    return listed


def _some(units: Sequence[str]) -> str:
    return f" ({', '.join(units[:_SHOWN])}{', …' if len(units) > _SHOWN else ''})" if units else ""
