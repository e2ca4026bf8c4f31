"""What a sheet may cost to read: beyond any of these it is refused, and what it says is not looked at."""

from typing import Final

from msgspec import Struct

MAX_FILE: Final = 20 * 1024 * 1024
"""Bytes of a file as it is sent."""


class Bounds(Struct, frozen=True):
    """The bounds of one reading; sizes are bytes, `memory` is address space, of which Python's own start takes 0.1 GB.

    `seconds` are the processor's, `within` the clock's: on a full machine the process comes last.
    `rows` counts those with something in them; `columns` is the width of all that is filled.
    """

    file: int = MAX_FILE
    unzipped: int = 200 * 1024 * 1024
    parts: int = 2_000
    rows: int = 50_000
    columns: int = 256
    seconds: float = 30.0
    within: float = 120.0
    memory: int = 640 * 1024 * 1024
