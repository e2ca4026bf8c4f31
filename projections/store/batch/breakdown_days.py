"""What large pieces of breakdowns come to up to each day, kept beside each: made where it is missing, whoever made it.

Only pieces that are summed up, which change no more. Whoever puts such a piece in, by whatever version, leaves the
column empty; what has another size was made for other codes, and is made anew.
"""

from __future__ import annotations

from typing import Final

import asyncpg
import numpy as np

from projections.rules.counting.breakdown import FACT
from projections.rules.counting.breakdown_days import SIZE, up_to_each_day
from projections.store.batch.small_pieces import SMALL

WORTH: Final = SMALL
"""Bytes of a piece: fewer facts are counted one by one as quickly, and many such pieces are put together."""

_AT_ONCE: Final = 256
"""Pieces that are looked at, at the most."""

# By the index `breakdown_days`, which has these two numbers. Of the largest it is worth most.
_LACKING: Final = f"""
SELECT ctid::text, octet_length(rows) / {FACT.itemsize}
FROM breakdown WHERE summed AND coalesce(octet_length(days), 0) = 0 AND octet_length(rows) >= $1
UNION ALL
SELECT ctid::text, octet_length(rows) / {FACT.itemsize}
FROM breakdown WHERE summed AND coalesce(octet_length(days), 0) BETWEEN 1 AND {SIZE - 1}
UNION ALL
SELECT ctid::text, octet_length(rows) / {FACT.itemsize}
FROM breakdown WHERE summed AND coalesce(octet_length(days), 0) > {SIZE}
ORDER BY 2 DESC LIMIT {_AT_ONCE}
"""
_ROWS: Final = "SELECT rows FROM breakdown WHERE ctid = $1::text::tid"
_KEEP: Final = "UPDATE breakdown SET days = $2 WHERE ctid = $1::text::tid"


async def add_days(connection: asyncpg.Connection, most: int) -> bool:
    """Make what is missing for pieces of so many facts, or one, the largest first; return whether others lack it.

    The caller owns the transaction, in which nobody else writes.
    """
    lacking = await connection.fetch(_LACKING, WORTH)
    amount = 0
    for done, (at, facts) in enumerate(lacking):
        if done and amount + facts > most:
            return True
        rows = await connection.fetchval(_ROWS, at)
        await connection.execute(_KEEP, at, up_to_each_day(np.frombuffer(rows, FACT)))
        amount += facts
    return len(lacking) == _AT_ONCE
