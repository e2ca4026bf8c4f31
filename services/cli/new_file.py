"""Write a secret or an answer where it is asked for: into a new file, a secret's for its owner alone, or to stdout."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

from services.cli.errors import CommandError
from services.language import either


@contextmanager
def new_file(file: Path | None) -> Iterator[Callable[[str], None]]:
    """Give what writes one line of a secret. A file is opened before anything is made, and is gone where that fails.

    Raises CommandError where the file is there already, or can't be made.
    """
    if file is None:
        yield typer.echo
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _not_made(file, error) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        try:
            yield lambda line: typer.echo(line, file=opened)
            opened.flush()
            os.fsync(opened.fileno())
        except BaseException:
            file.unlink(missing_ok=True)
            raise


@contextmanager
def new_bytes(file: Path | None) -> Iterator[Callable[[bytes], None]]:
    """Give what writes bytes. A file that can't be finished is gone again.

    Others of the machine may read it as far as the umask lets them, like one that a shell redirects into or a browser
    keeps: an answer is made to be handed on, and to whom is for whoever asked. A secret is for `new_file`.

    Raises CommandError where the file is there already, or can't be written.
    """
    if file is None:
        yield lambda piece: typer.echo(piece, nl=False)
        return
    try:
        opened = file.open("xb")
    except OSError as error:
        raise _not_made(file, error) from error
    with opened:
        try:
            yield lambda piece: _put(opened, piece, file)
        except BaseException:
            file.unlink(missing_ok=True)
            raise


def _put(opened: BinaryIO, piece: bytes, file: Path) -> None:
    try:
        opened.write(piece)
    except OSError as error:
        raise _not_made(file, error) from error


def _not_made(file: Path, error: OSError) -> CommandError:
    return CommandError(
        either(f"Không tạo được tệp {file}: {error.strerror}", f"{file} can't be made: {error.strerror}")
    )
