"""Large pieces of breakdowns have beside them what they come to up to each day (`projections.store.batch`).

The projector makes it, for what is there and for what comes.
"""

from alembic import op
from sqlalchemy import text

revision = "0017"
down_revision = "0016"
lives_with = "0015"
stands_still = {"breakdown_days": 1}

# Also of one that is kept as the way back. One that is half made has no indexes on its large tables yet.
GENERATIONS = """
SELECT nspname, EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid)
FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
WHERE relname = 'breakdown' AND relkind = 'r' ORDER BY 1
"""
COLUMN = (
    "ALTER TABLE {schema}.breakdown ADD COLUMN IF NOT EXISTS days bytea STORAGE EXTERNAL",
    """
COMMENT ON COLUMN {schema}.breakdown.days IS
    'what large ones come to up to each day: projections/rules/counting/breakdown_days.py'""",
)
INDEX = """
CREATE INDEX IF NOT EXISTS breakdown_days
    ON {schema}.breakdown (coalesce(octet_length(days), 0), octet_length(rows)) WHERE summed
"""


def upgrade() -> None:
    for schema, indexed in op.get_bind().execute(text(GENERATIONS)).fetchall():
        for statement in (*COLUMN, *([INDEX] if indexed else [])):
            op.execute(statement.format(schema=schema))
