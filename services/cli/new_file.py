"""Write a secret where it is asked for: into a new file that its owner alone reads, or to standard output."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from services.cli.errors import CommandError
from services.language import either


@contextmanager
def new_file(file: Path | None) -> Iterator[Callable[[str], None]]:
    """Give what writes one line. A file is opened before anything is made, and is gone where that fails.

    Raises CommandError where the file is there already, or can't be made.
    """
    if file is None:
        yield typer.echo
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(
            either(f"Không tạo được tệp {file}: {error.strerror}", f"{file} can't be made: {error.strerror}")
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        try:
            yield lambda line: typer.echo(line, file=opened)
            opened.flush()
            os.fsync(opened.fileno())
        except BaseException:
            file.unlink(missing_ok=True)
            raise
