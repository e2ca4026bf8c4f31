"""A database of the first version, with plans that hold: its targets and declarations are read from the ledger."""

import datetime as dt
import json
from typing import Any

from projections.store.generations import enter_the_one_in_force
from projections.store.log.outcome_sql import DECIDED
from projections.store.schema.migrate import upgrade
from tests.oracle.broken_down import without_pieces
from tests.oracle.spoiling import without_running_sums
from tests.servers import connect

MOVED = {
    "TABLE": (
        *("tally", "unit", "statement", "edge", "unit_name", "unit_level", "as_now_term"),
        *("target", "declaration", "fact", "counter", "breakdown"),
    ),
    "VIEW": ("standing_target", "standing_declaration"),
}
# What the ledger said itself until the fifth version.
_OUTCOMES = {
    "outcome": 'text COLLATE "C"',
    "reason": 'text COLLATE "C"',
    "field": "text",
    "detail": "text",
    "first_position": "bigint",
    "held_at": "bigint",
    "rejected_at": "bigint",
    "retracted_at": "bigint",
    "retracted_by": "bigint",
}
BEFORE_PERSONS = (
    *without_pieces("g1"),
    "DROP TABLE g1.packed",
    *without_running_sums("g1"),
    "ALTER TABLE g1.fact DROP person",
    "UPDATE alembic_version SET version_num = '0010'",
)
EIGHTH_VERSION = (
    *BEFORE_PERSONS,
    "DROP TABLE import_page, import",
    "DROP INDEX receipt_account, receipt_made",
    "ALTER TABLE receipt DROP CONSTRAINT receipt_pkey, DROP part, DROP total, DROP accepted",
    "ALTER TABLE receipt ADD PRIMARY KEY (id)",
    "CREATE INDEX receipt_account ON receipt (account, made_at, id)",
    "DROP TABLE g1.former_fact",
    "DROP INDEX g1.fact_position, g1.verdict_held_late, g1.verdict_rejected_late",
    "UPDATE alembic_version SET version_num = '0008'",
)
SIXTH_VERSION = (
    *EIGHTH_VERSION,
    "DROP TABLE receipt, audit, attempt, token, session, invitation, account",
    "DROP FUNCTION audit_append_only",
    "UPDATE alembic_version SET version_num = '0006'",
)
FIFTH_VERSION = (
    *SIXTH_VERSION,
    "DROP TABLE g1.access_grant CASCADE",
    "UPDATE alembic_version SET version_num = '0005'",
)
FOURTH_VERSION = (
    *FIFTH_VERSION,
    f"ALTER TABLE ledger {', '.join(f'ADD {name} {kind}' for name, kind in _OUTCOMES.items())}",
    f"""UPDATE ledger SET ({", ".join(_OUTCOMES)}) =
        (SELECT {", ".join(_OUTCOMES)} FROM {DECIDED} AS said WHERE said.position = ledger.position)""",
    "ALTER TABLE ledger ALTER outcome SET NOT NULL",
    "CREATE INDEX ledger_retracted ON ledger (retracted_at) WHERE retracted_at IS NOT NULL",
    "CREATE INDEX ledger_let_go ON ledger (held_at) WHERE held_at > position",
    "CREATE INDEX ledger_parked ON ledger (position) WHERE outcome = 'parked'",
    "CREATE INDEX ledger_rejected ON ledger (position) WHERE outcome = 'rejected'",
    "DROP INDEX verdict_rejected, verdict_retracted",
    "ALTER TABLE verdict ADD first boolean",
    "UPDATE verdict SET first = ledger.first FROM ledger WHERE ledger.position = verdict.position",
    "UPDATE alembic_version SET version_num = '0004'",
)
THIRD_VERSION = (
    *FOURTH_VERSION,
    "DROP TABLE g1.publisher_rejects, pause, chain",
    "UPDATE alembic_version SET version_num = '0003'",
)
SECOND_VERSION = (
    *THIRD_VERSION,
    "DROP TABLE g1.verdict, generation, repair",
    *(f"ALTER {kind} g1.{name} SET SCHEMA public" for kind, names in MOVED.items() for name in names),
    "DROP SCHEMA g1",
    "ALTER TABLE checkpoint DROP repairs, DROP rules",
    "UPDATE alembic_version SET version_num = '0002'",
)
FIRST_VERSION = (
    *SECOND_VERSION,
    "DROP VIEW standing_target",
    "DROP VIEW standing_declaration",
    "DROP TABLE target, declaration",
    "DROP INDEX edge_since",
    "CREATE TABLE plan (position bigint PRIMARY KEY, unit integer NOT NULL, type text NOT NULL)",
    "UPDATE alembic_version SET version_num = '0001'",
)

TARGET = {"measure": "badges", "from": "2021-01-01", "to": "9999-12-31", "at_least": 700, "resolution": "NQ: số 1"}
PLANS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target.assigned", TARGET),
    ("target.assigned", TARGET | {"measure": "trainings", "at_most": 800}),
    ("figure.declared", {"figure": "members", "on": "2022-07-07", "value": 16, "note": "chi bộ"}),
    ("figure.declared", {"figure": "admissions", "from": "0001-01-01", "to": "2024-12-31", "value": 1905}),
)


async def test_what_held_before_is_there_afterwards(database: str) -> None:
    connection = await connect(database)
    try:
        for statement in FIRST_VERSION:
            await connection.execute(statement)
        for position, (kind, data) in enumerate(PLANS, start=1):
            body = json.dumps({"data": data}, ensure_ascii=False).encode()
            await connection.execute(
                "INSERT INTO ledger (position, published_at, outcome, first, body)"
                " VALUES ($1, now(), 'applied', true, $2)",
                position,
                body,
            )
            await connection.execute("INSERT INTO plan VALUES ($1, 7, $2)", position, kind)
        await upgrade(database)
        await enter_the_one_in_force(connection)
        targets = [tuple(row) for row in await connection.fetch("SELECT * FROM standing_target ORDER BY position")]
        assert targets == [
            (1, 7, 3, dt.date(2021, 1, 1), dt.date.max, 700, None, "NQ: số 1"),
            (2, 7, 8, dt.date(2021, 1, 1), dt.date.max, 700, 800, "NQ: số 1"),
        ]
        declared = [
            tuple(row) for row in await connection.fetch("SELECT * FROM standing_declaration ORDER BY position")
        ]
        assert declared == [
            (3, 7, "members", dt.date(2022, 7, 7), dt.date(2022, 7, 7), 16, "chi bộ"),
            (4, 7, "admissions", dt.date.min, dt.date(2024, 12, 31), 1905, None),
        ]
    finally:
        await connection.close()
