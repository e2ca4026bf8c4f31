"""Facts, declared figures and the hierarchy in columns too, in every generation, made from its own tables."""

from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"

# Also of one that is kept as the way back, or half made: that gets its rows when it is counted.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'declaration'
ORDER BY 1
"""
MEASURES = """ARRAY['admissions', 'confirmations', 'badges', 'departures', 'transfers_out', 'transfers_in',
    'introductions', 'trainings', 'restorations']"""
LEVELS = "ARRAY['central', 'province', 'upper', 'grassroots', 'section', 'cell', 'group']"


def period_of(day: str) -> str:
    return f"""(CASE WHEN isfinite({day})
    THEN (extract(year FROM {day}) * 10000 + extract(month FROM {day}) * 100 + extract(day FROM {day}))::int
    WHEN {day} > DATE 'epoch' THEN 99991231 ELSE 10101 END)"""


SCHEMA = (
    """
CREATE TABLE {schema}.packed (
    kind smallint NOT NULL,
    part integer NOT NULL,
    rows bytea NOT NULL,
    CHECK (octet_length(rows) % CASE kind WHEN 1 THEN 6 WHEN 2 THEN 30 ELSE 22 END = 0)
)""",
    "ALTER TABLE {schema}.packed ALTER rows SET STORAGE EXTERNAL",
    """
COMMENT ON TABLE {schema}.packed IS 'what facts, declared figures and the hierarchy say, in columns'""",
    "COMMENT ON COLUMN {schema}.packed.kind IS '1 facts, 2 declared figures, 3 the hierarchy'",
    "COMMENT ON COLUMN {schema}.packed.part IS 'the month of the day, or of the last day (yyyymm); or unit >> 10'",
    f"""
INSERT INTO {{schema}}.packed
SELECT 1, {period_of("fact.day")} / 100,
    string_agg(int4send(unit) || int2send((measure << 5 | {period_of("fact.day")} % 100)::smallint), ''::bytea)
FROM {{schema}}.fact GROUP BY 2""",
    f"""
INSERT INTO {{schema}}.packed
SELECT 2, {period_of("declaration.last")} / 100, string_agg(
    int4send(unit) || int2send(coalesce(array_position({MEASURES}, figure), 99)::smallint)
    || date_send(first) || date_send(last) || int8send(value) || int8send(position), ''::bytea)
FROM {{schema}}.declaration GROUP BY 2""",
    f"""
INSERT INTO {{schema}}.packed
SELECT 3, edge.unit >> 10, string_agg(
    int4send(edge.unit) || int4send(coalesce(edge.parent, 0))
    || int2send(array_position({LEVELS}, unit_level.level)::smallint)
    || date_send(greatest(edge.since, unit_level.since)) || date_send(least(edge.until, unit_level.until))
    || date_send(coalesce(unit.dissolved, 'infinity')), ''::bytea)
FROM {{schema}}.edge
JOIN {{schema}}.unit_level
    ON unit_level.unit = edge.unit AND unit_level.since < edge.until AND unit_level.until > edge.since
JOIN {{schema}}.unit ON unit.no = edge.unit
GROUP BY 2""",
    "CREATE INDEX packed_part ON {schema}.packed (kind, part)",
)


def upgrade() -> None:
    for (schema,) in op.get_bind().execute(text(GENERATIONS)):
        for statement in SCHEMA:
            op.get_bind().exec_driver_sql(statement.format(schema=schema))


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
