"""A projector that leads and is frozen (SIGSTOP): another takes over, and it does no harm when it goes on."""

from __future__ import annotations

import os
import signal

import pytest

from projections.store.live import leadership
from tests.fault.projecting import bench, eventually
from tests.oracle.telling import admitted, founded, root
from tests.servers import connect

PATIENCE = 2
WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))


@pytest.mark.parametrize("in_a_transaction", [pytest.param(False, marks=pytest.mark.long), True])
async def test_another_takes_over_and_the_thawed_one_stands_by(
    party: str, database: str, in_a_transaction: bool
) -> None:
    facts = [admitted("u1", "2023-01-01", f"e{n}") for n in range(30)]
    async with bench(party, database, lead_patience=PATIENCE) as on:
        with on.projector("projector-1") as first:
            await first.says("leading")
            await on.publish(*WORLD)
            await on.settled()
            with on.projector("projector-2") as second:
                await second.says("standing by")
                if in_a_transaction:  # it holds the checkpoint's row, and will never say what comes next
                    async with on.connection.transaction():
                        await on.connection.execute("LOCK TABLE fact IN SHARE MODE")
                        await on.publish(facts[0])
                        await eventually(lambda: waits_for_a_lock(database), "nothing waits for the table")
                        os.kill(first.pid, signal.SIGSTOP)
                else:
                    os.kill(first.pid, signal.SIGSTOP)
                    await on.publish(facts[0])
                await on.settled()
                assert "is frozen" in second.said
                await on.publish(*facts[1:20])
                os.kill(first.pid, signal.SIGCONT)
                await first.says("standing by")
                await on.publish(*facts[20:])
                await on.settled()
                name = await on.connection.fetchval("SELECT name FROM worker")
                assert name.endswith(f":{second.pid}")
                os.kill(second.pid, signal.SIGKILL)
            await on.publish(admitted("u1", "2023-01-01", "last"))
            await on.settled()
        assert [outcome for _, outcome, _ in await on.outcomes()] == ["applied"] * 2 + ["counted"] * 31
        assert await on.connection.fetchval("SELECT count(*) FROM fact") == 31


async def waits_for_a_lock(database: str) -> bool:
    connection = await connect(database)
    try:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(await connection.fetchval(waiting))
    finally:
        await connection.close()


async def test_one_that_speaks_and_one_that_is_no_projector_are_left_alone(database: str) -> None:
    """A restore leads for hours and says nothing; a projector that loads for minutes goes on saying something."""
    holder, other = await connect(database), await connect(database)
    try:
        assert await leadership.try_to_lead(holder)
        await holder.execute("SET application_name = 'tonghop restore'")
        assert not await leadership.end_the_frozen(other, 0)
        await holder.execute("SET application_name = 'tonghop projector 1234'")
        assert not await leadership.end_the_frozen(other, 60)
        assert await leadership.end_the_frozen(other, 0)
        await eventually(lambda: leadership.try_to_lead(other), "the lead is not free")
    finally:
        holder.terminate()
        await other.close()
