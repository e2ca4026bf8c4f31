"""The part of a form that is a sheet, taken out of what a browser sends as it comes: none of it is laid aside.

The proof that the form is ours comes before it, and is read first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from services.pages.form_fields import PROOF

FILE, CELLS = "file", "cells"
"""The names of the part: of a file, and of cells that were pasted."""
MOST_BESIDE: Final = 64 * 1024
"""Bytes of a form beside the sheet."""
A_PART: Final = 64
"""Bytes that a part is counted for, however empty it is."""
MOST_SHOWN_AGAIN: Final = 512 * 1024
"""Bytes of pasted cells that are remembered while they are sent, to be shown again where they are refused."""


class SheetComing:
    """A form's sheet on its way in; `pieces` are given on. Where the form is none, `broken` says so."""

    def __init__(self, request: Request, part: str) -> None:
        self._incoming = request.stream()
        self._wanted = part
        self._coming: list[bytes] = []
        self._header = (bytearray(), bytearray())
        self._is_sheet = False
        self._is_proof = False
        self._proof = bytearray()
        self._ended = False
        self._found = False
        self._beside = 0
        self.length = 0
        self._typed: bytearray | None = bytearray() if part == CELLS else None
        self._parser = self._parser_for(request.headers.get("content-type", ""))
        self.broken = self._parser is None

    @property
    def typed(self) -> str:
        """Return the cells that were pasted; nothing of a file, or where they were too many to be remembered."""
        return (self._typed or b"").decode("utf-8", "replace")

    async def proof(self) -> str:
        """Read up to the sheet, and return the proof that stands before it. Raises ClientDisconnect."""
        while not self._found and await self._reads_on():
            pass
        return self._proof.decode("ascii", "replace")

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the sheet's bytes as they come. Raises ClientDisconnect for a form that breaks off or is none."""
        for part in self._taken():
            yield part
        while await self._reads_on():
            for part in self._taken():
                yield part
        if self.broken or not (self._ended and self._found):
            self.broken = True
            raise ClientDisconnect

    async def _reads_on(self) -> bool:
        """Read what comes next; tell whether there was anything, of a form."""
        if self._parser is None or self.broken or self._ended:
            return False
        piece = await anext(self._incoming, None)
        if piece is None:
            return False
        try:
            self._parser.write(piece)
        except MultipartParseError:
            self.broken = True
        self.broken = self.broken or self._beside > MOST_BESIDE
        return not self.broken

    def _parser_for(self, content_type: str) -> MultipartParser | None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            return None
        return MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._name,
                "on_header_value": self._value,
                "on_header_end": self._header_end,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def _taken(self) -> list[bytes]:
        taken, self._coming = self._coming, []
        for piece in taken:
            self.length += len(piece)
            if self._typed is not None:
                self._typed += piece
                if len(self._typed) > MOST_SHOWN_AGAIN:
                    self._typed = None
        return taken

    def _begin(self) -> None:
        self._is_sheet = self._is_proof = False
        self._beside += A_PART

    def _name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _header_end(self) -> None:
        name, value = (bytes(each) for each in self._header)
        self._header = (bytearray(), bytearray())
        self._beside += len(name) + len(value)
        if name.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            part = (options.get(b"name") or b"").decode("utf-8", "replace")
            self._is_sheet = not self._found and part == self._wanted
            self._found = self._found or self._is_sheet
            self._is_proof = not self._found and part == PROOF

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_sheet:
            self._coming.append(data[start:end])
        else:
            self._beside += end - start
            if self._is_proof:
                self._proof += data[start:end]

    def _end(self) -> None:
        self._ended = True
