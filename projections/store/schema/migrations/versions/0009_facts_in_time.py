"""When facts held: those that were taken back are kept, and what came after a position is found (decision 0047).

Each generation gets its table, filled with what was taken back so far, which the ledger still has.
"""

from alembic import op
from sqlalchemy import Connection, text

from events.catalogue import FACTS
from events.codec import Event, decode
from events.derived import fact_entries
from projections.rules.log.kept_message import bus_subject_of

revision = "0009"
down_revision = "0008"

# Also of one that is kept as the way back, or half made.
GENERATIONS = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid WHERE relname = 'verdict' ORDER BY 1
"""
SCHEMA = (
    """
CREATE TABLE {schema}.former_fact (
    position     bigint NOT NULL,
    measure      smallint NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    day          date NOT NULL,
    facets       bigint NOT NULL,
    held_at      bigint NOT NULL,
    retracted_at bigint NOT NULL,
    PRIMARY KEY (position, measure)
)""",
    "COMMENT ON TABLE {schema}.former_fact IS 'facts that were taken back, for what was known before (decision 0047)'",
    """
COMMENT ON COLUMN {schema}.former_fact.unit IS
    'its id: a unit that nothing refers to any more may be taken back too'""",
    "COMMENT ON COLUMN {schema}.former_fact.held_at IS 'as in verdict: it held from there until retracted_at'",
    "CREATE INDEX former_fact_retracted ON {schema}.former_fact (retracted_at)",
    "CREATE INDEX verdict_held_late ON {schema}.verdict (held_at) WHERE held_at > position",
    "CREATE INDEX verdict_rejected_late ON {schema}.verdict (rejected_at) WHERE rejected_at IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS fact_position ON {schema}.fact (position)",
)
TAKEN_BACK = """
SELECT position, held_at, retracted_at, ledger.publisher, ledger.type, ledger.bus_subject, ledger.body
FROM {schema}.verdict JOIN ledger USING (position)
WHERE retracted_at IS NOT NULL AND held_at IS NOT NULL AND ledger.type = ANY(:types)
"""
KEEP = """
INSERT INTO {schema}.former_fact (position, measure, unit, day, facets, held_at, retracted_at)
VALUES (:position, :measure, :unit, :day, :facets, :held_at, :retracted_at)
"""


def upgrade() -> None:
    connection = op.get_bind()
    for (schema,) in connection.execute(text(GENERATIONS)).fetchall():
        for statement in SCHEMA:
            op.execute(statement.format(schema=schema))
        keep_what_was_taken_back(connection, schema)


def keep_what_was_taken_back(connection: Connection, schema: str) -> None:
    found = connection.execute(text(TAKEN_BACK.format(schema=schema)), {"types": [row.type for row in FACTS]})
    rows = []
    for position, held_at, retracted_at, publisher, type_, bus_subject, body in found:
        event = decode(bus_subject_of(publisher, type_, bus_subject), body)
        if isinstance(event, Event):
            told = {"position": position, "held_at": held_at, "retracted_at": retracted_at}
            rows += [
                told | {"measure": each.measure, "unit": each.unit, "day": each.day, "facets": each.facets}
                for each in fact_entries(event)
            ]
    if rows:
        connection.execute(text(KEEP.format(schema=schema)), rows)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
