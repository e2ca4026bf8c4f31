"""What an asker may see of one answer, and what lists are confined to."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from projections.answers.access.readable import Grant


class Holder(NamedTuple):
    """An account on a day, None for one that holds every role everywhere.

    ``only``: what a token of it is limited to, beside what its account may.
    """

    account: str | None
    today: dt.date
    only: tuple[Grant, ...] | None = None


class Sight(NamedTuple):
    """What may be seen of an answer: all of it as an officer, or what a reader may.

    ``confined``: lists hold only what its holder may see; None where that is everything. All of it belongs in the ETag:
    two answers that may differ for it are two.
    """

    as_officer: bool = True
    confined: Holder | None = None


EVERYTHING = Sight()
"""What one sees who may see everything."""
