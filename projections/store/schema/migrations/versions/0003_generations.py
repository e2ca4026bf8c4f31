"""The read models in a schema of their own, one a generation, and what rebuilds, verifications and repairs keep."""

from alembic import op

revision = "0003"
down_revision = "0002"

MOVED = (
    *("tally", "unit", "statement", "edge", "unit_name", "unit_level", "as_now_term"),
    *("target", "declaration", "fact", "counter", "breakdown"),
)
VIEWS = ("standing_target", "standing_declaration")

SCHEMA = (
    # A generation that was counted up without a rebuild is the same one still.
    "UPDATE checkpoint SET generation = 1",
    "ALTER TABLE checkpoint ADD repairs integer NOT NULL DEFAULT 0",
    "ALTER TABLE checkpoint ADD rules text NOT NULL DEFAULT ''",
    "COMMENT ON COLUMN checkpoint.rules IS 'fingerprint of the code that wrote the last batch'",
    "COMMENT ON COLUMN checkpoint.generation IS 'the read models in force are those in the schema g<generation>'",
    "CREATE SCHEMA g1",
    *(f"ALTER TABLE {table} SET SCHEMA g1" for table in MOVED),
    *(f"ALTER VIEW {view} SET SCHEMA g1" for view in VIEWS),
    """
CREATE TABLE g1.verdict (
    position       bigint PRIMARY KEY,
    outcome        text COLLATE "C" NOT NULL,
    reason         text COLLATE "C",
    field          text,
    detail         text,
    first          boolean NOT NULL,
    first_position bigint,
    held_at        bigint,
    rejected_at    bigint,
    retracted_at   bigint,
    retracted_by   bigint
)""",
    "CREATE INDEX verdict_parked ON g1.verdict (position) WHERE outcome = 'parked'",
    "COMMENT ON TABLE g1.verdict IS 'what this generation decides of a message that did not simply hold at once'",
    """
INSERT INTO g1.verdict
SELECT position, outcome, reason, field, detail, first, first_position, held_at, rejected_at, retracted_at,
    retracted_by
FROM ledger
WHERE outcome NOT IN ('counted', 'applied') OR held_at IS DISTINCT FROM position""",
    """
CREATE TABLE generation (
    name       text PRIMARY KEY,
    phase      text NOT NULL,
    position   bigint NOT NULL,
    rules      text NOT NULL,
    touched_at timestamptz NOT NULL DEFAULT now()
)""",
    "COMMENT ON TABLE generation IS 'read models that are not in force: being made, ready, or kept as the way back'",
    """
CREATE TABLE repair (
    no         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    generation integer NOT NULL,
    position   bigint NOT NULL,
    what       text NOT NULL,
    unit       text,
    measure    text,
    period     text,
    key        jsonb NOT NULL,
    was        jsonb,
    is_now     jsonb
)""",
)


def upgrade() -> None:
    for statement in SCHEMA:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
