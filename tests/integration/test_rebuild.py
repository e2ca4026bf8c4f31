"""`tonghop rebuild`: what differs is shown and not put in force unasked, the switch by force, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from events.codec import Refusal
from events.vocabulary import Reason
from projections.store.batch.pipeline import Pipeline, commit
from projections.store.batch.writing import FencedError
from projections.store.fingerprint import rules
from projections.store.generations import enter_the_one_in_force
from projections.store.live import pausing
from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from projections.store.reading.snapshot import snapshot
from projections.store.rebuilding.chunks import RebuildError
from projections.store.rebuilding.making.generation import Generation, LedgerSource
from projections.store.rebuilding.switching import compare_at_checkpoint, switch
from projections.store.succession import carry_on, put_in_force, replaced_at
from services.settings import Settings
from services.verification.rebuilding import bring_up, go_back, rebuild
from services.verification.verifying import verify
from tests.fault.projecting import eventually
from tests.integration.test_api import client_of, get
from tests.integration.test_verify import DAY, SIZES, quietly, told
from tests.oracle.spoiling import day_raised, month_raised
from tests.oracle.telling import ROOT, admitted
from tests.property.system import messages
from tests.servers import connect

REPORT = "/v1/units/u1/report?from=2023-01-01&to=2023-01-31&by=none&measures=admissions"
# As if other rules had let the event at 10 wait, and had not counted it.
OTHER_RULES = f"""
INSERT INTO verdict (position, outcome, reason, field) VALUES (10, 'parked', 'unknown_unit', 'subject');
UPDATE tally SET n = n - 1 WHERE type = 'member.admitted' AND outcome = 'counted';
DELETE FROM fact WHERE position = 10;
{day_raised(20230105, by=-1)}; {month_raised(202301, by=-1)};
"""
STANDS = "SELECT generation, position FROM checkpoint"
OUTCOME = f"SELECT outcome, reason, held_at FROM {DECIDED} AS said WHERE position = 10"
KEPT = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^g[0-9]+$' ORDER BY 1"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a database into which the log is projected."""
    opened = await connect(database)
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(messages(told()))
    await live.close()
    yield opened
    await opened.close()


def more(facts: int) -> list[Any]:
    """Give the log with some more facts."""
    return messages([*told(), *(admitted("c0", DAY, f"more-{n}") for n in range(facts))])


async def admissions(database: str) -> int:
    async with client_of(database) as client:
        return int((await get(client, REPORT))["total"]["admissions"])


async def outcome(connection: asyncpg.Connection) -> tuple[str, str | None, int | None]:
    """Tell what the generation that is in use now says of the event at 10."""
    await enter_the_one_in_force(connection)
    return tuple(await connection.fetchrow(OUTCOME))


async def test_what_differs_is_put_in_force_only_where_that_is_asked_for_and_there_is_a_way_back(
    database: str, connection: asyncpg.Connection
) -> None:
    settings, last = Settings(database_url=database), len(told())
    right = await admissions(database)
    await connection.execute(OTHER_RULES)
    for _ in range(2):
        shown = await rebuild(settings, quietly, sizes=SIZES)
        assert (shown.number, shown.switched) == (2, None)
        assert {name: n for name, n in shown.comparison.counts.items() if n} == {
            "fact": 1,
            "running_sum": 4,
            "tally": 1,
            "verdict": 1,
        }
    assert tuple(await connection.fetchrow(STANDS)) == (1, last)
    assert await admissions(database) == right - 1
    done = await rebuild(settings, quietly, sizes=SIZES, accept=True)
    assert done.switched == (1, 2, last, 1)
    assert await admissions(database) == right
    assert await outcome(connection) == ("counted", None, 10)
    back = await go_back(settings, quietly, sizes=SIZES)
    assert back.switched == (2, 1, last, 1)
    assert await admissions(database) == right - 1
    assert await outcome(connection) == ("parked", "unknown_unit", None)


async def test_two_generations_are_kept_and_no_more(database: str, connection: asyncpg.Connection) -> None:
    settings = Settings(database_url=database)
    for number in (2, 3):
        done = await rebuild(settings, quietly, sizes=SIZES)
        assert done.switched == (number - 1, number, len(told()), 0)
        assert [row[0] for row in await connection.fetch(KEPT)] == [f"g{number - 1}", f"g{number}"]
    async with client_of(database) as client:
        assert (await get(client, "/v1/status"))["generation"] == 3
        assert (await get(client, "/v1/units/u1/indicators?on=2023-02-07"))["position"] == len(told())


async def test_what_other_rules_carried_forward_is_not_gone_back_to(
    database: str, connection: asyncpg.Connection
) -> None:
    settings = Settings(database_url=database)
    with pytest.raises(RebuildError, match="no generation to go back to"):
        await go_back(settings, quietly, sizes=SIZES)
    await rebuild(settings, quietly, sizes=SIZES)
    await connection.execute("UPDATE generation SET rules = 'others'")
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(more(1))
    await live.close()
    with pytest.raises(RebuildError, match="by other rules"):
        await go_back(settings, quietly, sizes=SIZES)
    assert await connection.fetchval("SELECT generation FROM checkpoint") == 2


async def test_rules_that_are_replaced_may_write_again_only_when_they_are_put_in_force_again(
    database: str, connection: asyncpg.Connection
) -> None:
    settings, last = Settings(database_url=database), len(told())

    async def told_of_others() -> dict[str, int | None]:
        return {each: await replaced_at(connection, each) for each in ("older", "old", "newer", rules())}

    await connection.execute("UPDATE checkpoint SET rules = 'older'")
    await carry_on(connection, "old")
    await connection.execute("UPDATE checkpoint SET rules = 'old'")
    await rebuild(settings, quietly, sizes=SIZES)  # nothing differs: nobody's figures were replaced
    assert set((await told_of_others()).values()) == {None}
    await rebuild(settings, quietly, sizes=SIZES, accept=True)
    assert await told_of_others() == {"older": last, "old": last, "newer": None, rules(): None}
    await carry_on(connection, rules())
    assert await replaced_at(connection, "old") == last
    # As if `old` went back, and this version again.
    await put_in_force(connection, "old", alone=True)
    await connection.execute("UPDATE checkpoint SET rules = 'old'")
    await connection.execute("INSERT INTO generation VALUES ('rules ' || $1, 'replaced', 1, $1)", rules())
    assert (await told_of_others())["old"] is None
    with pytest.raises(RebuildError, match="other rules"):
        await verify(settings, quietly, sizes=SIZES, repair=True)
    await go_back(settings, quietly, sizes=SIZES)
    assert await told_of_others() == {"older": last, "old": last, "newer": None, rules(): None}
    await rebuild(settings, quietly, sizes=SIZES)


async def test_a_gap_in_the_ledger_is_said(database: str, connection: asyncpg.Connection) -> None:
    await connection.execute("DELETE FROM ledger WHERE position = 12")
    with pytest.raises(RebuildError, match="position 12 is missing"):
        await rebuild(Settings(database_url=database), quietly, sizes=SIZES)


async def test_a_message_that_got_no_key_has_none_for_ever(database: str, connection: asyncpg.Connection) -> None:
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    *_, message = more(1)
    refusal = Refusal(Reason.MALFORMED, None, "the message could not be processed: X", None, None, None, None)
    ready = await Pipeline(live._connection, live.state).make_ready([message], lambda _, __: refusal)
    await commit(live._connection, ready)
    await live.close()
    done = await rebuild(Settings(database_url=database), quietly, sizes=SIZES)
    assert not done.comparison, done.comparison
    assert done.switched is not None


async def test_one_that_other_code_began_is_begun_anew(database: str, connection: asyncpg.Connection) -> None:
    settings = Settings(database_url=database)
    await rebuild(settings, quietly, sizes=SIZES, put_in_force=False)
    await connection.execute("UPDATE generation SET rules = 'others'; DELETE FROM g2.fact")
    done = await rebuild(settings, quietly, sizes=SIZES)
    assert done.switched is not None
    assert not done.comparison


async def test_only_one_works_at_a_time(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.verification.rebuilding._PATIENCE", 0.1)
    await connection.execute("SELECT pg_advisory_lock(hashtext('tonghop.rebuild'))")
    with pytest.raises(RebuildError, match="another rebuild"):
        await rebuild(Settings(database_url=database), quietly, sizes=SIZES)


class Ready:
    """A generation that is made and compared, and a live projection beside it."""

    def __init__(self, made: Generation, live: Projection, live_connection: asyncpg.Connection) -> None:
        self.made = made
        self.live = live
        self.live_connection = live_connection

    async def switch(self) -> None:
        await switch(self.made, 2, accept=False)


@pytest.fixture
async def ready(database: str, connection: asyncpg.Connection) -> AsyncIterator[Ready]:
    writer = await asyncpg.connect(database)
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    made = Generation(LedgerSource(database, ROOT, SIZES), writer, "g2", "g1")
    await made.open()
    await bring_up(made, quietly)
    assert not await compare_at_checkpoint(made)
    yield Ready(made, live, live._connection)
    await live.close()
    await writer.close()


async def waiting(connection: asyncpg.Connection, number: int) -> None:
    async def so() -> bool:
        return bool(await connection.fetchval(WAITING) >= number)

    await eventually(so, f"{number} never wait for a lock")


async def test_a_commit_under_way_is_waited_for_and_taken_along(
    database: str, connection: asyncpg.Connection, ready: Ready
) -> None:
    transaction = ready.live_connection.transaction()
    await transaction.start()
    await ready.live.apply(more(3))
    switching = asyncio.create_task(ready.switch())
    await waiting(connection, 1)
    await transaction.commit()
    await switching
    assert tuple(await connection.fetchrow(STANDS)) == (2, len(told()) + 3)
    done = await rebuild(Settings(database_url=database), quietly, sizes=SIZES, put_in_force=False)
    assert not done.comparison


async def test_one_that_commits_after_the_switch_is_fenced_and_readers_wait_for_nobody(
    database: str, connection: asyncpg.Connection, ready: Ready
) -> None:
    held = connection.transaction()
    await held.start()
    await connection.execute("LOCK TABLE generation IN SHARE MODE")
    before = await admissions(database)
    switching = asyncio.create_task(ready.switch())
    await waiting(connection, 1)
    committing = asyncio.create_task(ready.live.apply(more(3)))
    await waiting(connection, 2)
    assert await admissions(database) == before
    await held.rollback()
    await switching
    with pytest.raises(FencedError):
        await committing
    assert tuple(await connection.fetchrow(STANDS)) == (2, len(told()))
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(more(3))
    await live.close()
    assert await admissions(database) == before + 3


async def test_a_pause_and_the_chain_are_of_no_generation(
    database: str, connection: asyncpg.Connection, ready: Ready
) -> None:
    edition, position = ready.live.state.edition, len(told()) + 1
    links = await connection.fetch("SELECT * FROM chain")
    await ready.switch()
    assert await connection.fetch("SELECT * FROM chain") == links
    # What paused it was decided by read models that are not in force any more: others may decide otherwise.
    with pytest.raises(FencedError):
        await pausing.pause(connection, position, "", edition)
    await pausing.pause(connection, position, "", edition._replace(generation=2))
    await go_back(Settings(database_url=database), quietly, sizes=SIZES)
    paused = await pausing.paused(connection)
    assert paused is not None
    assert paused.position == position
    assert await connection.fetch("SELECT * FROM chain") == links


async def test_an_answer_that_was_begun_before_the_switch_ends_on_what_it_began_on(
    database: str, connection: asyncpg.Connection, ready: Ready
) -> None:

    sees = "SELECT current_schemas(false)::text[], (SELECT count(*) FROM fact)"
    async with asyncpg.create_pool(database, min_size=2, max_size=2) as pool:
        async with snapshot(pool) as opened:
            schemas, facts = await opened.connection.fetchrow(sees)
            await ready.switch()
            await connection.execute("DELETE FROM g2.fact")
            assert tuple(await opened.connection.fetchrow(sees)) == (schemas, facts)
            assert schemas == ["g1", "public"]
        async with snapshot(pool) as opened:
            assert opened.generation == 2
            assert tuple(await opened.connection.fetchrow(sees)) == (["g2", "public"], 0)
