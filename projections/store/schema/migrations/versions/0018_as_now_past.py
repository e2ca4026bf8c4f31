"""What small units had as-now before a reorganisation, in one row each: a table in each generation, empty at first.

The projector fills it while no events come. A version that knows nothing of it writes by other rules, by which its rows
are told to be out of date (decision 0067).
"""

from alembic import op
from sqlalchemy import text

revision = "0018"
down_revision = "0017"
lives_with = "0015"

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
WHERE relname = 'as_now_term' AND relkind = 'r' ORDER BY 1
"""
SCHEMA = (
    """
CREATE TABLE {schema}.as_now_past (
    unit    integer PRIMARY KEY,
    until   date NOT NULL,
    repairs integer NOT NULL,
    rules   text NOT NULL,
    others  integer[] NOT NULL,
    days    bytea NOT NULL
)""",
    "ALTER TABLE {schema}.as_now_past ALTER days SET STORAGE EXTERNAL",
    """
COMMENT ON TABLE {schema}.as_now_past IS
    'what units have as-now before a day through small units: projections/store/batch/as_now_pasts.py'""",
    "COMMENT ON COLUMN {schema}.as_now_past.until IS 'exclusive'",
    "COMMENT ON COLUMN {schema}.as_now_past.others IS 'large parts of terms, which are not in days'",
    "COMMENT ON COLUMN {schema}.as_now_past.days IS '10 bytes a day and measure: period, measure, n'",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in SCHEMA:
            op.execute(statement.format(schema=schema))


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
