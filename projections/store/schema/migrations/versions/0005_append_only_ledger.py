"""The ledger is only added to: what became of a message stands in each generation's `verdict`, and nowhere else.

Nothing has to be counted anew: `verdict` has said the same as the ledger's own columns since revision 0003. The index
of what was let go is not made again: nobody asks by it, and few messages have a verdict.
"""

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'verdict' ORDER BY 1
"""
VERDICT = (
    # Whether a message came first under its key is decided once, when it comes in: the ledger says it.
    "ALTER TABLE {schema}.verdict DROP first",
    "CREATE INDEX verdict_rejected ON {schema}.verdict (position) WHERE outcome = 'rejected'",
    "CREATE INDEX verdict_retracted ON {schema}.verdict (retracted_at) WHERE retracted_at IS NOT NULL",
    """
COMMENT ON COLUMN {schema}.verdict.held_at IS
    'the position at which the log stood when it began to hold; NULL where it never did'""",
    """
COMMENT ON COLUMN {schema}.verdict.rejected_at IS
    'the position at which the log stood when it was rejected after it had waited; NULL where it never waited'""",
    """
COMMENT ON COLUMN {schema}.verdict.retracted_at IS
    'the position at which the log stood when it was taken back by the event at retracted_by'""",
    "COMMENT ON COLUMN {schema}.breakdown.codes IS 'one number a slot of projections.rules.counting.breakdown.SLOTS'",
)
SCHEMA = (
    "DROP INDEX ledger_parked, ledger_rejected, ledger_retracted, ledger_let_go",
    """
ALTER TABLE ledger DROP outcome, DROP reason, DROP field, DROP detail, DROP first_position, DROP held_at,
    DROP rejected_at, DROP retracted_at, DROP retracted_by""",
    "COMMENT ON COLUMN ledger.first IS 'whether it was the first under its key (id, publisher)'",
    "COMMENT ON TABLE ledger IS 'every message of the stream as it came; what became of it: verdict'",
    """
COMMENT ON TABLE chain IS
    'h(position) of projections/rules/log/hash_chain.py, at multiples of 1000 and at the checkpoint'""",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in VERDICT:
            op.execute(statement.format(schema=schema))
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
