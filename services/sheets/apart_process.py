"""The process that reads one file, or writes one: told by standard input, it answers on standard output and ends.

It may write no file, hold no more memory and take no more time than it was told, and leaves no image of its memory.
"""

import os
import struct
import sys
from math import ceil
from typing import Final

import msgspec

from services.bounded.binding import bind
from services.sheets.bounds import Bounds
from services.sheets.formats import too_large
from services.sheets.reading import SheetQuestion, read
from services.sheets.results import ResultRow

READING, WRITING = b"r", b"w"
HEAD: Final = struct.Struct("!cQQ")
"""What precedes the question and what is given with it: which of the two it is, and the length of each."""


class WrittenQuestion(msgspec.Struct, frozen=True):
    """What sheet is to be written."""

    type: str
    bounds: Bounds


def main() -> None:
    """Run as `python -m services.sheets.apart_process`."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand in the answer
    what, asked_length, given_length = HEAD.unpack(sys.stdin.buffer.read(HEAD.size))
    question, answering = sys.stdin.buffer.read(asked_length), _written if what == WRITING else _read
    out.write(answering(question, given_length))
    out.flush()
    os._exit(0)  # taking the sheet apart again would be most of the time


def _read(question: bytes, length: int) -> bytes:
    asked = msgspec.msgpack.decode(question, type=SheetQuestion)
    bind_to(asked.bounds)
    try:
        return msgspec.msgpack.encode(read(sys.stdin.buffer.read(length), asked))
    except MemoryError:
        return msgspec.msgpack.encode(too_large().refused)


def _written(question: bytes, length: int) -> bytes:
    from services.sheets.results_sheet import results_sheet  # noqa: PLC0415 - what reads doesn't need it

    asked = msgspec.msgpack.decode(question, type=WrittenQuestion)
    bind_to(asked.bounds)
    return results_sheet(asked.type, msgspec.json.decode(sys.stdin.buffer.read(length), type=list[ResultRow]))


def bind_to(bounds: Bounds) -> None:
    """Bind this process: it may write no file at all."""
    bind(memory=bounds.memory, seconds=ceil(bounds.seconds), written=0)


if __name__ == "__main__":
    main()
