"""Publishing to a real bus: nothing lost, nothing twice, in order, and each event's outcome told."""

import asyncio
import io
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import nats
import pytest

from events.subjects import message_id
from projections.bilingual import Bilingual
from services.publishing.connection import BusRefusedError, connect
from services.publishing.flow import PUBLISHED, REFUSED, UNDECIDED, WAITS_AWAY, WAITS_PAUSED, Flow, LineOutcome
from services.publishing.outcomes import Patience
from services.publishing.receipt import subject_of
from tests import servers
from tests.attacks.publishing import answering, body_of, file_of
from tests.fault.eventually import eventually
from tests.fault.forked import tonghop

BOTH = pytest.mark.parametrize("batches", [True, False], ids=["batch", "pipelined"])


def event(number: int, unit: str = "chi-bo-1", **data: object) -> dict[str, object]:
    return {"id": f"e-{number}", "source": f"/units/{unit}", "type": "member.admitted", "data": data}


def id_of(number: int) -> str:
    return message_id("chi-bo-1", f"e-{number}", body_of(event(number)))


async def publish(
    url: str,
    file: io.BytesIO,
    *,
    batches: bool = True,
    patience: float | None = None,
    inbox_prefix: str | None = None,
    notice: Callable[[Bilingual | None], object] = lambda _: None,
) -> list[LineOutcome]:
    told: list[LineOutcome] = []
    sent: list[int] = []
    outcomes = None if patience is None else Patience(patience)
    async with connect(url, notice=notice, inbox_prefix=inbox_prefix) as bus:
        flow = Flow(bus, batches=batches, patience=outcomes, tell=told.append, sent=sent.append, notice=notice)
        if ended := await flow.run(file):
            raise ended
    assert sum(sent) == len(told)
    return sorted(told)


async def stored(url: str) -> list[tuple[str, str, bytes]]:
    client = await nats.connect(url)
    try:
        jetstream = client.jetstream()
        last = (await jetstream.stream_info("PARTY")).state.last_seq
        found = [await jetstream.get_msg("PARTY", seq, direct=True) for seq in range(1, last + 1)]
        return [((one.headers or {}).get("Nats-Msg-Id", ""), one.subject or "", one.data or b"") for one in found]
    finally:
        await client.close()


@BOTH
async def test_lines_go_into_the_log_in_their_order(party: str, batches: bool) -> None:
    told = await publish(party, file_of(event(n) for n in range(1, 2502)), batches=batches)
    assert [one.outcome for one in told] == [PUBLISHED] * 2501
    assert [one.position for one in told] == list(range(1, 2502))
    log = await stored(party)
    assert [id_ for id_, _, _ in log] == [id_of(n) for n in range(1, 2502)]
    assert {subject for _, subject, _ in log} == {"party.v1.chi-bo-1.member.admitted"}
    assert json.loads(log[-1][2]) == event(2501)


@BOTH
async def test_a_second_run_is_told_as_duplicates_of_the_first(party: str, database: str, batches: bool) -> None:
    lines = [event(n) for n in (1, 2, 3, 2)]
    async with answering(party, database) as pool:
        first = asyncio.create_task(publish(party, file_of([*lines]), batches=batches, patience=20))
        await log_holds(party, 3)
        await decide(pool, *[("counted", None)] * 3)
        assert [(one.outcome, one.position) for one in await first] == [
            ("counted", 1),
            ("counted", 2),
            ("counted", 3),
            ("duplicate", 2),
        ]
        second = asyncio.create_task(publish(party, file_of([*lines, event(4)]), batches=batches, patience=20))
        await log_holds(party, 4)
        await decide(pool, ("counted", None), first=4)
        told = await second
    assert [(one.outcome, one.first_position) for one in told[:4]] == [("duplicate", p) for p in (1, 2, 3, 2)]
    assert {one.first_outcome for one in told[:4]} == {"counted"}
    assert (told[4].outcome, told[4].position) == ("counted", 4)


async def log_holds(url: str, count: int) -> None:
    client = await nats.connect(url)
    while (await client.jetstream().stream_info("PARTY")).state.last_seq < count:  # noqa: ASYNC110 in another process
        await asyncio.sleep(0.02)
    await client.close()


@BOTH
async def test_without_a_projector_a_second_run_is_sent_again_without_ids(party: str, batches: bool) -> None:
    lines = file_of([event(1), event(2)])
    await publish(party, lines, batches=batches)
    lines.seek(0)
    told = await publish(party, lines, batches=batches)
    assert [(one.outcome, one.position) for one in told] == [(PUBLISHED, 3), (PUBLISHED, 4)]
    assert [id_ for id_, _, _ in await stored(party)] == [id_of(1), id_of(2), "", ""]


async def test_what_cannot_be_sent_is_told_and_the_rest_goes_on(party: str) -> None:
    told = await publish(party, file_of([event(1), "text", event(2) | {"source": 5}, event(3)]))
    assert [one.outcome for one in told] == [PUBLISHED, REFUSED, REFUSED, PUBLISHED]
    assert [(one.number, one.field) for one in told[1:3]] == [(2, None), (3, "source")]


async def test_a_missing_stream_is_waited_for(nats_server: servers.NatsServer) -> None:
    settings = await servers.fresh_party(nats_server)
    client = await nats.connect(settings.nats_url)
    await client.jetstream().delete_stream("PARTY")
    await client.close()
    said: list[Bilingual | None] = []
    running = asyncio.create_task(publish(settings.nats_url, file_of([event(1), event(2)]), notice=said.append))

    async def waits() -> bool:
        return bool(said)

    await eventually(waits, "it does not say that it waits")
    assert not running.done()
    await servers.fresh_party(nats_server)
    assert [one.outcome for one in await running] == [PUBLISHED] * 2


@pytest.mark.long
@pytest.mark.parametrize("batches", [True, False], ids=["batch", "pipelined"])
async def test_a_bus_that_is_killed_loses_nothing(batches: bool) -> None:
    with servers.short_folder() as folder, servers.running_nats(folder) as server:
        settings = await servers.fresh_party(server)
        lines = file_of(event(n) for n in range(1, 6001))
        running = asyncio.create_task(publish(settings.nats_url, lines, batches=batches))
        for share in (1000, 3000):
            await log_holds(settings.nats_url, share)
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.to_thread(server.process.stop, ())
            await asyncio.to_thread(server.start)
        told = await running
        log = await stored(settings.nats_url)
    assert [one.number for one in told] == list(range(1, 6001))
    assert {one.outcome for one in told} == {PUBLISHED}
    # What the bus had acknowledged to nobody is sent again; that it was in is not known without a projector.
    assert Counter(id_ for id_, _, _ in log if id_) == Counter(id_of(n) for n in range(1, 6001))
    assert all(json.loads(log[(one.position or 0) - 1][2])["id"] == one.id for one in told)


@contextmanager
def guarded_nats(folder: Path) -> Iterator[str]:
    """Run a server where unit7 may publish its own events, ask for receipts, and receive in its own inbox only."""
    text = f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js" }}
        authorization {{ users: [
            {{ user: boss, password: pw }}
            {{ user: unit7, password: pw, permissions: {{
                publish: ["party.v1.unit7.>", "{subject_of("unit7")}"], subscribe: ["_INBOX_unit7.>"] }} }}
        ] }}
    """
    with servers.configured_nats(folder / "guarded.conf", text) as (address, _):
        yield address


async def test_denials_are_told_and_the_rest_goes_on() -> None:
    with servers.short_folder() as folder, guarded_nats(folder) as address:
        boss = await nats.connect(f"nats://boss:pw@{address}")
        await boss.jetstream().add_stream(name="PARTY", subjects=["party.v1.>"], allow_atomic=True)
        url = f"nats://unit7:pw@{address}"
        lines = file_of([event(1, "unit7"), event(2, "unit8"), event(3, "unit7")])
        told = await publish(url, lines, inbox_prefix="_INBOX_unit7")
        assert [one.outcome for one in told] == [PUBLISHED, REFUSED, PUBLISHED]
        assert told[1].reason == "not_permitted"
        with pytest.raises(BusRefusedError, match="inbox-prefix"):
            await publish(url, file_of([event(4, "unit7")]))
        # In a process of its own: after a refused login the client leaves its socket to the end of the process.
        command = ("publish", "-", "--nats", f"nats://unit7:wrong@{address}")
        refused = await asyncio.to_thread(tonghop, *command, environ=os.environ)
        assert refused.returncode == 1
        assert "authorization" in refused.stderr.lower()
        await boss.close()


async def decide(pool: asyncpg.Pool, *outcomes: tuple[str, str | None], first: int = 1) -> None:
    """Write what became of the events at positions from `first` on, and the checkpoint, as the projector does."""
    async with pool.acquire() as connection, connection.transaction():
        for position, (outcome, reason) in enumerate(outcomes, first):
            await connection.execute(
                "INSERT INTO ledger (position, published_at, publisher, id, type, first, body)"
                " VALUES ($1, now(), 'chi-bo-1', $2, 'member.admitted', true, $3)",
                position,
                f"e-{position}",
                body_of(event(position)),
            )
            if outcome == "counted":
                continue
            await connection.execute(
                "INSERT INTO g1.verdict (position, outcome, reason, field) VALUES ($1, $2, $3, $4)",
                position,
                outcome,
                reason,
                "data.member" if outcome == "rejected" else None,
            )
        reached = first + len(outcomes) - 1
        await connection.execute("UPDATE checkpoint SET position = $1", reached)
        await connection.execute("SELECT pg_notify('tonghop_position', $1)", str(reached))


async def test_each_outcome_is_told(party: str, database: str) -> None:
    outcomes = [("counted", None), ("parked", "unknown_unit"), ("rejected", "invalid_field"), ("duplicate", None)]
    async with answering(party, database) as pool:
        running = asyncio.create_task(publish(party, file_of(event(n) for n in range(1, 5)), patience=20))
        await log_holds(party, 4)
        await decide(pool, *outcomes[:2])
        await decide(pool, *outcomes[2:], first=3)
        told = await running
    assert [(one.outcome, one.reason) for one in told] == outcomes
    assert told[2].field == "data.member"
    assert [one.number for one in told] == [1, 2, 3, 4]


async def test_what_is_not_decided_in_time_is_told_so(party: str, database: str) -> None:
    async with answering(party, database) as pool:
        await decide(pool, ("counted", None))
        await leads(pool, stream_last=3)
        told = await publish(party, file_of([event(1), event(2)]), patience=0.5)
    assert [one.outcome for one in told] == ["counted", UNDECIDED]


async def leads(pool: asyncpg.Pool, *, stream_last: int) -> None:
    await pool.execute(
        "INSERT INTO worker (name, state, seen_at, stream_last) VALUES ('here', 'leading', now(), $1)", stream_last
    )


async def test_a_paused_projector_is_told_at_once(party: str, database: str) -> None:
    async with answering(party, database) as pool:
        await leads(pool, stream_last=2)
        await pool.execute("INSERT INTO pause (position, detail) VALUES (1, 'unit9 sent 300 wrong ones')")
        noticed: list[Bilingual] = []
        told: list[LineOutcome] = []
        async with connect(party, notice=lambda _: None) as bus:
            patience = Patience(3600, standing=0)
            flow = Flow(
                bus, batches=True, patience=patience, tell=told.append, sent=lambda _: None, notice=noticed.append
            )
            assert await flow.run(file_of([event(1), event(2), event(3, "chi-bo-2")])) is None
    assert [one.outcome for one in told] == [WAITS_PAUSED] * 3
    assert "paused" in noticed[0].english
    assert "unit9" not in str(noticed)


async def test_a_projector_that_is_away_is_told(party: str) -> None:
    told = await publish(party, file_of([event(1), event(2)]), patience=0)
    assert [one.outcome for one in told] == [WAITS_AWAY] * 2
