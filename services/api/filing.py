"""An answer written as a file: in memory while it is short, then into a file on the disk, compressed as it grows.

So a long answer is never in memory as a whole, whoever reads it how slowly; and nothing is sent before it is complete,
so that what turns out to be too long can still be refused.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Final, Self

import structlog

from services.api.bodies import Compressor
from services.api.file_forms import AnswerFile
from services.api.problems import file_too_long, file_took_too_much, unfit_template
from services.files.apart import write_apart
from services.files.bounds import FileBounds, FileNotWrittenError, TemplateError, TooLongError
from services.files.forms import FILES, writer_of
from services.files.templates import own_templates

IN_MEMORY: Final = 256 * 1024
"""Bytes up to which a file stays in memory."""
PREFIX: Final = "tonghop-answer-"
"""What the name of an answer on the disk begins with."""

_log = structlog.get_logger()


class Filed:
    """A file that is being written: ``body`` while it is short, else ``path``; ``length`` is what is sent."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._held: list[bytes] = []
        self._file: BinaryIO | None = None
        self._compressor: Compressor | None = None
        self.path: Path | None = None
        self.length = 0

    @classmethod
    def of(cls, path: Path) -> Self:
        """Take a file that is written already, compressed by itself."""
        found = cls(gzip=False)
        found.path, found.length = path, path.stat().st_size
        return found

    @property
    def body(self) -> bytes:
        """Return the file where it is in memory."""
        return b"".join(self._held)

    @property
    def gzipped(self) -> bool:
        """Tell whether it is compressed: on the disk alone, where that is asked for."""
        return self.path is not None and self._gzip

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        if self._file is None:
            self._held.append(piece)
            self.length += len(piece)
            if self.length > IN_MEMORY:
                self._to_disk()
        else:
            self._put(piece)

    def close(self) -> None:
        """End it."""
        if self._file is not None:
            if self._compressor is not None:
                self._out(self._compressor.flush())
            self._file.close()

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None and self.path is not None:
            self._file.close()
            self.path.unlink(missing_ok=True)

    def _to_disk(self) -> None:
        number, name = tempfile.mkstemp(prefix=PREFIX)
        self.path, self._file = Path(name), os.fdopen(number, "wb")
        self._compressor = Compressor() if self._gzip else None
        held, self._held, self.length = self._held, [], 0
        for piece in held:
            self._put(piece)

    def _put(self, piece: bytes) -> None:
        self._out(piece if self._compressor is None else self._compressor.compress(piece))

    def _out(self, piece: bytes) -> None:
        assert self._file is not None, "it was opened before"  # noqa: S101
        self.length += self._file.write(piece)


async def filed(file: AnswerFile, answer: object, *, gzip: bool) -> Filed:
    """Write an answer; the file is for the caller to send and to remove.

    Raises what reading the answer raises, and Problems where it is too long for its form or takes too much.
    """
    bounds = FILES[file.form].bounds
    if bounds is not None:
        return Filed.of(await _apart(file, answer, bounds))
    found = Filed(gzip=gzip)
    try:
        async for piece in writer_of(file.form, file.dialect)(file.table(answer)):
            found.write(piece)
        found.close()
    except BaseException:
        found.discard()
        raise
    return found


async def _apart(file: AnswerFile, answer: object, bounds: FileBounds) -> Path:
    try:
        return await write_apart(file.form, file.table(answer), bounds, PREFIX, file.templates or own_templates())
    except TooLongError as error:
        raise file_too_long(error.what, error.length, error.most, file.form) from error
    except FileNotWrittenError as error:
        _log.warning("file", form=file.form, name=file.name, error=str(error))
        raise file_took_too_much(file.form) from error
    except TemplateError as error:
        _log.warning("template", form=file.form, error=str(error))
        raise unfit_template(str(error)) from error
