"""Moving a roll-up from some ancestors to others, and making a unit large: days × measures, whatever lies below."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from projections.core.breakdown import SLOTS, added_sql, matches_sql
from projections.core.changes import BreakingDown, Enlargement, Piece, Reattribution
from projections.core.periods import MONTH_BASE, YEAR_BASE, day_period
from projections.core.unit import EVER, FOREVER, Span

_LAST_DAY = day_period(FOREVER)

DAY = """(CASE WHEN isfinite(f.day)
    THEN (extract(year FROM f.day) * 10000 + extract(month FROM f.day) * 100 + extract(day FROM f.day))::int
    WHEN f.day > DATE 'epoch' THEN 99991231 ELSE 10101 END)"""
"""The period of a fact's day. The first and the last civil day are the infinities in PostgreSQL."""

_WITHIN = "f.day >= s.since AND (f.day < s.until OR s.until = 'infinity')"

_MOVE = f"""
WITH moved AS MATERIALIZED (
    SELECT period, measure, sum(n)::int AS n FROM (
        SELECT period, measure, n FROM counter WHERE unit = $1 AND period BETWEEN $2 AND $3
        UNION ALL
        SELECT {DAY}, f.measure, 1 FROM fact f, (SELECT $4::date AS since, $5::date AS until) s
        WHERE f.unit = $1 AND {_WITHIN}
    ) days GROUP BY 1, 2 HAVING sum(n) <> 0
), target AS MATERIALIZED (
    SELECT * FROM unnest($6::int[], $7::int[], $8::boolean[]) AS t (no, sign, large)
)
INSERT INTO counter AS c (unit, period, measure, n)
SELECT t.no, m.period, m.measure, t.sign * m.n FROM moved m, target t
UNION ALL
SELECT t.no, {MONTH_BASE} + m.period / 100, m.measure, t.sign * sum(m.n)
FROM moved m, target t WHERE t.large GROUP BY 1, 2, 3, t.sign
UNION ALL
SELECT t.no, {YEAR_BASE} + m.period / 10000, m.measure, t.sign * sum(m.n)
FROM moved m, target t WHERE t.large GROUP BY 1, 2, 3, t.sign
ORDER BY 1, 2, 3
ON CONFLICT (unit, period, measure) DO UPDATE SET n = c.n + excluded.n
"""

_NEGATED = f"ARRAY[{', '.join(f'-m.codes[{i}]' for i in range(1, len(SLOTS) + 1))}]"

_INTO_BREAKDOWNS = f"""
INSERT INTO breakdown AS b (unit, month, measure, codes)
SELECT t.no, m.month, m.measure, CASE WHEN t.sign > 0 THEN m.codes ELSE {_NEGATED} END
FROM moved m, unnest($1::int[], $2::int[]) AS t (no, sign)
ORDER BY 1, 2, 3
ON CONFLICT (unit, month, measure) DO UPDATE SET codes = {added_sql("b.codes", "excluded.codes")}
"""

_MOVE_FACTS = f"""
WITH moved AS MATERIALIZED (
    SELECT {MONTH_BASE} + {DAY} / 100 AS month, f.measure, {matches_sql("f.facets")} AS codes
    FROM unnest($3::int[], $4::date[], $5::date[]) AS s (unit, since, until)
    JOIN fact f ON f.unit = s.unit AND {_WITHIN}
    GROUP BY 1, 2
)
{_INTO_BREAKDOWNS}
"""

_MOVE_MONTHS = f"""
WITH moved AS MATERIALIZED (
    SELECT month, measure, codes FROM breakdown WHERE unit = $3 AND month BETWEEN $4 AND $5
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


async def carry_out(connection: asyncpg.Connection, step: Reattribution | Enlargement | BreakingDown) -> None:
    """Carry out one step; the caller owns the transaction and has carried out all earlier steps."""
    if isinstance(step, Enlargement):
        await connection.execute(_ENLARGE, step.unit)
    elif isinstance(step, BreakingDown):
        await _facts_into_breakdowns(connection, [(step.unit, 1)], step.spans)
    else:
        for piece in step.pieces:
            await _move(connection, step, piece)


async def _move(connection: asyncpg.Connection, step: Reattribution, piece: Piece) -> None:
    targets = [(no, -1) for no in piece.leaves] + [(no, 1) for no in piece.joins]
    last = _LAST_DAY if piece.until == FOREVER else day_period(piece.until) - 1
    moved = await connection.execute(
        _MOVE,
        step.unit,
        0 if piece.since == EVER else day_period(piece.since),
        last,
        piece.since,
        piece.until,
        [no for no, _ in targets],
        [sign for _, sign in targets],
        [no in step.large for no, _ in targets],
    )
    targets = [target for target in targets if target[0] in step.vast]
    if moved == "INSERT 0 0" or not targets:
        return
    if piece.months is not None:
        await connection.execute(_MOVE_MONTHS, *_columns(targets), step.unit, *piece.months)
    await _facts_into_breakdowns(connection, targets, piece.spans)


async def _facts_into_breakdowns(
    connection: asyncpg.Connection, targets: list[tuple[int, int]], spans: Sequence[Span]
) -> None:
    if spans:
        await connection.execute(_MOVE_FACTS, *_columns(targets), *map(list, zip(*spans, strict=True)))


def _columns(targets: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [no for no, _ in targets], [sign for _, sign in targets]
