"""Breakdowns in pieces of facts, with the sums of years beside them, in every generation, made from its own facts.

They are summed up by the projector, with the first batch that it writes. A generation that is half made gets its rows
when it is counted.
"""

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"

# Of those, the half made ones have no keys yet.
GENERATIONS = """
SELECT nspname, EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'p')
FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'breakdown' AND relkind = 'r'
ORDER BY 1
"""


def period_of(day: str) -> str:
    return f"""(CASE WHEN isfinite({day})
    THEN (extract(year FROM {day}) * 10000 + extract(month FROM {day}) * 100 + extract(day FROM {day}))::int
    WHEN {day} > DATE 'epoch' THEN 99991231 ELSE 10101 END)"""


TABLES = (
    "DROP TABLE {schema}.breakdown",
    """
CREATE TABLE {schema}.breakdown (
    unit   integer NOT NULL,
    month  integer NOT NULL,
    summed boolean NOT NULL DEFAULT false,
    rows   bytea NOT NULL,
    CHECK (octet_length(rows) % 10 = 0)
)""",
    "ALTER TABLE {schema}.breakdown ALTER rows SET STORAGE EXTERNAL",
    "COMMENT ON TABLE {schema}.breakdown IS 'the facts below vast units once more, in pieces'",
    "COMMENT ON COLUMN {schema}.breakdown.summed IS 'it is in breakdown_year'",
    "COMMENT ON COLUMN {schema}.breakdown.rows IS '10 bytes a fact: projections/rules/counting/breakdown.py'",
    """
CREATE TABLE {schema}.breakdown_year (
    unit    integer NOT NULL,
    year    integer NOT NULL,
    measure smallint NOT NULL,
    codes   bytea NOT NULL,
    pairs   bytea NOT NULL,
    PRIMARY KEY (unit, year, measure)
)""",
    "ALTER TABLE {schema}.breakdown_year ALTER pairs SET STORAGE EXTERNAL",
    "COMMENT ON TABLE {schema}.breakdown_year IS 'what the pieces of breakdown that are summed come to'",
    """
COMMENT ON COLUMN {schema}.breakdown_year.codes IS
    'how many have each code: projections/rules/counting/breakdown.py'""",
    "COMMENT ON COLUMN {schema}.breakdown_year.pairs IS 'the same of each pair of codes'",
)
ROWS = f"""
INSERT INTO {{schema}}.breakdown (unit, month, rows)
WITH RECURSIVE walked (unit, since, until, uppers, vast) AS (
    SELECT edge.unit, DATE '-infinity', DATE 'infinity', ARRAY[]::integer[], unit.vast
    FROM {{schema}}.edge JOIN {{schema}}.unit ON unit.no = edge.unit WHERE edge.parent IS NULL
    UNION ALL
    SELECT edge.unit, greatest(walked.since, edge.since), least(walked.until, edge.until),
        CASE WHEN walked.vast THEN walked.uppers || walked.unit ELSE walked.uppers END, unit.vast
    FROM walked JOIN {{schema}}.edge ON edge.parent = walked.unit
        AND edge.since < walked.until AND edge.until > walked.since
    JOIN {{schema}}.unit ON unit.no = edge.unit
), alike AS (
    SELECT walked.uppers, 200000000 + {period_of("fact.day")} / 100 AS month, string_agg(
        int8send(fact.facets) || int2send((fact.measure::int << 5 | {period_of("fact.day")} % 100)::smallint), ''::bytea
    ) AS rows
    FROM walked JOIN {{schema}}.fact ON fact.unit = walked.unit
        AND fact.day >= walked.since AND (fact.day < walked.until OR walked.until = 'infinity')
    WHERE walked.uppers <> '{{{{}}}}'
    GROUP BY 1, 2
)
SELECT upper, month, string_agg(rows, ''::bytea)
FROM alike CROSS JOIN LATERAL unnest(alike.uppers) AS upper
GROUP BY 1, 2 ORDER BY 1, 2
"""
INDEXES = (
    "CREATE INDEX breakdown_unit ON {schema}.breakdown (unit, month)",
    "CREATE INDEX breakdown_new ON {schema}.breakdown (unit, month) WHERE NOT summed",
)


def upgrade() -> None:
    for schema, counted in op.get_bind().execute(text(GENERATIONS)).all():
        for statement in (*TABLES, *((ROWS, *INDEXES) if counted else ())):
            op.get_bind().exec_driver_sql(statement.format(schema=schema))


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
