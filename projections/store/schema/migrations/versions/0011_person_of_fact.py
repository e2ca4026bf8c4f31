"""A fact keeps a digest of its person (unit and reference), so that what else is said of the person is found.

Facts of before have none until the next rebuild: of these the ledger is read instead (decision 0043).
"""

from alembic import op
from sqlalchemy import text

revision = "0011"
down_revision = "0010"

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'verdict' ORDER BY 1
"""
SCHEMA = (
    "ALTER TABLE {schema}.fact ADD person bigint",
    """
COMMENT ON COLUMN {schema}.fact.person
    IS 'digest of unit and reference (projections/rules/counting/person.py), or NULL'""",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in SCHEMA:
            op.execute(statement.format(schema=schema))


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
