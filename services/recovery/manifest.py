"""The manifest of a backup: what is in it, how far it goes, and that it is whole. Made last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from services.recovery.errors import BackupError

NAME: Final = "manifest.json"
DATABASE: Final = "database.dump"
STREAM: Final = "stream.arc.s2"
FORMAT: Final = 1
_PART: Final = 1 << 20


class File(msgspec.Struct, frozen=True):
    """A file of a backup: its bytes and their SHA-256."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole backup says of itself. The figures stand at `position`; the stream goes to `stream_last` or on."""

    format: int
    made_at: str
    position: int
    stream_last: int
    schema: str
    stream: str
    stream_config: dict[str, Any]
    files: dict[str, File]
    head: str | None = None
    """The hash of the log up to `position`, by which the same figures are known again; None in earlier backups."""


def _privately(path: Path) -> BinaryIO:
    """Open a file of a backup for writing: it holds every event, and is its owner's alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


class Written:
    """A file being written: how large it is, and its hash."""

    def __init__(self, path: Path, advance: Callable[[int], None]) -> None:
        self._file = _privately(path)
        self._hash = hashlib.sha256()
        self._advance = advance
        self.size = 0

    def take(self, part: bytes) -> None:
        """Append."""
        self._file.write(part)
        self._hash.update(part)
        self.size += len(part)
        self._advance(len(part))

    def close(self) -> File:
        """Bring it to the disk and say what it is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return File(self.size, self._hash.hexdigest())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its place at once: from here on the backup is whole, also after a power loss."""
    partial = folder / f"{NAME}.partial"
    with _privately(partial) as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / NAME)
    for changed in (folder, folder.parent):
        descriptor = os.open(changed, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says of itself; BackupError where it isn't whole or is of a later version."""
    try:
        manifest = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BackupError(
            f"{folder} is no whole backup: it has no {NAME}, which is written last. It was broken off, or is none"
        ) from None
    except (msgspec.DecodeError, OSError) as error:
        raise BackupError(f"{folder / NAME} can't be read: {error}") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{folder} is a backup of format {manifest.format}, this program reads {FORMAT}")
    return manifest


def check_file(folder: Path, name: str, expected: File, advance: Callable[[int], None]) -> None:
    """Raise BackupError unless a file is the one that the manifest names, to the last byte."""
    digest, size = hashlib.sha256(), 0
    try:
        with (folder / name).open("rb") as file:
            while part := file.read(_PART):
                digest.update(part)
                size += len(part)
                advance(len(part))
    except OSError as error:
        raise BackupError(f"{folder / name} can't be read: {error}") from error
    if File(size, digest.hexdigest()) != expected:
        raise BackupError(f"{folder / name} is not the file that was backed up: its SHA-256 or its size differs")
