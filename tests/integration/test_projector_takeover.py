"""Several projectors on one log: one leads, the next takes over when it dies, and no figure shows any of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from random import Random

import nats

from projections.store import fingerprint
from projections.store.live.leadership import try_to_lead
from projections.store.live.projection import Projection
from projections.store.succession import put_in_force
from services.log.gaps import read_range
from tests.fault.expectation import Expectation
from tests.fault.load import Clerk, Structure
from tests.fault.projecting import Bench, Projector, bench, eventually
from tests.fault.settling import hold_counters, hold_ledger
from tests.oracle.telling import admitted, founded, root
from tests.servers import connect

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))


async def say_much(bench: Bench, clerks: list[Clerk], groups: int = 1) -> None:
    """Say facts of all kinds, twice, too early and wrongly."""
    for _ in range(groups):
        for clerk in clerks:
            for group in clerk.group(30):
                await bench.send(*group)


async def hold(bench: Bench) -> None:
    """Hold ledger, facts and counters to what was acknowledged."""
    expected = Expectation(bench.publisher.acked)
    await bench.settled()
    await hold_ledger(bench.connection, bench.publisher.acked, expected)
    await hold_counters(bench.connection, expected)


async def test_a_second_one_stands_by_and_takes_over_when_the_first_is_killed(party: str, database: str) -> None:
    clerks = [Clerk(n, Random(n)) for n in range(3)]
    async with bench(party, database) as on:
        with on.projector("projector-1") as first:
            await first.says("leading")
            with on.projector("projector-2") as second:
                await second.says("standing by")
                await second.becomes(ready=True)
                await on.publish(*(told.said for told in Structure(Random(1)).tree()))
                await say_much(on, clerks, 3)
                speaking = asyncio.create_task(say_much(on, clerks, 5))
                await asyncio.sleep(0.3)
                os.kill(first.pid, signal.SIGKILL)
                await second.says("leading")
                await speaking
                await on.publish(*(told.said for told in Structure(Random(1)).late()))
                await hold(on)
                with on.projector("projector-3") as third:
                    await third.says("standing by")
                    await say_much(on, clerks, 1)
                    await hold(on)
                    assert "leading" not in third.said


async def test_one_whose_rules_a_rebuild_replaced_writes_nothing_until_they_are_in_force_again(
    party: str, database: str
) -> None:
    async with bench(party, database) as on:
        with on.projector() as outdated:
            await on.publish(*WORLD)
            await on.settled()
            # What a switch does, to a projector that leads: another generation, made by others.
            async with on.connection.transaction():
                await on.connection.execute(
                    "INSERT INTO generation VALUES ('rules ' || $1, 'replaced', 2, $1)", fingerprint.rules()
                )
                await on.connection.execute("UPDATE checkpoint SET repairs = repairs + 1, rules = 'newer'")
            await on.publish(admitted("u1", "2023-01-01", "e1"))
            await outdated.becomes(ready=False, saying="outdated")
            assert await try_to_lead(on.connection), "it keeps the lead from those that may count"
            assert await on.position() == len(WORLD)
            await put_in_force(on.connection, fingerprint.rules(), alone=True)
            await on.connection.execute("SELECT pg_advisory_unlock_all()")
            await on.settled()
            await outdated.becomes(ready=True, saying="leading")


async def test_what_a_dead_one_was_given_and_never_acknowledged_is_read_from_the_stream(
    party: str, database: str
) -> None:
    async with bench(party, database) as on, on.connection.transaction():
        with on.projector("projector-1") as first:
            await first.says("leading")
            await on.publish(*WORLD)
            await on.settled()
            await on.connection.execute("LOCK TABLE fact IN SHARE MODE")
            facts = [admitted("u1", "2023-01-01", f"e{n}") for n in range(50)]
            await on.publish(*facts)
            await consumer_gave(party, 52)
            os.kill(first.pid, signal.SIGKILL)
            with on.projector("projector-2") as second:
                # While the dead one's transaction still waits for the table: PostgreSQL sees that its client is gone.
                await second.says("leading")
                await second.says("filling a gap")
                await on.connection.execute("ROLLBACK; BEGIN")
                await on.settled()
                assert [outcome for _, outcome, _ in await on.outcomes()] == ["applied"] * 2 + ["counted"] * 50


async def consumer_gave(party: str, position: int) -> None:
    """Wait until the durable consumer has given a position to somebody."""
    client = await nats.connect(party)

    async def given() -> bool:
        info = await client.jetstream().consumer_info("PARTY", "projector")
        return info.delivered is not None and info.delivered.stream_seq >= position

    try:
        await eventually(given, f"{position} is not given")
    finally:
        await client.close()


async def test_a_second_writer_that_moves_the_checkpoint_spoils_nothing(party: str, database: str) -> None:
    async with bench(party, database) as on:
        with on.projector() as running:
            await on.publish(*WORLD)
            await on.settled()
            for round_ in range(2):
                before = await on.position()
                with stopped(running):
                    await on.publish(*(admitted("u1", "2023-01-01", f"e{round_}-{n}") for n in range(20)))
                    await forge(on, before + 1, before + 7)
                await running.says(f"the checkpoint is not at {before} any more")
                await on.settled()
            assert [outcome for _, outcome, _ in await on.outcomes()] == ["applied"] * 2 + ["counted"] * 40
            await hold(on)


class stopped:  # noqa: N801 - reads as a statement
    """Hold a process still, as a busy machine may."""

    def __init__(self, projector: Projector) -> None:
        self._pid = projector.pid

    def __enter__(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGCONT)


async def forge(on: Bench, first: int, last: int) -> None:
    """Write these positions beside the projector, without its lead."""
    client = await nats.connect(on.settings.nats_url)
    forger = await Projection.open(on.settings.database_url)
    try:
        await forger.apply(await read_range(client, "PARTY", first, last))
    finally:
        await forger.close()
        await client.close()


async def test_one_that_stands_by_again_keeps_no_pause_of_an_outage_before(party: str, database: str) -> None:
    async with bench(party, database) as on:
        holder = await connect(database)
        assert await try_to_lead(holder)
        with on.projector() as running:
            for outage in range(4):
                await eventually(lambda: session_ended(on), "no session to end")
                await eventually(lambda n=outage: said_waiting(running, n + 1), "the outage is not noticed")
            asked_at = set()

            async def stands_by() -> bool:
                asked_at.add(await on.connection.fetchval(f"SELECT max(query_start) {SESSIONS}"))
                return len(asked_at - {None}) >= 4

            await eventually(stands_by, "it does not stand by")
            await session_ended(on)
            await eventually(lambda: said_waiting(running, 5), "the outage is not noticed")
            entries = [json.loads(line) for line in running.said.splitlines()]
            assert [entry["seconds"] for entry in entries if entry["event"] == "waiting"][-1] <= 0.2
        await holder.close()


SESSIONS = "FROM pg_stat_activity WHERE application_name LIKE 'tonghop projector %' AND datname = current_database()"


async def session_ended(on: Bench) -> bool:
    return bool(await on.connection.fetchval(f"SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) {SESSIONS}"))


async def said_waiting(running: Projector, times: int) -> bool:
    return running.said.count('"waiting"') >= times
