"""The register of credentials: who was given one, until when, and who lost it again; beside the keys, only added to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from projections.bilingual import Bilingual
from services.bus_credentials import files
from services.bus_credentials.files import KeysError

FILE: Final = "issued.jsonl"
_ISSUED: Final = "issued"
_REVOKED: Final = "revoked"


class Issued(NamedTuple):
    """A credential. Seconds are of the epoch; from `void_from` on it is no longer taken, of itself."""

    key: str
    user: str
    """Which kind of user it is: `unit`, or one of the service's own."""
    name: str
    at: int
    until: str | None
    void_from: int | None
    by: str
    revoked_at: int | None = None
    revoked_by: str | None = None

    def stands(self, now: int) -> bool:
        """Tell whether a server takes it."""
        return self.revoked_at is None and (self.void_from is None or now < self.void_from)


class _Line(msgspec.Struct, omit_defaults=True):
    what: str
    key: str
    at: int
    by: str
    user: str = ""
    name: str = ""
    until: str | None = None
    void_from: int | None = None


_decode: Final = msgspec.json.Decoder(_Line).decode
_encode: Final = msgspec.json.Encoder().encode


def read(folder: Path) -> list[Issued]:
    """Read who was given a credential, in the order of issue. Raises KeysError where the register can't be read."""
    found: dict[str, Issued] = {}
    for number, line in enumerate(_lines(folder / FILE), 1):
        try:
            said = _decode(line)
            if said.what == _ISSUED:
                found[said.key] = Issued(said.key, said.user, said.name, said.at, said.until, said.void_from, said.by)
            else:
                found[said.key] = found[said.key]._replace(revoked_at=said.at, revoked_by=said.by)
        except (msgspec.MsgspecError, KeyError) as error:
            raise KeysError(
                Bilingual(
                    "dòng này không đọc được", "this line can't be read", f"{folder / FILE}:{number}: ", f": {error}"
                )
            ) from error
    return list(found.values())


def issued(folder: Path, ones: Iterable[Issued]) -> None:
    """Add credentials, before anybody has them: none is ever out that isn't here. The caller holds the folder."""
    _add(
        folder / FILE,
        [_Line(_ISSUED, one.key, one.at, one.by, one.user, one.name, one.until, one.void_from) for one in ones],
    )


def revoked(folder: Path, keys: Iterable[str], at: int, by: str) -> None:
    """Note that credentials are taken back, before a server is told. The caller holds the folder."""
    _add(folder / FILE, [_Line(_REVOKED, key, at, by) for key in keys])


def _lines(file: Path) -> list[bytes]:
    """Give the whole lines: what follows the last line's end was broken off, and nobody was given it."""
    try:
        return file.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise files.unusable(file, error) from error


def _add(file: Path, lines: Iterable[_Line]) -> None:
    text = b"".join(_encode(line) + b"\n" for line in lines)
    new = not file.exists()
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, files.PRIVATE)
        with os.fdopen(descriptor, "r+b") as opened:
            opened.seek(_whole(opened))
            opened.truncate()
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        if new:
            files.keep(file.parent)
    except OSError as error:
        raise files.unusable(file, error) from error


def _whole(opened: Any) -> int:
    """Find where the last whole line ends."""
    end: int = opened.seek(0, os.SEEK_END)
    block = min(end, 4096)
    opened.seek(end - block)
    tail: bytes = opened.read(block)
    return end - block + tail.rfind(b"\n") + 1 if b"\n" in tail else end - block
