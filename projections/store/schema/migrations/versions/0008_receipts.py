"""Receipts of what was sent over HTTP."""

from alembic import op

revision = "0008"
down_revision = "0007"

SCHEMA = (
    """
CREATE TABLE receipt (
    id TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    items TEXT NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id)
)""",
    "CREATE INDEX receipt_account ON receipt (account, made_at, id)",
    "COMMENT ON COLUMN receipt.account IS 'who sent it'",
    "COMMENT ON COLUMN receipt.items IS 'JSON: what was sent, and what was known of it; outcomes are asked of the log'",
    "COMMENT ON COLUMN receipt.answered_at IS 'NULL: the sender was never answered'",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("what was sent is never forgotten")
