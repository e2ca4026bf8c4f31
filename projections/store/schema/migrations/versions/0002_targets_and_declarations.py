"""Targets and declared figures as columns; those that hold already are read from their events in the ledger."""

from alembic import op

revision = "0002"
down_revision = "0001"

# The numbers of the measures as they were when this was written: what is stored depends on them.
_MEASURE = """array_position(ARRAY['admissions', 'confirmations', 'badges', 'departures', 'transfers_out',
    'transfers_in', 'introductions', 'trainings'], said.data ->> 'measure')"""


def _day(field: str) -> str:
    """Return the day of a field; the first and the last civil day are the infinities, as everywhere in the tables."""
    return f"""CASE {field} WHEN '9999-12-31' THEN 'infinity' WHEN '0001-01-01' THEN '-infinity'
        ELSE {field} END::date"""


_SAID = """plan JOIN ledger USING (position)
CROSS JOIN LATERAL (SELECT convert_from(ledger.body, 'UTF8')::jsonb -> 'data' AS data) AS said"""

_FROM, _TO, _ON = "said.data ->> 'from'", "said.data ->> 'to'", "said.data ->> 'on'"

SCHEMA = (
    """
CREATE TABLE target (
    position   bigint PRIMARY KEY,
    unit       integer NOT NULL,
    measure    smallint NOT NULL,
    first      date NOT NULL,
    last       date NOT NULL,
    at_least   bigint NOT NULL,
    at_most    bigint,
    resolution text NOT NULL
)""",
    "CREATE INDEX target_unit ON target (unit, measure, first, last, position DESC)",
    "COMMENT ON COLUMN target.last IS 'the deadline'",
    f"""
INSERT INTO target
SELECT plan.position, plan.unit, {_MEASURE}, {_day(_FROM)}, {_day(_TO)},
    (said.data ->> 'at_least')::bigint, (said.data ->> 'at_most')::bigint, said.data ->> 'resolution'
FROM {_SAID} WHERE plan.type = 'target.assigned'""",
    """
CREATE TABLE declaration (
    position bigint PRIMARY KEY,
    unit     integer NOT NULL,
    figure   text COLLATE "C" NOT NULL,
    first    date NOT NULL,
    last     date NOT NULL,
    value    bigint NOT NULL,
    note     text
)""",
    "CREATE INDEX declaration_unit ON declaration (unit, figure, first, last, position DESC)",
    "CREATE INDEX declaration_unit_last ON declaration (unit, last)",
    "CREATE INDEX declaration_last ON declaration (last, unit)",
    "COMMENT ON COLUMN declaration.first IS 'of a stock the day, as is last'",
    f"""
INSERT INTO declaration
SELECT plan.position, plan.unit, said.data ->> 'figure', {_day(f"coalesce({_ON}, {_FROM})")},
    {_day(f"coalesce({_ON}, {_TO})")}, (said.data ->> 'value')::bigint, said.data ->> 'note'
FROM {_SAID} WHERE plan.type = 'figure.declared'""",
    "DROP TABLE plan",
    # Few edges begin on a day, but for foundations: what was moved lately is found by it.
    "CREATE INDEX edge_since ON edge (since)",
    # Which of several stands is said here alone: the later in the stream (contract, section 1).
    """
CREATE VIEW standing_target AS
SELECT DISTINCT ON (unit, measure, first, last) * FROM target
ORDER BY unit, measure, first, last, position DESC""",
    """
CREATE VIEW standing_declaration AS
SELECT DISTINCT ON (unit, figure, first, last) * FROM declaration
ORDER BY unit, figure, first, last, position DESC""",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
