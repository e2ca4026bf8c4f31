"""Who may read and speak, as the log says it: a table and a view in each generation, empty.

Nothing has to be counted anew: no event of access could hold before, as there was no such type.
"""

from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'verdict' ORDER BY 1
"""
SCHEMA = (
    """
CREATE TABLE {schema}.access_grant (
    position bigint PRIMARY KEY,
    unit     integer NOT NULL,
    account  text COLLATE "C" NOT NULL,
    role     text COLLATE "C" NOT NULL,
    granted  boolean NOT NULL,
    until    date
)""",
    "COMMENT ON COLUMN {schema}.access_grant.granted IS 'false where it takes the role back'",
    "COMMENT ON COLUMN {schema}.access_grant.until IS 'inclusive; NULL where it goes on'",
    "CREATE INDEX access_grant_account ON {schema}.access_grant (account, unit, role, position DESC)",
    "CREATE INDEX access_grant_unit ON {schema}.access_grant (unit, account, role, position DESC)",
    # Which of several stands is said here alone: the later in the stream (contract, section 1).
    """
CREATE VIEW {schema}.standing_grant AS
SELECT DISTINCT ON (unit, account, role) * FROM {schema}.access_grant
ORDER BY unit, account, role, position DESC""",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in SCHEMA:
            op.execute(statement.format(schema=schema))


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
