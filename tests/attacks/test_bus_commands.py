"""Every command under the shipped permissions, each as its own user: the server refuses nothing that one needs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.errors import CommandError
from services.embedded.postgres import PostgresServer
from services.settings import Settings
from tests import servers
from tests.attacks.guarded import Guarded, guarded, guarded_somewhere
from tests.attacks.signed import signed_somewhere
from tests.fault.load import told_of
from tests.fault.projecting import Bench, eventually
from tests.fault.publishing import publishing
from tests.integration.restoring import tonghop as run
from tests.oracle.telling import admitted, dissolved, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))


@contextmanager
def on_a_bus(*, operator: bool = False, signed: bool = False) -> Iterator[Guarded]:
    """Run the shipped bus, and check at the end that it had nothing to refuse."""
    with signed_somewhere() if signed else guarded_somewhere(operator=operator) as server:
        yield server
        assert server.violations() == []


def as_user(server: Guarded, user: str, database: str) -> Settings:
    return replace(server.signed_in(Settings(), user), database_url=database)


async def tonghop(settings: Settings, *arguments: str, code: int = 0) -> str:
    """Run a command to its end, as its user would."""
    try:
        ended, said = await run(settings, *arguments)
    except CommandError as error:
        ended, said = error.code, str(error)
    assert ended == code, f"{arguments}: {ended}\n{said}"
    return said


@asynccontextmanager
async def working(server: Guarded, database: str) -> AsyncIterator[Bench]:
    """Put a bench on the bus: projectors as their user, events as those of all units."""
    await tonghop(as_user(server, "migrate", database), "migrate")
    connection = await servers.connect(database)
    try:
        with servers.short_folder() as folder:
            async with publishing(**server.how("all-units")) as publisher:
                yield Bench(as_user(server, "projector", database), folder, publisher, connection)
    finally:
        await connection.close()


async def test_takeover_fills_the_gap_of_the_dead_one_at_once(database: str) -> None:
    with on_a_bus() as server:
        async with working(server, database) as on, on.connection.transaction():
            with on.projector("projector-1") as first:
                await first.says("leading")
                await on.publish(*WORLD)
                await on.settled()
                await on.connection.execute("LOCK TABLE fact IN SHARE MODE")
                await on.publish(*(admitted("u1", "2023-01-01", f"e{n}") for n in range(50)))
                await consumer_gave(server, 52)
                os.kill(first.pid, signal.SIGKILL)
                with on.projector("projector-2") as second:
                    await second.says("filling a gap")
                    await on.connection.execute("ROLLBACK; BEGIN")
                    await on.settled()
                    assert "waiting" not in second.said.partition("filling a gap")[2]
            assert [outcome for _, outcome, _ in await on.outcomes()] == ["applied"] * 2 + ["counted"] * 50


async def consumer_gave(server: Guarded, position: int) -> None:
    """Wait until the durable has given a position to somebody."""
    async with server.client("projector") as client:

        async def given() -> bool:
            info = await client.jetstream().consumer_info("PARTY", "projector")
            return info.delivered is not None and info.delivered.stream_seq >= position

        await eventually(given, f"{position} is not given")


@pytest.mark.parametrize("signed", [False, True], ids=["passwords", "credentials"])
async def test_what_is_run_every_day(database: str, tmp_path: Path, signed: bool) -> None:
    with on_a_bus(signed=signed) as server:
        async with working(server, database) as on:
            with on.projector() as running:
                await running.says("leading")
                await on.publish(*WORLD, *(admitted("u1", "2023-01-01", f"e{n}") for n in range(20)))
                await on.settled()
                await running.becomes(ready=True)
            reader, backup = as_user(server, "reader", database), as_user(server, "backup", database)
            assert "byte" in await tonghop(reader, "verify", "--from-log")
            await tonghop(reader, "verify", "--chain")
            said = await on.connection.fetchval("SELECT body FROM ledger WHERE position = 3")
            await on.connection.execute("UPDATE ledger SET body = 'x' WHERE position = 3")
            assert "3" in await tonghop(reader, "verify", "--chain", code=3)
            await on.connection.execute("UPDATE ledger SET body = $1 WHERE position = 3", said)
            await tonghop(backup, "backup", str(tmp_path / "copy"))
            assert {path.stat().st_mode & 0o077 for path in (tmp_path / "copy").glob("**/*")} == {0}
            await tonghop(as_user(server, "migrate", database), "migrate")
            assert await on.position() == 22


async def test_a_dissolved_units_credential_goes_on_for_late_facts_of_its_days(database: str) -> None:
    with on_a_bus(signed=True) as server:
        async with working(server, database) as on:
            with on.projector() as running:
                await running.says("leading")
                await on.publish(*WORLD, dissolved("u1", "2023-06-01"))
                async with publishing(**server.how("u1"), inbox_prefix="_INBOX_u1") as unit:
                    await unit.send_in_turn(
                        told_of(admitted("u1", day, f"of-{day}")) for day in ("2023-05-31", "2023-06-01")
                    )
                await eventually(on_position(on, 5), "the last is not decided")
            decided = [(outcome, reason) for _, outcome, reason in await on.outcomes()]
            assert decided == [("applied", None)] * 3 + [("counted", None), ("parked", "inactive_unit")]


def on_position(on: Bench, position: int) -> Callable[[], Awaitable[bool]]:
    async def reached() -> bool:
        return await on.position() >= position

    return reached


async def test_restores_need_the_operators_user(database: str, postgres: PostgresServer, tmp_path: Path) -> None:
    with on_a_bus(operator=True) as server:
        async with working(server, database) as on:
            with on.projector() as running:
                await running.says("leading")
                await on.publish(*WORLD, *(admitted("u1", "2023-01-01", f"e{n}") for n in range(20)))
                await on.settled()
        await tonghop(as_user(server, "backup", database), "backup", str(tmp_path / "copy"))
        operator = as_user(server, "operator", database)
        async with servers.fresh_database(postgres, "template0") as bare:
            await tonghop(replace(operator, database_url=bare), "restore", "--from-log")
        async with server.client("operator") as client:
            await client.jetstream().delete_stream("PARTY")
        await tonghop(operator, "restore", "--from-ledger")
        async with server.client("operator") as client:
            config = (await client.jetstream().stream_info("PARTY")).config
            assert (config.max_msg_size, config.duplicate_window) == (18_432, 30)
            await client.jetstream().delete_stream("PARTY")
        await tonghop(operator, "restore", "--backup", str(tmp_path / "copy"), "--only", "stream")
        async with server.client("operator") as client:
            assert (await client.jetstream().stream_info("PARTY")).state.last_seq == 22


@pytest.mark.parametrize("arguments", [("restore", "--from-ledger"), ("backup", "copy")])
async def test_a_user_that_may_not_is_told_at_once(database: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with guarded_somewhere() as server:
        async with working(server, database):
            pass
        given = [str(tmp_path / "copy") if each == "copy" else each for each in arguments]
        said = await asyncio.wait_for(tonghop(as_user(server, "api", database), *given, code=1), 20)
        assert "Traceback" not in said


async def test_a_stream_of_the_account_of_before_is_found_where_it_was(database: str) -> None:
    """The shipped account of before, PARTY, keeps its name: nothing moves."""
    with servers.short_folder() as folder:
        before = f"""
            listen: "127.0.0.1:-1"
            ports_file_dir: "{folder}"
            jetstream {{ store_dir: "{folder}/js" }}
            accounts {{ PARTY {{ jetstream: enabled, users: [{{user: operator, password: secret1}}] }} }}
        """
        with guarded(folder, text=before) as old:
            await tonghop(as_user(old, "operator", database), "migrate")
            async with old.client("operator") as client:
                for number in range(3):
                    await client.jetstream().publish("party.v1.u1.x", json.dumps(number).encode())
        with guarded(folder) as new:
            await tonghop(as_user(new, "migrate", database), "migrate")
            async with new.client("reader") as client:
                assert (await client.jetstream().get_msg("PARTY", 3)).data == b"2"
            assert new.violations() == []
