"""Which units are below one, for a command that lists them in a credential: by the figures, or by a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from projections.store.reading.below import ids_below
from services.cli.client import servers
from services.cli.database import on_database
from services.cli.errors import CommandError
from services.cli.options import settings
from services.language import either

_LONGEST: Final = 32 << 20


def find(unit: str, file: Path | None, data_dir: Path) -> list[str]:
    """Find the units at or below one, on the last known hierarchy, or as a file has them, one a line.

    Raises CommandError, also where there is no such unit.
    """
    if file is not None:
        return [line for line in _lines(file) if line]
    found = on_database(settings(servers(data_dir)), lambda connection: ids_below(connection, unit))
    if not found:
        raise CommandError(either(f"{unit}: không có đơn vị này.", f"{unit}: there is no such unit."))
    return found


def _lines(file: Path) -> Iterable[str]:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as opened:
            text = opened.read(_LONGEST + 1)
    except OSError as error:
        raise CommandError(
            either(f"Không đọc được {file}: {error.strerror}", f"Can't read {file}: {error.strerror}")
        ) from error
    if len(text) > _LONGEST:
        raise CommandError(either(f"{file}: tệp quá dài.", f"{file}: the file is too long."))
    return (line.strip() for line in text.decode("utf-8", "replace").splitlines())
