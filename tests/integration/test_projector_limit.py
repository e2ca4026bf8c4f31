"""The limit on rejects on real servers: a flood pauses the projector, readers see why, and a command lets it go on."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from projections.store.log.outcome_sql import DECIDED
from tests.fault.forked import tonghop
from tests.fault.load import told_of
from tests.fault.projecting import Bench, Projector, bench, eventually
from tests.integration.test_api import client_of, get, scraped
from tests.oracle.telling import Said, admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"), founded("u2", "trung-uong", "2020-01-01"))
WINDOW = 20


def good(first: int, end: int) -> list[Said]:
    return [admitted("u2", "2023-01-01", f"good-{n}") for n in range(first, end)]


def bad(first: int, end: int) -> list[Said]:
    """Say dates that there are not, each from another unit: it comes from many."""
    return [admitted(f"b{n}", "2023-02-30", f"bad-{n}") for n in range(first, end)]


def resume(on: Bench, *options: str) -> str:
    """Run the command as an operator does; it fails where nothing is paused."""
    done = tonghop("resume", *options, environ=on.settings.as_environment() | {"TONGHOP_LANG": "en"})
    assert done.returncode in {0, 1}, done.stderr
    assert (done.returncode == 0) == bool(done.stdout)
    return done.stdout


@pytest.fixture
def limited(party: str, database: str) -> Any:
    return bench(party, database, reject_window=WINDOW)


async def paused_at(on: Bench, position: int) -> None:
    """Wait until there is a pause before a position, and hold that the figures end just before it."""

    async def so() -> bool:
        found = await on.connection.fetchval("SELECT position FROM pause WHERE resumed_at IS NULL")
        state = await on.connection.fetchrow("SELECT state, stream_last FROM worker")
        known = max((one.position for one in on.publisher.acked), default=0)  # what is resumed is what it knows of
        return bool(found == position and state and state[0] == "paused" and state[1] >= known)

    await eventually(so, f"no pause before {position}")
    assert await on.position() == position - 1


async def hold(on: Bench, count: int) -> None:
    """Hold that every message is there once, and the publishers' rejects are those of the ledger."""
    rows = await on.connection.fetch(
        f"SELECT position, publisher, outcome, reason FROM {DECIDED} AS said ORDER BY position"
    )
    assert [row["position"] for row in rows] == list(range(1, count + 1))
    rejected = Counter((row["publisher"], row["reason"]) for row in rows if row["outcome"] == "rejected")
    kept = await on.connection.fetch("SELECT publisher, reason, n FROM publisher_rejects")
    assert {(publisher, reason): n for publisher, reason, n in kept} == rejected


async def test_a_flood_pauses_and_a_command_lets_it_go_on(limited: Any) -> None:
    async with limited as on, client_of(on.settings.database_url, on.settings.nats_url) as api:
        with on.projector() as running:
            await on.publish(*WORLD, *good(0, 17))
            await on.settled()
            await on.publish(*bad(0, 10))
            await on.settled()
            await running.becomes(ready=True)
            assert resume(on) == ""
            await on.send(*map(told_of, [*bad(10, 40), *good(17, 20)]))
            flood = sorted(one for one in on.publisher.acked if one.position > 30)
            tripping = next(one.position for one in flood if b"bad-" in one.told.said.body)
            await paused_at(on, tripping)
            await running.becomes(ready=True, saying="from 11 publishers")
            assert (await api.get("/readyz")).status_code == 200
            status = await get(api, "/v1/status")
            assert status["worker"]["state"] == "paused"
            assert "1 (invalid_field), +6" in status["worker"]["detail"]
            assert any("tonghop resume" in trouble for trouble in status["troubles"])
            assert [one["rejected"] for one in status["most_rejected"]] == [1] * 5
            assert 'tonghop_readable_worker{state="paused"} 1.0' in (await scraped(api)).text
            assert (await get(api, "/v1/units/u2/report?from=2023-01-01&to=2023-12-31"))["total"]["admissions"] >= 17
            assert str(len(on.publisher.acked)) in resume(on, "--by", "chị Lan")
            await on.settled()
            await running.becomes(ready=True)
            # From the end of the log at that time the window is a new one.
            await on.publish(*bad(40, 49))
            await on.settled()
            await on.publish(*bad(49, 66))
            await paused_at(on, 63 + 10)
            assert resume(on)
            await on.settled()
            await hold(on, len(on.publisher.acked))
        rows = await on.connection.fetch(
            "SELECT position, resumed_by, passed, resumed_at >= paused_at FROM pause ORDER BY no"
        )
        assert [row[0] for row in rows] == [tripping, 73]
        assert rows[0][1:] == ("chị Lan", 63, True)
        assert await on.connection.fetchval(f"SELECT count(*) FROM {DECIDED} AS said WHERE outcome = 'counted'") == 20


@pytest.mark.long
async def test_once_passes_one_event_and_looks_again(limited: Any) -> None:
    async with limited as on:
        with on.projector():
            await on.publish(*WORLD)
            await on.send(*map(told_of, bad(0, 30)))
            # Seven of ten; then a window of ten at least begins anew after each.
            for position in (10, 20):
                await paused_at(on, position)
                assert f" {position}." in resume(on, "--once")
            await paused_at(on, 30)
            assert resume(on)
            await on.settled()
        await hold(on, 33)


@pytest.mark.long
async def test_killed_while_paused_it_stays_paused_and_so_does_who_takes_over(limited: Any) -> None:
    async with limited as on:
        with on.projector("projector-1") as first:
            await on.publish(*WORLD)
            await on.send(*map(told_of, [*bad(0, 60), *good(0, 30)]))
            await paused_at(on, await first_excess(on))
            at = await on.position() + 1
            with on.projector("projector-2") as second:
                await second.says("standing by")
                os.kill(first.pid, signal.SIGKILL)
                await stays(on, second, at)
                os.kill(second.pid, signal.SIGKILL)
        # Another limit in its environment does not undo what was decided.
        on.settings = replace(on.settings, reject_limit=100)
        with on.projector("projector-3") as third:
            await stays(on, third, at)
            resumed = resume(on)
            assert str(at) in resumed
            await on.settled()
        await hold(on, 93)
        assert await on.connection.fetchval(f"SELECT count(*) FROM {DECIDED} AS said WHERE outcome = 'counted'") == 30


async def first_excess(on: Bench) -> int:
    """Find by the rule where the limit is exceeded, in the order that the bus took."""
    by_position = {one.position: one.told.said.body for one in on.publisher.acked}
    wrong = [b"bad-" in by_position[position] for position in range(1, len(by_position) + 1)]
    for end in range(10, len(wrong) + 1):
        window = wrong[max(0, end - WINDOW) : end]
        if wrong[end - 1] and sum(window) * 2 > len(window):
            return end
    raise AssertionError("the flood is none")


async def stays(on: Bench, running: Projector, position: int) -> None:
    """Hold that a projector finds the pause and moves nothing."""
    await running.says("paused")
    await running.becomes(ready=True, saying="paused")
    await paused_at(on, position)
    assert "leading" not in running.said.replace("standing by", "")


async def test_a_resumption_while_nobody_runs_is_found_later(limited: Any) -> None:
    async with limited as on:
        with on.projector():
            await on.publish(*WORLD, *bad(0, 9))
            await paused_at(on, 10)
        assert resume(on)
        with on.projector():
            await on.settled()
        await hold(on, 12)


@pytest.mark.long
async def test_a_restart_does_not_forget_the_window(limited: Any) -> None:
    async with limited as on:
        await on.publish(*WORLD, *good(0, 17))
        for n in range(2):
            await on.publish(*bad(5 * n, 5 * n + 5))
            with on.projector(f"projector-{n}"):
                await on.settled()
        await on.publish(*bad(10, 11), *bad(0, 5))
        with on.projector():
            await paused_at(on, 31)


async def test_duplicates_count_neither_way(limited: Any) -> None:
    async with limited as on:
        with on.projector():
            await on.publish(*WORLD, *good(0, 20), *bad(0, 10))
            again = [replace_id(one, n) for n, one in enumerate([*bad(0, 10), *bad(0, 10), *good(0, 10)])]
            await on.send(*again)
            await on.settled()
            await on.publish(*bad(10, 11))
            await paused_at(on, 64)


def replace_id(said: Said, n: int) -> Any:
    """Send something again past the deduplication of the bus."""
    return told_of(said)._replace(message_id=f"again-{n}")


@pytest.mark.long
async def test_what_the_service_itself_fails_at_counts_too(limited: Any) -> None:
    async with limited as on:
        await on.connection.execute("ALTER TABLE fact ADD CHECK (day <> '1999-09-09')")
        units = [f"u{n}" for n in range(12)]
        await on.publish(root(since="1990-01-01"), *(founded(unit, "trung-uong", "1990-01-01") for unit in units[:2]))
        await on.publish(*(founded(unit, units[0], "1990-01-01") for unit in units[2:]))
        await on.publish(*(admitted(unit, "1999-09-09", f"e-{unit}") for unit in units))
        with on.projector():
            # The thirteen before are good: eleven of the last twenty.
            await paused_at(on, 24)
            detail = await on.connection.fetchval("SELECT detail FROM pause")
            assert "1 (malformed)" in detail
        # Corrected, the service takes what it had not set aside yet.
        await on.connection.execute("ALTER TABLE fact DROP CONSTRAINT fact_day_check")
        assert resume(on)
        with on.projector():
            await on.settled()
        assert [outcome for _, outcome, _ in await on.outcomes()] == ["applied"] * 13 + ["rejected"] * 10 + [
            "counted"
        ] * 2
