"""The process that reads one file: told by standard input, it answers on standard output and ends.

It may write no file, hold no more memory and take no more time than it was told, and leaves no image of its memory.
"""

import os
import resource
import struct
import sys
from contextlib import suppress
from math import ceil
from typing import Final

import msgspec

from services.sheets.bounds import Bounds
from services.sheets.formats import too_large
from services.sheets.reading import SheetQuestion, read

NICE: Final = 10
HEAD: Final = struct.Struct("!QQ")
"""What precedes the question and the file: the length of each."""


def main() -> None:
    """Run as `python -m services.sheets.apart_process`."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand in the answer
    asked_length, file_length = HEAD.unpack(sys.stdin.buffer.read(HEAD.size))
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(asked_length), type=SheetQuestion)
    bound(asked.bounds)
    try:
        answer = msgspec.msgpack.encode(read(sys.stdin.buffer.read(file_length), asked))
    except MemoryError:
        answer = msgspec.msgpack.encode(too_large().refused)
    out.write(answer)
    out.flush()
    os._exit(0)  # taking the sheet apart again would be most of the time


def bound(bounds: Bounds) -> None:
    """Bind this process, for good, as far as it isn't bound more closely; on a full machine others go before it."""
    with suppress(OSError):
        os.nice(NICE)
    seconds = ceil(bounds.seconds)
    for what, most in (
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


if __name__ == "__main__":
    main()
