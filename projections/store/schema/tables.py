"""The tables, their columns, keys and indexes as SQLAlchemy metadata: the one place that says what the database holds.

The revisions in `migrations` bring a database here, and a test holds what they make to this, in Alembic's words and in
PostgreSQL's own. Queries that only the API asks are composed of them (decision 0039). A projector imports nothing of it
(SQLAlchemy would be a tenth of its memory): what it writes it names by the fields of its row types, and a test holds
these to the columns here.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

CODE: Final = Text(collation="C")
"""A text that is compared bytewise: ids, types, words of the contract."""
MOMENT: Final = DateTime(timezone=True)

LOG: Final = MetaData()
"""What is there once: the log, who works on it and what was done; schema `public`."""

GENERATION: Final = MetaData()
"""The read models of one generation; each has a schema of its own (decision 0016), `in_schema` puts them into it."""

VIEWS: Final = {
    "standing_target": "SELECT DISTINCT ON (unit, measure, first, last) * FROM target"
    " ORDER BY unit, measure, first, last, position DESC",
    "standing_declaration": "SELECT DISTINCT ON (unit, figure, first, last) * FROM declaration"
    " ORDER BY unit, figure, first, last, position DESC",
    "standing_grant": "SELECT DISTINCT ON (unit, account, role) * FROM access_grant"
    " ORDER BY unit, account, role, position DESC",
}
"""The views of a generation: of several plans or words on access for one thing the later in the stream stands.

(Contract, section 1.) What stands in `standing_grant` may be that a role is taken back, or over: it is held on a day
where `granted AND (until IS NULL OR until >= day)`.
"""


def _needed(name: str, type_: Any, **more: Any) -> Column[Any]:
    return Column(name, type_, nullable=False, **more)


def _one() -> tuple[Any, ...]:
    """Return the key of a table of one row."""
    return Column("one", Boolean, primary_key=True, server_default=text("true")), CheckConstraint("one")


CHECKPOINT: Final = Table(
    "checkpoint",
    LOG,
    *_one(),
    _needed("generation", Integer, comment="the read models in force are those in the schema g<generation>"),
    _needed("position", BigInteger),
    Column("as_of", MOMENT),
    _needed("repairs", Integer, server_default=text("0")),
    _needed("rules", Text, server_default="", comment="fingerprint of the code that wrote the last batch"),
)
WORKER: Final = Table(
    "worker",
    LOG,
    *_one(),
    _needed("name", Text),
    _needed("state", Text),
    Column("detail", Text),
    _needed("seen_at", MOMENT),
    Column("fetched_at", MOMENT),
    Column("advanced_at", MOMENT),
    _needed("stream_last", BigInteger),
)
LEDGER: Final = Table(
    "ledger",
    LOG,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("published_at", MOMENT),
    Column("bus_subject", LargeBinary, comment="only where it is not party.v1.{publisher}.{type}"),
    Column("headers", LargeBinary, comment="only where they are not Nats-Msg-Id: {publisher}:{id} alone"),
    Column("publisher", CODE),
    Column("id", CODE),
    Column("type", CODE),
    Column("subject", CODE),
    _needed("first", Boolean, comment="whether it was the first under its key (id, publisher)"),
    _needed("body", LargeBinary),
    Index("ledger_key", "id", "publisher", unique=True, postgresql_where=text("first")),
    comment="every message of the stream as it came; what became of it: verdict",
)
UNCOMPRESSED: Final = DDL("ALTER TABLE %(fullname)s ALTER body SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
"""Bodies are short: looking for what could be compressed costs more than it gives. SQLAlchemy has no word for it."""

CHAIN: Final = Table(
    "chain",
    LOG,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("hash", LargeBinary),
    CheckConstraint("length(hash) = 32"),
    comment="h(position) of projections/rules/log/hash_chain.py, at multiples of 1000 and at the checkpoint",
)
PAUSE: Final = Table(
    "pause",
    LOG,
    Column("no", Integer, Identity(always=True), primary_key=True),
    _needed(
        "position", BigInteger, comment="of the event that exceeded the limit on rejects: the figures end before it"
    ),
    _needed("detail", Text),
    _needed("paused_at", MOMENT, server_default=func.now()),
    Column("resumed_at", MOMENT),
    Column("resumed_by", Text),
    Column("passed", BigInteger, comment="up to this position nothing is held against the limit any more"),
    Index("pause_open", text("(true)"), unique=True, postgresql_where=text("resumed_at IS NULL")),
)
MADE: Final = Table(
    "generation",
    LOG,
    Column("name", Text, primary_key=True),
    _needed("phase", Text),
    _needed("position", BigInteger),
    _needed("rules", Text),
    _needed("touched_at", MOMENT, server_default=func.now()),
    comment="read models that are not in force: being made, ready, or kept as the way back",
)
REPAIR: Final = Table(
    "repair",
    LOG,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    _needed("at", MOMENT, server_default=func.now()),
    _needed("generation", Integer),
    _needed("position", BigInteger),
    _needed("what", Text),
    Column("unit", Text),
    Column("measure", Text),
    Column("period", Text),
    _needed("key", JSONB),
    Column("was", JSONB),
    Column("is_now", JSONB),
)

UNIT: Final = Table(
    "unit",
    GENERATION,
    Column("no", Integer, primary_key=True, autoincrement=False),
    _needed("id", CODE, unique=True),
    _needed("established", BigInteger),
    _needed("since", Date),
    Column("dissolved", Date),
    Column("successor", Integer),
    _needed("name", Text),
    _needed("level", CODE),
    _needed("large", Boolean, server_default=text("false")),
    _needed("vast", Boolean, server_default=text("false")),
    _needed("parked_own", Integer, server_default=text("0")),
    _needed("parked_below", Integer, server_default=text("0")),
    _needed(
        "running",
        Boolean,
        server_default=text("false"),
        comment="a large one that has running sums, in place of counters",
    ),
    Index("unit_id_searched", "id", postgresql_using="gin", postgresql_ops={"id": "gin_trgm_ops"}),
    postgresql_with={"fillfactor": 90},
)
STATEMENT: Final = Table(
    "statement",
    GENERATION,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("unit", Integer),
    _needed("kind", CODE),
    _needed("since", Date),
    Column("parent", Integer),
    Column("name", Text),
    Column("level", CODE),
    Column("successor", Integer),
    Index("statement_unit", "unit", "position"),
)


def _dated() -> tuple[Column[Any], ...]:
    return (
        Column("unit", Integer, primary_key=True, autoincrement=False),
        Column("since", Date, primary_key=True),
    )


EDGE: Final = Table(
    "edge",
    GENERATION,
    *_dated(),
    _needed("until", Date, comment="exclusive; infinity where it is open"),
    Column("parent", Integer),
    Index("edge_parent", "parent", "unit"),
    # Few edges begin on a day, but for foundations: what was moved lately is found by it.
    Index("edge_since", "since"),
)
UNIT_NAME: Final = Table(
    "unit_name",
    GENERATION,
    *_dated(),
    _needed("until", Date),
    _needed("name", Text),
    _needed("folded", Text),
    Index("unit_name_folded", "folded", postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"}),
)
UNIT_LEVEL: Final = Table(
    "unit_level",
    GENERATION,
    *_dated(),
    _needed("until", Date),
    _needed("level", CODE),
    # Most units have one of two levels, which are found by walking down; the few others are found by it.
    Index("unit_level_seldom", "level", postgresql_where=text("level NOT IN ('grassroots', 'cell')")),
)
AS_NOW_TERM: Final = Table(
    "as_now_term",
    GENERATION,
    _needed("unit", Integer),
    _needed("part", Integer),
    _needed("since", Date),
    _needed("until", Date),
    _needed("sign", SmallInteger),
    Index("as_now_term_unit", "unit"),
    Index("as_now_term_part", "part"),
)
AS_NOW_PAST: Final = Table(
    "as_now_past",
    GENERATION,
    Column("unit", Integer, primary_key=True, autoincrement=False),
    _needed("until", Date, comment="exclusive"),
    _needed("repairs", Integer),
    _needed("rules", Text),
    _needed("others", ARRAY(Integer), comment="large parts of terms, which are not in days"),
    _needed("days", LargeBinary, comment="10 bytes a day and measure: period, measure, n"),
    comment="what units have as-now before a day through small units: projections/store/batch/as_now_pasts.py",
)
UNPACKED: Final = DDL("ALTER TABLE %(fullname)s ALTER days SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
"""Numbers hardly get smaller; of breakdowns single days are cut out of them."""

TARGET: Final = Table(
    "target",
    GENERATION,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("unit", Integer),
    _needed("measure", SmallInteger),
    _needed("first", Date),
    _needed("last", Date, comment="the deadline"),
    _needed("at_least", BigInteger),
    Column("at_most", BigInteger),
    _needed("resolution", Text),
    Index("target_unit", "unit", "measure", "first", "last", text("position DESC")),
)
DECLARATION: Final = Table(
    "declaration",
    GENERATION,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("unit", Integer),
    _needed("figure", CODE),
    _needed("first", Date, comment="of a stock the day, as is last"),
    _needed("last", Date),
    _needed("value", BigInteger),
    Column("note", Text),
    Index("declaration_unit", "unit", "figure", "first", "last", text("position DESC")),
    Index("declaration_unit_last", "unit", "last"),
    Index("declaration_last", "last", "unit"),
)
ACCESS_GRANT: Final = Table(
    "access_grant",
    GENERATION,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("unit", Integer),
    _needed("account", CODE),
    _needed("role", CODE),
    _needed("granted", Boolean, comment="false where it takes the role back"),
    Column("until", Date, comment="inclusive; NULL where it goes on"),
    Index("access_grant_account", "account", "unit", "role", text("position DESC")),
    Index("access_grant_unit", "unit", "account", "role", text("position DESC")),
)
FACT: Final = Table(
    "fact",
    GENERATION,
    _needed("unit", Integer),
    _needed("day", Date),
    _needed("measure", SmallInteger),
    _needed("position", BigInteger),
    _needed("facets", BigInteger),
    Column(
        "person", BigInteger, comment="digest of unit and reference (projections/rules/counting/person.py), or NULL"
    ),
    Index("fact_unit", "unit", "day", "measure"),
    Index("fact_day", "day", "measure", "position"),
    # What came after a position is found by it, whatever its days: see `former_fact`.
    Index("fact_position", "position"),
)
FORMER_FACT: Final = Table(
    "former_fact",
    GENERATION,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("measure", SmallInteger, primary_key=True, autoincrement=False),
    _needed("unit", CODE, comment="its id: a unit that nothing refers to any more may be taken back too"),
    _needed("day", Date),
    _needed("facets", BigInteger),
    _needed("held_at", BigInteger, comment="as in verdict: it held from there until retracted_at"),
    _needed("retracted_at", BigInteger),
    Index("former_fact_retracted", "retracted_at"),
    comment="facts that were taken back, for what was known before (decision 0047)",
)
COUNTER: Final = Table(
    "counter",
    GENERATION,
    Column("unit", Integer, primary_key=True, autoincrement=False),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("measure", SmallInteger, primary_key=True, autoincrement=False),
    _needed("n", Integer),
    postgresql_with={"fillfactor": 90},
)
RUNNING_SUM: Final = Table(
    "running_sum",
    GENERATION,
    Column("unit", Integer, primary_key=True, autoincrement=False),
    Column("period", Integer, primary_key=True, autoincrement=False),
    _needed(
        "sums",
        LargeBinary,
        comment="what there is up to each step, by measure: projections/rules/counting/running_sums.py",
    ),
    postgresql_with={"fillfactor": 80},
)
WHOLE: Final = DDL("ALTER TABLE %(fullname)s ALTER sums SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
"""Steps are cut out of sums, which are not compressed for that."""

BREAKDOWN: Final = Table(
    "breakdown",
    GENERATION,
    _needed("unit", Integer),
    _needed("month", Integer),
    Column("summed", Boolean, nullable=False, server_default=text("false"), comment="it is in breakdown_year"),
    _needed("rows", LargeBinary, comment="10 bytes a fact: projections/rules/counting/breakdown.py"),
    Column(
        "days",
        LargeBinary,
        comment="what large ones come to up to each day: projections/rules/counting/breakdown_days.py",
    ),
    CheckConstraint("octet_length(rows) % 10 = 0"),
    Index("breakdown_unit", "unit", "month"),
    Index("breakdown_new", "unit", "month", postgresql_where=text("NOT summed")),
    Index(
        "breakdown_days",
        text("coalesce(octet_length(days), 0)"),
        text("octet_length(rows)"),
        postgresql_where=text("summed"),
    ),
    comment="the facts below vast units once more, in pieces",
)

BREAKDOWN_YEAR: Final = Table(
    "breakdown_year",
    GENERATION,
    Column("unit", Integer, primary_key=True, autoincrement=False),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("measure", SmallInteger, primary_key=True, autoincrement=False),
    _needed("codes", LargeBinary, comment="how many have each code: projections/rules/counting/breakdown.py"),
    _needed("pairs", LargeBinary, comment="the same of each pair of codes"),
    comment="what the pieces of breakdown that are summed come to",
)
APART: Final = DDL("ALTER TABLE %(fullname)s ALTER pairs SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
"""Pairs of codes are out of the way of who reads codes alone."""

PACKED: Final = Table(
    "packed",
    GENERATION,
    _needed("kind", SmallInteger, comment="1 facts, 2 declared figures, 3 the hierarchy"),
    _needed("part", Integer, comment="the month of the day, or of the last day (yyyymm); or unit >> 10"),
    _needed("rows", LargeBinary),
    CheckConstraint("octet_length(rows) % CASE kind WHEN 1 THEN 6 WHEN 2 THEN 30 ELSE 22 END = 0"),
    Index("packed_part", "kind", "part"),
    comment="what facts, declared figures and the hierarchy say, in columns",
)
AS_IT_IS: Final = DDL("ALTER TABLE %(fullname)s ALTER rows SET STORAGE EXTERNAL")  # type: ignore[no-untyped-call]
"""Columns of numbers are read whole and hardly get smaller."""

TALLY: Final = Table(
    "tally",
    GENERATION,
    _needed("type", CODE),
    _needed("outcome", CODE),
    _needed("reason", CODE),
    _needed("n", BigInteger),
    PrimaryKeyConstraint("outcome", "type", "reason"),
)
PUBLISHER_REJECTS: Final = Table(
    "publisher_rejects",
    GENERATION,
    Column("publisher", CODE, primary_key=True, comment="empty where the bus subject names none"),
    Column("reason", CODE, primary_key=True),
    _needed("n", BigInteger),
    _needed("last_position", BigInteger),
    postgresql_with={"fillfactor": 90},
)
VERDICT: Final = Table(
    "verdict",
    GENERATION,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    _needed("outcome", CODE),
    Column("reason", CODE),
    Column("field", Text),
    Column("detail", Text),
    Column("first_position", BigInteger),
    Column(
        "held_at",
        BigInteger,
        comment="the position at which the log stood when it began to hold; NULL where it never did",
    ),
    Column(
        "rejected_at",
        BigInteger,
        comment="the position at which the log stood when it was rejected after it had waited;"
        " NULL where it never waited",
    ),
    Column(
        "retracted_at",
        BigInteger,
        comment="the position at which the log stood when it was taken back by the event at retracted_by",
    ),
    Column("retracted_by", BigInteger),
    Index("verdict_parked", "position", postgresql_where=text("outcome = 'parked'")),
    Index("verdict_rejected", "position", postgresql_where=text("outcome = 'rejected'")),
    Index("verdict_held_late", "held_at", postgresql_where=text("held_at > position")),
    Index("verdict_rejected_late", "rejected_at", postgresql_where=text("rejected_at IS NOT NULL")),
    Index("verdict_retracted", "retracted_at", postgresql_where=text("retracted_at IS NOT NULL")),
    comment="what this generation decides of a message that did not simply hold at once",
)

STANDING_TARGET: Final = TARGET.to_metadata(MetaData(), name="standing_target")
STANDING_DECLARATION: Final = DECLARATION.to_metadata(MetaData(), name="standing_declaration")
"""The views as tables that can be selected from: they have the columns of what they are views of."""


def in_schema(schema: str, tables: MetaData = GENERATION) -> MetaData:
    """Return the tables of a generation, or others, as those of one schema."""
    there = MetaData(schema=schema)
    for table in tables.tables.values():
        table.to_metadata(there, schema=schema)
    return there
