"""What a process binds itself by before it looks at anything; it knows as little as it can: it begins for each file."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from typing import Final

NICE: Final = 10
"""How far others go before it on a full machine."""


def bind(*, memory: int, seconds: int, written: int) -> None:
    """Bind this process, for good, as far as it isn't bound more closely; on a full machine others go before it.

    It may hold so many bytes of address space, take so many seconds of the processor, make no file longer than
    ``written`` bytes, and leave no image of its memory.
    """
    with suppress(OSError):
        os.nice(NICE)
    sys.dont_write_bytecode = True  # cut off at the length, it would be kept, and nobody could import the module again
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))
