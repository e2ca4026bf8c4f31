"""Rejects by publisher, counted from the ledger; the pauses of the projector; the hash chain.

The projector chains the ledger that it finds when it starts, page by page: here it would be one long transaction.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

SCHEMA = (
    """
CREATE TABLE publisher_rejects (
    publisher     text COLLATE "C" NOT NULL,
    reason        text COLLATE "C" NOT NULL,
    n             bigint NOT NULL,
    last_position bigint NOT NULL,
    PRIMARY KEY (publisher, reason)
) WITH (fillfactor = 90)""",
    "COMMENT ON COLUMN publisher_rejects.publisher IS 'empty where the bus subject names none'",
    """
INSERT INTO publisher_rejects
SELECT coalesce(publisher, ''), coalesce(reason, ''), count(*), max(position)
FROM ledger WHERE outcome = 'rejected' GROUP BY 1, 2""",
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
    "CREATE TABLE chain (position bigint PRIMARY KEY, hash bytea NOT NULL CHECK (length(hash) = 32))",
    "COMMENT ON TABLE chain IS 'h(position) of projections/core/chain.py, at multiples of 1000 and at the checkpoint'",
    "COMMENT ON COLUMN pause.position IS 'of the event that exceeded the limit on rejects: the figures end before it'",
    "COMMENT ON COLUMN pause.passed IS 'up to this position nothing is held against the limit any more'",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
