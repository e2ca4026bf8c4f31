"""Rejects by publisher, in every generation; the pauses of the projector; the hash chain.

The projector chains the ledger that it finds when it starts, page by page: here it would be one long transaction.
"""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"

# Also of one that is kept as the way back, or half made: its verdicts say what it rejected, as far as it has come.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'verdict' ORDER BY 1
"""
REJECTS = (
    """
CREATE TABLE {schema}.publisher_rejects (
    publisher     text COLLATE "C" NOT NULL,
    reason        text COLLATE "C" NOT NULL,
    n             bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (publisher, reason)
) WITH (fillfactor = 90)""",
    "COMMENT ON COLUMN {schema}.publisher_rejects.publisher IS 'empty where the bus subject names none'",
    """
INSERT INTO {schema}.publisher_rejects
SELECT coalesce(ledger.publisher, ''), coalesce(verdict.reason, ''), count(*), max(position)
FROM {schema}.verdict JOIN ledger USING (position) WHERE verdict.outcome = 'rejected' GROUP BY 1, 2""",
)
SCHEMA = (
    """
CREATE TABLE pause (
    no         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position   bigint NOT NULL,
    detail     text NOT NULL,
    paused_at  timestamptz NOT NULL DEFAULT now(),
    resumed_at timestamptz,
    resumed_by text,
    passed     bigint
)""",
    "CREATE UNIQUE INDEX pause_open ON pause ((true)) WHERE resumed_at IS NULL",
    "COMMENT ON COLUMN pause.position IS 'of the event that exceeded the limit on rejects: the figures end before it'",
    "COMMENT ON COLUMN pause.passed IS 'up to this position nothing is held against the limit any more'",
    "CREATE TABLE chain (position bigint PRIMARY KEY, hash bytea NOT NULL CHECK (length(hash) = 32))",
    "COMMENT ON TABLE chain IS 'h(position) of projections/core/chain.py, at multiples of 1000 and at the checkpoint'",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in REJECTS:
            op.execute(statement.format(schema=schema))
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
