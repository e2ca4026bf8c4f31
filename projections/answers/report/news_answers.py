"""What a stream of news says of a unit: that the log has moved on below it, and whether figures are behind the log.

Both are the `data` of a server-sent event; the stream itself is made in `services/api`.
"""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from projections.answers.report.report_answers import Behind


class Moved(Struct, frozen=True):
    """That something came to hold, or was taken back, at a unit or below it: after one position, up to another.

    ``events`` is how many did; null where more lies between than is counted. Those of several messages add up.
    """

    after: int
    position: int
    as_of: dt.datetime | None
    events: int | None


class Keeping(Struct, frozen=True):
    """Whether figures are behind the log, and how; null where they are no more."""

    behind: Behind | None
