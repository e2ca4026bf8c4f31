"""The service's own passwords on one machine: random, made once, in files that their owner alone may read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from services.embedded.owner import close_to_others

_BYTES: Final = 24


def passwords(folder: Path, users: Iterable[str]) -> dict[str, str]:
    """Read the passwords of users out of a folder, one file each, and make those that are missing.

    They begin with a letter: the server's configuration takes what begins with a digit for a number.
    """
    close_to_others(folder)
    return {user: password(folder, user) or _make(folder / _name(user)) for user in users}


def password(folder: Path, user: str) -> str | None:
    """Read one; None where there is none, or it is not for whoever asks."""
    try:
        file = folder / _name(user)
        found = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return found or None


def _name(user: str) -> str:
    return f"bus-{user}.password"


def _make(file: Path) -> str:
    made = f"s{secrets.token_hex(_BYTES)}"
    write_secret(file, made)
    return made


def write_secret(file: Path, secret: str) -> None:
    """Write a secret beside its place and move it there: a kill leaves none, or a whole one. Raises OSError."""
    partial = file.with_name(file.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(f"{secret}\n")
        opened.flush()
        os.fsync(opened.fileno())
    partial.replace(file)
