"""The token that a command shows the service: as given, of the environment, or of the folder of `tonghop up`."""

import os
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from services.cli.errors import CommandError
from services.language import either

VARIABLE: Final = "TONGHOP_TOKEN"
GIVEN: Final[ContextVar[Path | None]] = ContextVar("token_file", default=None)
"""What `--token-file` says of the command that runs; `services.cli.usage` gives it to all that ask the API."""


def own_token(api: str, data_dir: Path, file: Path | None = None) -> str | None:
    """Find it: `--token-file`, then TONGHOP_TOKEN, then the one of the data folder, for that folder's service alone.

    None where there is none. Raises CommandError where a file that is named can't be read.
    """
    from services.cli.client import service_file  # noqa: PLC0415 - it asks for the token of each question

    if (given := file or GIVEN.get()) is not None:
        return _read(given)
    if found := os.environ.get(VARIABLE, "").strip():
        return found
    kept = data_dir / "secrets" / "admin.token"
    if api.partition("://")[2] != service_file(data_dir).get("http") or not os.access(kept, os.R_OK):
        return None  # the folder's token is for nobody else
    return _read(kept)


def _read(file: Path) -> str:
    try:
        found = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise CommandError(
            either(f"Không đọc được token ở {file}: {error}", f"The token in {file} can't be read: {error}")
        ) from error
    if not found or not found.isprintable():
        raise CommandError(either(f"{file} không có token", f"There is no token in {file}"))
    return found
