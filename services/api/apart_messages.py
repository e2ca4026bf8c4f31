"""What goes between the API and a process that answers slow questions: the kinds of messages, and a question."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from services.api.asked import Asked, Circumstances

HEAD: Final = struct.Struct("!BQ")
"""What precedes a message: its kind and its length."""
ASK, CANCEL, ANSWER, FAILURE = range(4)


class Job(NamedTuple):
    """A question for another process; both sides are the same program, so it is pickled."""

    asked: Asked
    how: Circumstances
    primary: bool = False
    """Whether it is asked of the primary, and not of the server that this API reads from."""
