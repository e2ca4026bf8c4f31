"""Files that their owner alone may read, written whole or not at all, also when the power fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from projections.bilingual import Bilingual

Said = TypeVar("Said")

PRIVATE_FOLDER = 0o700
PRIVATE = 0o600


class KeysError(Exception):
    """What is asked for can't be done with these keys; the message, a Bilingual, says why and what to do."""


def folder_for_the_owner(folder: Path) -> None:
    """Make a folder that nobody else may look into, or close one that is there; KeysError."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise unusable(folder, error) from error


def write(file: Path, text: str) -> None:
    """Write a file in the place of what stood there. Raises KeysError."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        try:
            fill(partial, os.O_TRUNC, text.encode())
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        keep(file.parent)
    except OSError as error:
        raise unusable(file, error) from error


def write_new(file: Path, text: str) -> None:
    """Write a file where there is none yet. Raises KeysError."""
    try:
        fill(file, os.O_EXCL, text.encode())
    except OSError as error:
        raise unusable(file, error) from error


def fill(file: Path, how: int, content: bytes) -> None:
    """Write a file for its owner alone, in place or where there is none (`how`: O_TRUNC, O_EXCL); OSError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | how, PRIVATE)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def read(file: Path) -> str:
    """Read a file; KeysError where it can't be."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(file, error) from error


def read_json(file: Path, type_: type[Said]) -> Said:
    """Read what a file says as JSON; KeysError where it can't be, or says something else."""
    try:
        return msgspec.json.decode(read(file), type=type_)
    except msgspec.MsgspecError as error:
        raise unusable(file, error) from error


def keep(folder: Path) -> None:
    """Bring what a folder names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unusable(path: Path, error: Exception) -> KeysError:
    """Say that a file or folder can't be used."""
    why = error.strerror if isinstance(error, OSError) else str(error)
    return KeysError(Bilingual("không dùng được", "it can't be used", before=f"{path}: ", after=f": {why}"))
