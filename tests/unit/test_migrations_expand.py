"""Between two releases a migration only adds: what the release before uses stays as it is (decision 0058)."""

from __future__ import annotations

from pathlib import Path

import pytest

from projections.store.schema.migrate import MIGRATIONS
from tests.upgrade.expanding import breaks_the_policy, not_additive, revisions_since
from tests.upgrade.next_revision import next_revision

VERSIONS = MIGRATIONS / "versions"
RELEASE = (Path(__file__).parents[2] / "deploy" / "release").read_text().split()[0]
OF_RELEASE = "0015"
"""The last revision that the release in deploy/release came with; both change together."""
HEAD = 'revision = "0016"\nlives_with = "0015"\n'


def test_revisions_since_the_release_only_add() -> None:
    found = {
        file.name: breaks_the_policy(file.read_text(), RELEASE, OF_RELEASE)
        for file in revisions_since(OF_RELEASE, VERSIONS)
    }
    assert not {name: why for name, why in found.items() if why}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger ADD COLUMN remark text",
        "ALTER TABLE {schema}.unit ADD remark text, ADD COLUMN many numeric(3, 1) NOT NULL DEFAULT 0",
        """CREATE TABLE remark (n int PRIMARY KEY); CREATE UNIQUE INDEX remark_n ON public.remark (n);
        ALTER TABLE remark ALTER n SET STORAGE EXTERNAL; INSERT INTO remark SELECT 1""",
        "CREATE VIEW {schema}.standing AS SELECT * FROM remark",
        "CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM x; RETURN NEW; END $$",
        "COMMENT ON COLUMN ledger.body IS 'DROP it'",
        "SELECT nspname FROM pg_namespace",
        "GRANT SELECT ON remark TO tonghop_api",
        "Drop nothing: this is a sentence",
    ],
)
def test_what_adds_is_taken(statement: str) -> None:
    assert not not_additive(f'"""A revision."""\nSQL = {statement!r}\n')


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE ledger",
        "ALTER TABLE ledger DROP COLUMN headers",
        "ALTER TABLE ledger RENAME COLUMN headers TO heads",
        "ALTER TABLE ledger RENAME TO log",
        "ALTER TABLE ledger ALTER body SET NOT NULL",
        "ALTER TABLE ledger ALTER COLUMN position TYPE numeric",
        "ALTER TABLE ledger ADD COLUMN remark text NOT NULL",
        "ALTER TABLE ledger ADD COLUMN remark text, ADD CONSTRAINT short CHECK (length(remark) < 5)",
        "ALTER TABLE ledger ADD COLUMN remark text UNIQUE",
        "ALTER TABLE ledger ADD COLUMN made timestamptz DEFAULT clock_timestamp()",
        "ALTER TABLE ledger ADD PRIMARY KEY (id)",
        "CREATE INDEX ledger_type ON ledger (type)",
        "CREATE UNIQUE INDEX ledger_type ON ledger (type)",
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$",
        "CREATE OR REPLACE VIEW g1.standing_target AS SELECT 1",
        "CREATE TRIGGER slow BEFORE INSERT ON ledger EXECUTE FUNCTION seen()",
        "UPDATE ledger SET type = ''",
        "DELETE FROM ledger",
        "INSERT INTO ledger SELECT 1",
        "WITH gone AS (DELETE FROM fact RETURNING 1) SELECT count(*) FROM gone",
        "TRUNCATE ledger",
        "LOCK TABLE ledger",
        "REVOKE SELECT ON ledger FROM tonghop_api",
        "ALTER SCHEMA g1 RENAME TO g0",
        "DO $$ BEGIN EXECUTE 'DROP TABLE ledger'; END $$",
        "CREATE TABLE remark (n int); DROP TABLE ledger",
        "-- harmless\n  DROP TABLE ledger",
    ],
)
def test_what_takes_away_changes_or_holds_up_is_refused(statement: str) -> None:
    assert not_additive(f'"""A revision."""\nSQL = {statement!r}\n')


@pytest.mark.parametrize(
    ("call", "taken"),
    [
        ('op.add_column("ledger", Column("remark", Text))', True),
        ('op.add_column("ledger", Column("remark", Text, nullable=False, server_default=""))', True),
        ('op.add_column("ledger", Column("remark", Text, nullable=False))', False),
        ('op.create_table("remark"); op.create_index("remark_n", "remark", ["n"])', True),
        ('op.create_index("ledger_n", "ledger", ["n"])', False),
        ('op.drop_column("ledger", "headers")', False),
        ('op.alter_column("ledger", "headers", nullable=False)', False),
        ('op.rename_table("ledger", "log")', False),
        ('op.execute(f"DROP TABLE {schema}.ledger")', False),
    ],
)
def test_operations_of_alembic_are_judged_alike(call: str, taken: bool) -> None:
    assert (not not_additive(f"def upgrade():\n    {call}\n")) is taken


def test_what_is_not_used_any_more_goes_a_release_later() -> None:
    drop = 'SQL = "ALTER TABLE ledger DROP COLUMN headers"\n'
    assert breaks_the_policy(HEAD + drop, "v0.2.0", OF_RELEASE)
    assert breaks_the_policy(f'{HEAD}unused_since = "0.3.0"\n{drop}', "v0.2.0", OF_RELEASE), (
        "0.3.0 is not out: 0.2.0 still runs"
    )
    assert not breaks_the_policy(f'{HEAD}unused_since = "0.3.0"\n{drop}', "v0.3.0", OF_RELEASE)
    assert not breaks_the_policy(f'{HEAD}unused_since = "0.3.0"\n{drop}', "v0.10.0", OF_RELEASE)


@pytest.mark.parametrize(
    ("seconds", "index", "taken"),
    [
        ("1", "CREATE INDEX IF NOT EXISTS by_level ON {schema}.unit_level (level)", True),
        ("15", "CREATE INDEX by_level ON {schema}.unit_level (level)", False),
        ("1", "CREATE UNIQUE INDEX by_level ON {schema}.unit_level (level)", False),
        ("1", "CREATE INDEX by_unit ON {schema}.unit_level (level)", False),
    ],
)
def test_an_index_says_for_how_long_it_holds_up_who_writes(seconds: str, index: str, taken: bool) -> None:
    assert (not not_additive(f'stands_still = {{"by_level": {seconds}}}\nSQL = {index!r}\n')) is taken


def test_the_revision_of_the_tests_of_an_upgrade_is_one_that_may_come() -> None:
    assert not breaks_the_policy(next_revision(), RELEASE, OF_RELEASE)


def test_a_revision_has_to_say_whom_it_leaves_in_peace() -> None:
    assert breaks_the_policy('revision = "0016"\n', "v0.2.0", OF_RELEASE)
    assert breaks_the_policy('revision = "0016"\nlives_with = "0016"\n', "v0.2.0", OF_RELEASE)
    assert not breaks_the_policy(HEAD, "v0.2.0", OF_RELEASE)
