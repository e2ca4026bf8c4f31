"""The statements that add to counters and breakdowns, whoever adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from projections.rules.counting.batch_changes import MEASURE_MASK, PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT
from projections.rules.counting.breakdown import added_sql

_KEY: Final = f"(k >> {UNIT_SHIFT})::int, ((k >> {PERIOD_SHIFT}) & {PERIOD_MASK})::int, (k & {MEASURE_MASK})::smallint"

ADD_TO_COUNTERS: Final = f"""
INSERT INTO counter AS c (unit, period, measure, n)
SELECT {_KEY}, n
FROM unnest($1::bigint[], $2::int[]) AS d (k, n)
ON CONFLICT (unit, period, measure) DO UPDATE SET n = c.n + excluded.n
"""
"""Takes the keys (`batch_changes`), in order and each once, and what is added to each."""

ADD_TO_BREAKDOWNS: Final = f"""
INSERT INTO breakdown AS b (unit, month, measure, codes)
SELECT {_KEY}, codes::int[]
FROM unnest($1::bigint[], $2::text[]) AS d (k, codes)
ON CONFLICT (unit, month, measure) DO UPDATE SET codes = {added_sql("b.codes", "excluded.codes")}
"""
"""Takes the keys likewise, and what `codes_of` writes of what is added to each slot."""


def codes_of(rows: Iterable[Iterable[int]]) -> list[str]:
    """Write the numbers of breakdowns as PostgreSQL reads an array: cheaper than an array of arrays."""
    return ["{" + ",".join(map(str, numbers)) + "}" for numbers in rows]
