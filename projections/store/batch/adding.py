"""The statement that adds to counters, whoever adds."""

from __future__ import annotations

from typing import Final

from projections.rules.counting.batch_changes import MEASURE_MASK, PERIOD_MASK, PERIOD_SHIFT, UNIT_SHIFT

_KEY: Final = f"(k >> {UNIT_SHIFT})::int, ((k >> {PERIOD_SHIFT}) & {PERIOD_MASK})::int, (k & {MEASURE_MASK})::smallint"

ADD_TO_COUNTERS: Final = f"""
INSERT INTO counter AS c (unit, period, measure, n)
SELECT {_KEY}, n
FROM unnest($1::bigint[], $2::int[]) AS d (k, n)
ON CONFLICT (unit, period, measure) DO UPDATE SET n = c.n + excluded.n
"""
"""Takes the keys (`batch_changes`), in order and each once, and what is added to each."""
