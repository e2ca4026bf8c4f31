"""An answer written as a file: in memory while it is short, then into a file on the disk, compressed as it grows.

So a long answer is never in memory as a whole, whoever reads it how slowly; and nothing is sent before it is complete,
so that what turns out to be too long can still be refused.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from services.api.bodies import Compressor
from services.api.file_forms import AnswerFile
from services.files.forms import writer_of

IN_MEMORY: Final = 256 * 1024
"""Bytes up to which a file stays in memory."""
PREFIX: Final = "tonghop-answer-"
"""What the name of an answer on the disk begins with."""


class Filed:
    """A file that is being written: ``body`` while it is short, else ``path``; ``length`` is what is sent."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._held: list[bytes] = []
        self._file: BinaryIO | None = None
        self._compressor: Compressor | None = None
        self.path: Path | None = None
        self.length = 0

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
    """Write an answer; the file is for the caller to send and to remove. Raises what reading the answer raises."""
    found = Filed(gzip=gzip)
    try:
        async for piece in writer_of(file.form, file.dialect)(file.table(answer)):
            found.write(piece)
        found.close()
    except BaseException:
        found.discard()
        raise
    return found
