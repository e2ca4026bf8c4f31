"""Moving a roll-up from some ancestors to others, and making a unit large: days × measures, whatever lies below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

import asyncpg

from projections.rules.counting.batch_changes import BreakingDown, Enlargement, Reattribution
from projections.rules.counting.breakdown import SLOTS, added_sql, matches_sql
from projections.rules.counting.periods import MONTH_BASE, YEAR_BASE, day_period
from projections.rules.hierarchy.unit import EVER, last_day
from projections.store.calendar_sql import day_within, period_of

Restructuring = Reattribution | Enlargement | BreakingDown

MOVES: Final = 1_000
"""Units that are moved at once: what leaves and what joins is sorted in memory first."""

_PERIOD = period_of("f.day")
_WITHIN = day_within("f.day", "s")

# However many units are moved at once, a counter is written once: one that is written again and again in a transaction
# gets slower each time. OFFSET 0: the rows of each piece are looked up by index, however few pieces there seem to be.
_MOVE = f"""
WITH piece AS (
    SELECT * FROM unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::date[], $6::date[])
        AS p (k, unit, first, last, since, until)
), moved AS MATERIALIZED (
    SELECT s.k, days.period, days.measure, sum(days.n)::int AS n
    FROM piece AS s CROSS JOIN LATERAL (
        SELECT period, measure, n FROM counter WHERE unit = s.unit AND period BETWEEN s.first AND s.last
        UNION ALL
        SELECT {_PERIOD}, f.measure, 1 FROM fact f WHERE f.unit = s.unit AND {_WITHIN}
        OFFSET 0
    ) AS days GROUP BY 1, 2, 3 HAVING sum(days.n) <> 0
), target AS (
    SELECT * FROM unnest($7::int[], $8::int[], $9::int[], $10::boolean[]) AS t (k, no, sign, large)
), net AS MATERIALIZED (
    SELECT t.no, t.large, m.period, m.measure, sum(t.sign * m.n)::int AS n
    FROM moved m JOIN target t USING (k) GROUP BY 1, 2, 3, 4 HAVING sum(t.sign * m.n) <> 0
)
INSERT INTO counter AS c (unit, period, measure, n)
SELECT no, period, measure, n FROM net
UNION ALL
SELECT no, {MONTH_BASE} + period / 100, measure, sum(n) FROM net WHERE large GROUP BY 1, 2, 3
UNION ALL
SELECT no, {YEAR_BASE} + period / 10000, measure, sum(n) FROM net WHERE large GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (unit, period, measure) DO UPDATE SET n = c.n + excluded.n
"""

_SIGNED = ", ".join(f"sum(t.sign * coalesce(m.codes[{i}], 0))::int" for i in range(1, len(SLOTS) + 1))

_INTO_BREAKDOWNS = f"""
INSERT INTO breakdown AS b (unit, month, measure, codes)
SELECT t.no, m.month, m.measure, ARRAY[{_SIGNED}]
FROM moved m JOIN unnest($1::int[], $2::int[], $3::int[]) AS t (k, no, sign) USING (k)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (unit, month, measure) DO UPDATE SET codes = {added_sql("b.codes", "excluded.codes")}
"""

_MOVE_FACTS = f"""
WITH moved AS MATERIALIZED (
    SELECT s.k, {MONTH_BASE} + {_PERIOD} / 100 AS month, f.measure, {matches_sql("f.facets")} AS codes
    FROM unnest($4::int[], $5::int[], $6::date[], $7::date[]) AS s (k, unit, since, until)
    CROSS JOIN LATERAL (SELECT day, measure, facets FROM fact f WHERE f.unit = s.unit AND {_WITHIN} OFFSET 0) AS f
    GROUP BY 1, 2, 3
)
{_INTO_BREAKDOWNS}
"""

_MOVE_MONTHS = f"""
WITH moved AS MATERIALIZED (
    SELECT s.k, b.month, b.measure, b.codes
    FROM unnest($4::int[], $5::int[], $6::int[], $7::int[]) AS s (k, unit, first, last)
    CROSS JOIN LATERAL (
        SELECT month, measure, codes FROM breakdown WHERE unit = s.unit AND month BETWEEN s.first AND s.last OFFSET 0
    ) AS b
)
{_INTO_BREAKDOWNS}
"""

_ENLARGE = f"""
INSERT INTO counter (unit, period, measure, n)
SELECT unit, {MONTH_BASE} + period / 100, measure, sum(n)
FROM counter WHERE unit = $1 AND period < {YEAR_BASE} GROUP BY 1, 2, 3
UNION ALL
SELECT unit, {YEAR_BASE} + period / 10000, measure, sum(n)
FROM counter WHERE unit = $1 AND period < {YEAR_BASE} GROUP BY 1, 2, 3
"""


async def carry_out(connection: asyncpg.Connection, steps: Sequence[Restructuring]) -> None:
    """Carry out steps in their order; the caller owns the transaction and has carried out all earlier steps."""
    for together in in_groups(steps):
        first = together[0]
        if isinstance(first, Enlargement):
            await connection.execute(_ENLARGE, first.unit)
        elif isinstance(first, BreakingDown):
            ends = ([0], [first.unit], [1])
            await _facts_into_breakdowns(connection, ends, [(0, *span) for span in first.spans])
        else:
            await _move(connection, [step for step in together if isinstance(step, Reattribution)])


def in_groups(steps: Sequence[Restructuring]) -> Iterator[list[Restructuring]]:
    """Put moves that follow each other together, as long as none moves what an earlier one has changed."""
    group: list[Restructuring] = []
    changed: set[int] = set()
    for step in steps:
        alone = not isinstance(step, Reattribution)
        if group and (alone or step.unit in changed or len(group) >= MOVES):
            yield group
            group, changed = [], set()
        group.append(step)
        if isinstance(step, Reattribution):
            changed.update(no for piece in step.pieces for no in (*piece.leaves, *piece.joins))
        else:
            yield group
            group = []
    if group:
        yield group


async def _move(connection: asyncpg.Connection, steps: Sequence[Reattribution]) -> None:
    pieces: list[tuple[int, int, int, int, dt.date, dt.date]] = []
    targets: list[tuple[int, int, int, bool]] = []
    vast: list[tuple[int, int, int]] = []
    months: list[tuple[int, int, int, int]] = []
    spans: list[tuple[int, int, dt.date, dt.date]] = []
    for step, piece in [(each, piece) for each in steps for piece in each.pieces]:
        k = len(pieces)
        first = 0 if piece.since == EVER else day_period(piece.since)
        last = day_period(last_day(piece.until))
        pieces.append((k, step.unit, first, last, piece.since, piece.until))
        for sign, units in ((-1, piece.leaves), (1, piece.joins)):
            targets += [(k, no, sign, no in step.large) for no in units]
            vast += [(k, no, sign) for no in units if no in step.vast]
        if piece.months is not None:
            months.append((k, step.unit, *piece.months))
        spans += [(k, *span) for span in piece.spans]
    await connection.execute(_MOVE, *_columns(pieces), *_columns(targets))
    if not vast:
        return
    if months:
        await connection.execute(_MOVE_MONTHS, *_columns(vast), *_columns(months))
    await _facts_into_breakdowns(connection, _columns(vast), spans)


async def _facts_into_breakdowns(
    connection: asyncpg.Connection, targets: Sequence[list[int]], spans: list[tuple[int, int, dt.date, dt.date]]
) -> None:
    if spans:
        await connection.execute(_MOVE_FACTS, *targets, *_columns(spans))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
