"""Sheets that were sent, and receipts of more than a thousand events."""

from alembic import op

revision = "0010"
down_revision = "0009"

SCHEMA = (
    "ALTER TABLE receipt ADD COLUMN part INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE receipt ADD COLUMN total INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE receipt ADD COLUMN accepted INTEGER DEFAULT 0 NOT NULL",
    """
UPDATE receipt SET total = jsonb_array_length(items::jsonb),
    accepted = (SELECT count(*) FROM jsonb_array_elements(items::jsonb) AS item WHERE item ->> 2 = 'accepted')""",
    "ALTER TABLE receipt DROP CONSTRAINT receipt_pkey",
    "ALTER TABLE receipt ADD PRIMARY KEY (id, part)",
    "DROP INDEX receipt_account",
    "CREATE INDEX receipt_account ON receipt (account, made_at, id) WHERE part = 0",
    "CREATE INDEX receipt_made ON receipt (made_at)",
    "COMMENT ON COLUMN receipt.part IS 'a thousand rows of a sheet; else 0'",
    "COMMENT ON COLUMN receipt.total IS 'events in all parts, also those not begun yet'",
    "COMMENT ON COLUMN receipt.accepted IS 'events of this part'",
    """
CREATE TABLE import (
    id TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rows INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    told TEXT NOT NULL,
    receipt TEXT COLLATE "C",
    PRIMARY KEY (id)
)""",
    "CREATE INDEX import_account ON import (account, made_at, id)",
    "CREATE INDEX import_made ON import (made_at)",
    "COMMENT ON TABLE import IS 'a sheet that was sent, without the file'",
    "COMMENT ON COLUMN import.account IS 'who sent the sheet'",
    "COMMENT ON COLUMN import.type IS 'of the events'",
    "COMMENT ON COLUMN import.made_at IS 'also the time of its events'",
    "COMMENT ON COLUMN import.bytes IS 'of all its pages'",
    "COMMENT ON COLUMN import.told IS 'JSON: the columns, what was passed over, how its text was read'",
    "COMMENT ON COLUMN import.receipt IS 'NULL: nothing of it was sent'",
    """
CREATE TABLE import_page (
    import TEXT COLLATE "C" NOT NULL,
    page INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    rows BYTEA NOT NULL,
    stems BYTEA NOT NULL,
    choices TEXT DEFAULT '{}' NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (import, page),
    FOREIGN KEY(import) REFERENCES import (id) ON DELETE CASCADE
)""",
    "COMMENT ON COLUMN import_page.page IS 'a thousand rows'",
    "COMMENT ON COLUMN import_page.first_row IS 'by the sheet''s own numbers'",
    "COMMENT ON COLUMN import_page.rows IS 'msgpack: the rows as they were read'",
    "COMMENT ON COLUMN import_page.stems IS '16 bytes a row: what its id follows from; zeros where it has none'",
    "COMMENT ON COLUMN import_page.choices IS 'JSON: what the clerk decided, by row'",
    "COMMENT ON COLUMN import_page.counts IS 'JSON: rows by status, when they were last looked at'",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("what was sent is never forgotten")
