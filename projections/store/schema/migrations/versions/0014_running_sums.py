"""Running sums of large units: a table and a mark in each generation.

Nothing is counted anew here. The large units of a generation that is there keep the counters that they have, and are
read and written by these; a unit that becomes large from now on has running sums, and so has every large unit of a
generation that a rebuild makes (decision 0048). So the way back is there as before.
"""

from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'verdict' ORDER BY 1
"""
SCHEMA = (
    "ALTER TABLE {schema}.unit ADD running boolean NOT NULL DEFAULT false",
    "COMMENT ON COLUMN {schema}.unit.running IS 'a large one that has running sums, in place of counters'",
    """
CREATE TABLE {schema}.running_sum (
    unit   integer NOT NULL,
    period integer NOT NULL,
    sums   bytea NOT NULL,
    PRIMARY KEY (unit, period)
) WITH (fillfactor = 80)""",
    "ALTER TABLE {schema}.running_sum ALTER sums SET STORAGE EXTERNAL",
    """
COMMENT ON COLUMN {schema}.running_sum.sums IS
    'what there is up to each step, by measure: projections/rules/counting/running_sums.py'""",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in SCHEMA:
            op.execute(statement.format(schema=schema))


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
