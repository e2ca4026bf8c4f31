"""Whatever column of whatever table is spoilt by hand: a verification names the table, the row and the column.

The columns are those that the database has: a new one fails here until it is looked at, or it is said why it can't be.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

import asyncpg
import pytest

from projections.store.batch import breakdown_days
from projections.store.batch.breakdowns import sum_up
from projections.store.generations import enter_the_one_in_force
from projections.store.live.projection import Projection
from projections.store.log import hash_chain
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.row_difference import RowDifference
from projections.store.schema import tables
from services.embedded.postgres import PostgresServer
from tests import servers
from tests.integration.test_verify import SIZES, told_of_access, verified
from tests.oracle.telling import ROOT
from tests.property.system import messages
from tests.servers import connect

SCHEMA: Final = "g1"

UNKNOWABLE: Final = {
    "alembic_version": "which migrations were made: the tables themselves say so",
    "worker": "what the projector says of itself, anew every second",
    "pause": "when the projector stood still, and who let it go on: no figure",
    "repair": "the record of what was repaired: no figure, and nothing else knows of it",
    "generation": "how far other generations have come: one that is put in force is compared first",
    "checkpoint.one": "there is one row, and the database allows no other value",
    "checkpoint.repairs": "how often it was repaired: part of ETags and of the fence, and nothing else knows of it",
    "as_now_past.repairs": "of another edition nobody reads the row",
    "as_now_past.rules": "by other rules nobody reads the row",
    "checkpoint.rules": "by which version's rules the last batch was written",
    **dict.fromkeys(
        ("account", "attempt", "audit", "invitation", "receipt", "import", "import_page", "session", "token"),
        "who signs in and what was sent: not made from the log at all",
    ),
}
"""Tables and columns of which the log says nothing, so that nobody can tell whether they are right."""

BY_THE_CHAIN: Final = ("ledger.published_at", "ledger.headers", "chain.position", "chain.hash")
"""What decides nothing and is covered by the hash chain: `tonghop verify --chain`, and `--from-log` the first two."""

ALONE: Final = frozenset(
    {
        *("ledger.position", "ledger.bus_subject", "ledger.publisher", "ledger.id", "ledger.type", "ledger.first"),
        *("ledger.body", "unit.no", "unit.id", "unit.running", "checkpoint.position", "checkpoint.generation"),
        "breakdown.summed",
    }
)
"""What so much hangs on that nothing else is spoilt with it."""

READ_MODELS: Final = frozenset(tables.GENERATION.tables)
ROWS: Final = {
    "ledger": "position = 12",
    "unit": "id = 'u1'",
    "verdict": "outcome = 'parked'",
    "unit_name": "name = 'Đảng ủy hai'",
    "counter": "n <> 0 AND period < 100000000",
    "packed": "kind = 3",
}
"""Which row of a table is spoilt, where the first one won't do."""

OTHER: Final = {
    "integer": "coalesce({0}, 0) + 7919",
    "bigint": "coalesce({0}, 0) + 7919",
    "smallint": "({0} + 1)::smallint",
    "text": "coalesce({0}, '') || 'x'",
    "date": "CASE WHEN isfinite({0}) THEN {0} + 1 ELSE '2099-01-01' END",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 second'",
    "boolean": "NOT {0}",
    "bytea": r"coalesce({0}, ''::bytea) || '\x20'::bytea",
    "ARRAY": "array_prepend({0}[1] + 1, {0}[2:])",
}
SPECIAL: Final = {
    "ledger.body": r"""convert_to(replace(convert_from(body, 'UTF8'), '"sex": "female"', '"sex": "male"'), 'UTF8')""",
    "chain.hash": r"decode(repeat('ab', 32), 'hex')",
    "breakdown.month": "month + 5",
    "counter.period": "period + 5",
    "breakdown.rows": "set_byte(rows, 7, get_byte(rows, 7) + 1)",
    "breakdown.days": "set_byte(days, octet_length(days) - 1, 77)",
    "breakdown_year.year": "year + 5",
    "breakdown_year.codes": "set_byte(codes, octet_length(codes) - 1, 77)",
    "breakdown_year.pairs": "set_byte(pairs, octet_length(pairs) - 1, 77)",
    "packed.rows": "set_byte(rows, 3, get_byte(rows, 3) + 1)",
    "running_sum.period": "period + 5",
    "running_sum.sums": "set_byte(sums, octet_length(sums) - 1, 77)",
    "as_now_term.sign": "(-sign)::smallint",
    "checkpoint.position": "position - 1",
}
"""Changes that make another right value, where the type alone makes none that is allowed or worth a try."""


class Column(NamedTuple):
    """A column of a table, and its type."""

    table: str
    name: str
    kind: str

    @property
    def path(self) -> str:
        return f"{self.table}.{self.name}"


async def _columns(connection: asyncpg.Connection) -> list[Column]:
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema IN ('public', $1) AND table_type = 'BASE TABLE'"
        " ORDER BY table_name, ordinal_position",
        SCHEMA,
    )
    return [Column(*row) for row in rows]


@pytest.fixture(scope="module")
async def world(postgres: PostgresServer, _template: None) -> AsyncIterator[str]:
    """Project the log into a database, to clone from."""
    async with servers.fresh_database(postgres) as url:
        projection = await Projection.open(url, root=ROOT, sizes=SIZES)
        await projection.apply(messages(told_of_access()))
        await projection.rest()
        await projection.close()
        connection = await connect(url)
        await enter_the_one_in_force(connection)
        await sum_up(connection)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(breakdown_days, "WORTH", 1)
            await breakdown_days.add_days(connection, 1_000)
        await connection.close()
        yield url.partition("?")[0].rpartition("/")[2]


async def _named(database: str) -> list[RowDifference] | str:
    """Verify; the differences, or why it can't be done."""
    try:
        return (await verified(database)).comparison.listed
    except (RebuildError, asyncpg.PostgresError) as error:
        return f"{type(error).__name__}: {error}"


async def _chain_says(connection: asyncpg.Connection) -> str | None:
    """Do what `verify --chain` does."""
    last, _ = await hash_chain.head(connection)
    if (await hash_chain.last_link(connection, last)).position < last:
        return "the chain ends before the ledger does"
    broken = await hash_chain.first_broken(connection, 1, lambda _: None)
    stray = await hash_chain.strays(connection)
    return f"{broken} {stray}" if broken or stray else None


def _changed(found: RowDifference, column: str) -> bool:
    """Tell whether a difference shows the column: its value, or that a row is missing or should not be there."""
    if column in found.key or found.is_now is None or found.should is None:
        return True
    return found.is_now.get(column) != found.should.get(column)


def _hand(table: str, column: str, kind: str) -> str:
    """Change a column of one row to another value that the table allows."""
    schema = SCHEMA if table in READ_MODELS else "public"
    other = SPECIAL.get(f"{table}.{column}", OTHER[kind].format(column))
    row = f"SELECT ctid FROM {schema}.{table} WHERE {ROWS.get(table, 'true')} ORDER BY ctid LIMIT 1"
    return f"UPDATE {schema}.{table} SET {column} = {other} WHERE ctid = ({row})"


async def _missed(database: str, spoilt: Sequence[Column]) -> list[str]:
    """Spoil columns, verify, and return those that are not named."""
    connection = await connect(database)
    try:
        for each in spoilt:
            assert await connection.execute(_hand(*each)) == "UPDATE 1", each
        if all(each.path in BY_THE_CHAIN for each in spoilt):
            return [] if await _chain_says(connection) is not None else [each.path for each in spoilt]
        found = await _named(database)
    finally:
        await connection.close()
    paths = [each.path for each in spoilt]
    if {*paths} <= ALONE:  # it shows in whatever hangs on it, or it can't even be decided, and the message says where
        return [] if found else paths
    if isinstance(found, str):
        return [f"{paths}: {found}"]
    return [
        each.path for each in spoilt if not any(_changed(one, each.name) for one in found if one.table == each.table)
    ]


@pytest.mark.long
async def test_every_column_that_is_spoilt_is_named(postgres: PostgresServer, world: str) -> None:
    async with servers.fresh_database(postgres, world) as database:
        connection = await connect(database)
        columns = await _columns(connection)
        await connection.close()
        assert await _named(database) == []
    assert {each.table for each in columns} >= {*READ_MODELS, "ledger", "checkpoint", "chain"}
    left = [each for each in columns if not {each.table, each.path} & UNKNOWABLE.keys()]
    rounds = [[each] for each in left if each.path in ALONE or each.path in BY_THE_CHAIN]
    together: dict[str, list[Column]] = {}
    for each in left:
        if [each] not in rounds:
            together.setdefault(each.table, []).append(each)
    rounds += [[each for each in row if each is not None] for row in zip_longest(*together.values())]
    missed: list[str] = []
    for spoilt in rounds:
        async with servers.fresh_database(postgres, world) as database:
            missed += await _missed(database, spoilt)
    assert missed == []


async def test_rows_that_are_planted_past_the_checkpoint_are_named(postgres: PostgresServer, world: str) -> None:
    async with servers.fresh_database(postgres, world) as database:
        connection = await connect(database)
        names = [
            row[0]
            for row in await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'ledger'"
                " ORDER BY ordinal_position"
            )
        ]
        taken = ", ".join({"position": "999", "id": "'planted'"}.get(name, name) for name in names)
        await connection.execute(f"INSERT INTO ledger SELECT {taken} FROM ledger WHERE position = 12")
        await connection.execute(f"INSERT INTO {SCHEMA}.verdict (position, outcome) VALUES (998, 'parked')")
        await connection.execute("INSERT INTO chain VALUES (1000, decode(repeat('ab', 32), 'hex'))")
        found = await _named(database)
        assert not isinstance(found, str), found
        assert {(each.table, each.key.get("position")) for each in found} == {("ledger", 999), ("verdict", 998)}
        assert await hash_chain.strays(connection) == [1000]
        await connection.close()
