"""The ledger, the hierarchy and the counters of all levels (docs/architecture.md, "What PostgreSQL holds")."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE checkpoint (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation integer NOT NULL,
    position   bigint NOT NULL,
    as_of      timestamptz
);
INSERT INTO checkpoint (generation, position) VALUES (1, 0);

CREATE TABLE worker (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    name         text NOT NULL,
    state        text NOT NULL,
    detail       text,
    seen_at      timestamptz NOT NULL,
    fetched_at   timestamptz,
    advanced_at  timestamptz,
    stream_last  bigint NOT NULL
);

CREATE TABLE ledger (
    position     bigint PRIMARY KEY,
    published_at timestamptz NOT NULL,
    bus_subject  bytea,
    headers      bytea,
    publisher    text COLLATE "C",
    id           text COLLATE "C",
    type         text COLLATE "C",
    subject      text COLLATE "C",
    outcome      text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    field        text,
    detail       text,
    first        boolean NOT NULL,
    first_position bigint,
    held_at      bigint,
    rejected_at  bigint,
    retracted_at bigint,
    retracted_by bigint,
    body         bytea NOT NULL
);
ALTER TABLE ledger ALTER body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX ledger_key ON ledger (id, publisher) WHERE first;
CREATE INDEX ledger_retracted ON ledger (retracted_at) WHERE retracted_at IS NOT NULL;
CREATE INDEX ledger_let_go ON ledger (held_at) WHERE held_at > position;
CREATE INDEX ledger_parked ON ledger (position) WHERE outcome = 'parked';
CREATE INDEX ledger_rejected ON ledger (position) WHERE outcome = 'rejected';
COMMENT ON COLUMN ledger.bus_subject IS 'only where it is not party.v1.{publisher}.{type}';
COMMENT ON COLUMN ledger.headers IS 'only where they are not Nats-Msg-Id: {publisher}:{id} alone';
COMMENT ON COLUMN ledger.rejected_at IS
    'the position at which the log stood when it was rejected after it had waited; NULL where it never waited';
COMMENT ON COLUMN ledger.held_at
    IS 'the position at which the log stood when it began to hold; NULL where it never did';
COMMENT ON COLUMN ledger.retracted_at
    IS 'the position at which the log stood when it was taken back by the event at retracted_by';

CREATE TABLE tally (
    type    text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    reason  text COLLATE "C" NOT NULL,
    n       bigint NOT NULL,
    PRIMARY KEY (outcome, type, reason)
);

CREATE TABLE unit (
    no           integer PRIMARY KEY,
    id           text COLLATE "C" NOT NULL UNIQUE,
    established  bigint NOT NULL,
    since        date NOT NULL,
    dissolved    date,
    successor    integer,
    name         text NOT NULL,
    level        text COLLATE "C" NOT NULL,
    large        boolean NOT NULL DEFAULT false,
    vast         boolean NOT NULL DEFAULT false,
    parked_own   integer NOT NULL DEFAULT 0,
    parked_below integer NOT NULL DEFAULT 0
) WITH (fillfactor = 90);

CREATE TABLE statement (
    position  bigint PRIMARY KEY,
    unit      integer NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    since     date NOT NULL,
    parent    integer,
    name      text,
    level     text COLLATE "C",
    successor integer
);
CREATE INDEX statement_unit ON statement (unit, position);

CREATE TABLE edge (
    unit   integer NOT NULL,
    since  date NOT NULL,
    until  date NOT NULL,
    parent integer,
    PRIMARY KEY (unit, since)
);
CREATE INDEX edge_parent ON edge (parent, unit);
COMMENT ON COLUMN edge.until IS 'exclusive; infinity where it is open';

CREATE TABLE unit_name (
    unit   integer NOT NULL,
    since  date NOT NULL,
    until  date NOT NULL,
    name   text NOT NULL,
    folded text NOT NULL,
    PRIMARY KEY (unit, since)
);
CREATE INDEX unit_name_folded ON unit_name USING gin (folded gin_trgm_ops);

CREATE TABLE unit_level (
    unit  integer NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    level text COLLATE "C" NOT NULL,
    PRIMARY KEY (unit, since)
);

CREATE TABLE as_now_term (
    unit  integer NOT NULL,
    part  integer NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    sign  smallint NOT NULL
);
CREATE INDEX as_now_term_unit ON as_now_term (unit);
CREATE INDEX as_now_term_part ON as_now_term (part);

CREATE TABLE plan (
    position bigint PRIMARY KEY,
    unit     integer NOT NULL,
    type     text COLLATE "C" NOT NULL
);
CREATE INDEX plan_unit ON plan (unit);

CREATE TABLE fact (
    unit     integer NOT NULL,
    day      date NOT NULL,
    measure  smallint NOT NULL,
    position bigint NOT NULL,
    facets   bigint NOT NULL
);
CREATE INDEX fact_unit ON fact (unit, day, measure);
CREATE INDEX fact_day ON fact (day, measure, position);

CREATE TABLE counter (
    unit    integer NOT NULL,
    period  integer NOT NULL,
    measure smallint NOT NULL,
    n       integer NOT NULL,
    PRIMARY KEY (unit, period, measure)
) WITH (fillfactor = 90);

CREATE TABLE breakdown (
    unit    integer NOT NULL,
    month   integer NOT NULL,
    measure smallint NOT NULL,
    codes   integer[] NOT NULL,
    PRIMARY KEY (unit, month, measure)
) WITH (fillfactor = 80);
COMMENT ON COLUMN breakdown.codes IS 'one number a slot of projections.core.breakdown.SLOTS';
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the read models are made anew from the log, never downgraded")
