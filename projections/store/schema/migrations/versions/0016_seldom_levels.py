"""The units of a level that few have are found by it, wherever they are (`projections.store.hierarchy_sql`)."""

from alembic import op
from sqlalchemy import text

revision = "0016"
down_revision = "0015"
lives_with = "0015"
stands_still = {"unit_level_seldom": 1}

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
WHERE relname = 'unit_level' AND relkind = 'r' ORDER BY 1
"""
INDEX = """
CREATE INDEX IF NOT EXISTS unit_level_seldom ON {schema}.unit_level (level) WHERE level NOT IN ('grassroots', 'cell')
"""


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)).fetchall():
        op.execute(INDEX.format(schema=schema))
