"""What a generation decides of the messages that did not simply hold at once (table ``verdict``, decision 0016)."""

from __future__ import annotations

from operator import attrgetter

import asyncpg

from projections.rules.counting.batch_changes import Changes

COLUMNS = (
    *("position", "outcome", "reason", "field", "detail", "first_position"),
    *("held_at", "rejected_at", "retracted_at", "retracted_by"),
)
_record = attrgetter(*COLUMNS)

_VERDICTS = """
unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[])
    AS v (position, outcome, reason, field, detail, held_at, rejected_at, retracted_at, retracted_by)
"""

_UPDATE = f"""
UPDATE verdict w SET outcome = v.outcome, reason = v.reason, field = v.field, detail = v.detail,
    held_at = coalesce(v.held_at, w.held_at), rejected_at = v.rejected_at,
    retracted_at = v.retracted_at, retracted_by = v.retracted_by
FROM {_VERDICTS} WHERE w.position = v.position
"""

# One that has no row yet held at once, until now.
_INSERT = f"""
INSERT INTO verdict ({", ".join(COLUMNS)})
SELECT position, outcome, reason, field, detail, NULL, coalesce(held_at, position), rejected_at, retracted_at,
    retracted_by
FROM {_VERDICTS}
ON CONFLICT (position) DO NOTHING
"""


async def write_verdicts(connection: asyncpg.Connection, changes: Changes) -> None:
    """Write a batch's verdicts, on its own messages and on earlier ones. The caller owns the transaction."""
    if changes.verdicts:
        columns = [list(column) for column in zip(*changes.verdicts, strict=True)]
        await connection.execute(_UPDATE, *columns)
        await connection.execute(_INSERT, *columns)
    rows = [_record(row) for row in changes.ledger if not row.simply_holds]
    if rows:
        await connection.copy_records_to_table("verdict", columns=COLUMNS, records=rows)
