"""A revision as a next release may bring it: for the test of an upgrade with a migration, and held to the policy."""

from __future__ import annotations

from typing import Final

from projections.store.schema.migrate import head

_TEXT: Final = '''"""Columns that may be empty, and a table in every generation."""

from alembic import op
from sqlalchemy import text

revision = "@NEXT@"
down_revision = "@HEAD@"
lives_with = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE ledger ADD COLUMN remark text")
    op.execute("ALTER TABLE receipt ADD COLUMN remark text NOT NULL DEFAULT ''")
    op.execute("CREATE TABLE remark (position bigint PRIMARY KEY, said text NOT NULL)")
    generations = text("SELECT nspname FROM pg_namespace WHERE nspname ~ '^g[0-9]+$'")
    for (schema,) in op.get_bind().execute(generations).all():
        op.execute(f"ALTER TABLE {schema}.unit ADD COLUMN remark text")
        op.execute(f"CREATE TABLE {schema}.remark_count (unit integer PRIMARY KEY, n bigint NOT NULL)")
'''


def next_number() -> str:
    """Return the number after that of the last one."""
    return f"{int(head()) + 1:04}"


def next_revision() -> str:
    """Give its source."""
    return _TEXT.replace("@NEXT@", next_number()).replace("@HEAD@", head())
