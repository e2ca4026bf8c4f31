"""Receipts as a unit could abuse them: to keep others waiting, to learn of others, to have something published."""

import asyncio
import json
from typing import Any

import asyncpg
import nats
import pytest
from nats.aio.client import Client
from prometheus_client import CollectorRegistry

from services.publishing.connection import connect
from services.publishing.outcomes import Patience, receipts
from services.publishing.receipt import MOST_AT_ONCE, BusReceipt, subject_of
from services.receipts.metering import ANSWERS
from tests.attacks.publishing import BELOW_B, ROOT, A, B, admitted, answering, asked, projecting, published, receipts_on

FAR = 1_000_000


async def decided(pool: asyncpg.Pool, count: int, publisher: str = B, **columns: Any) -> None:
    """Write what became of events at positions from 1 on."""
    row = {"id": None, "detail": None, "field": None} | columns
    await pool.executemany(
        "INSERT INTO public.ledger (position, published_at, publisher, id, first, body)"
        " VALUES ($1, now(), $2, $3, true, 'x')",
        [(n, publisher, f"e-{n}") for n in range(1, count + 1)],
    )
    await pool.executemany(
        "INSERT INTO g1.verdict (position, outcome, reason, field, detail)"
        " VALUES ($1, 'rejected', 'invalid_field', $2, $3)",
        [(n, row["field"], row["detail"]) for n in range(1, count + 1)],
    )
    await pool.execute("UPDATE checkpoint SET position = $1", count)


async def test_questions_that_wait_keep_nobody_waiting(party: str, database: str) -> None:
    async with answering(party, database) as pool:
        await decided(pool, 5)
        hostile, honest = await nats.connect(party), await nats.connect(party)
        try:
            waiting = [asyncio.create_task(asked(hostile, A, [FAR], wait=30)) for _ in range(200)]
            refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert all(one.result()["busy"] for one in refused)
            answers = [await asked(honest, B, [[1, 5]], wait=30) for _ in range(20)]
            assert all(len(answer["receipts"]) == 5 for answer in answers)
            # One of B's that waits is woken by the position, beside A's that go on waiting.
            later = asyncio.create_task(asked(honest, B, [6], wait=30))
            await honest.flush()
            await pool.execute("UPDATE checkpoint SET position = 6")
            await pool.execute("SELECT pg_notify('tonghop_position', '6')")
            assert (await later)["until"] == 6
            assert sum(not one.done() for one in waiting) == MOST_AT_ONCE
            assert sum(one.done() and one.result()["busy"] for one in waiting) == 200 - MOST_AT_ONCE
        finally:
            for one in waiting:
                one.cancel()
            await hostile.close()
            await honest.close()


async def test_where_too_many_wait_altogether_an_answer_comes_at_once(party: str, database: str) -> None:
    pool = await asyncpg.create_pool(database, min_size=1, max_size=4)
    asking = await nats.connect(party)
    async with receipts_on(party, pool, most_waiting=4) as running:
        waiting = [asyncio.create_task(asked(asking, f"xa-{n}", [FAR], wait=30)) for n in range(4)]
        await asyncio.sleep(0)
        answer = await asked(asking, B, [FAR], wait=30)
        assert (answer["busy"], answer["receipts"], answer["until"]) == (False, [], 0)
        assert not any(one.done() for one in waiting)
        running.cancel()  # a projector that stops lets go of those who wait
        assert all(answer["busy"] for answer in await asyncio.gather(*waiting))
    await asking.close()
    await pool.close()


async def test_a_unit_is_told_of_its_own_and_of_those_below(party: str, database: str) -> None:
    async with projecting(party, database):
        said = [admitted(A, "a-1"), admitted(B, "b-1"), admitted(BELOW_B, "c-1"), admitted("xa-unknown", "u-1")]
        told = {one.publisher: one.position for one in await published(party, said, patience=Patience(60))}
        assert None not in told.values()
        everything = [[1, max(position or 0 for position in told.values())]]
        client = await nats.connect(party)

        async def seen(asker: str) -> set[str]:
            answer = await asked(client, asker, everything, wait=10)
            assert answer["until"] == everything[0][1]
            return {receipt["publisher"] for receipt in answer["receipts"]}

        try:
            assert await seen(A) == {A}
            assert await seen(B) == {B, BELOW_B}
            assert await seen(BELOW_B) == {BELOW_B}
            assert await seen("xa-unknown") == {"xa-unknown"}
            assert await seen("xa-nobody") == set()
            assert await seen(ROOT) == {ROOT, A, B, BELOW_B}  # what isn't known yet is below nobody
            # By id, of one's own alone.
            assert (await asked(client, A, [], ids=["a-1", "b-1", "c-1"]))["receipts"][0]["publisher"] == A
            assert (await asked(client, B, [], ids=["a-1", "c-1"]))["receipts"] == []
        finally:
            await client.close()


class _SmallPayloads(Client):
    """A client of a server that was told to take less than usual."""

    @property
    def max_payload(self) -> int:
        """Return how many bytes a message may have."""
        return 64 * 1024


async def test_an_answer_that_is_too_long_comes_in_parts(party: str, database: str) -> None:
    pool = await asyncpg.create_pool(database, min_size=1, max_size=4)
    async with receipts_on(party, pool, _SmallPayloads()):
        await decided(pool, 1000, field="data." + "\x01" * 60, detail="\x01" * 300)
        found = []
        async with connect(party, notice=lambda _: None) as bus:
            patience = Patience(20)
            async for one in receipts(bus, B, range(1, 1001), patience=patience, notice=lambda _: None):
                assert isinstance(one, BusReceipt)
                found.append(one.position)
        assert found == list(range(1, 1001))
    await pool.close()


async def test_an_answer_goes_to_an_inbox_and_nowhere_else(party: str, database: str) -> None:
    async with answering(party, database):
        client = await nats.connect(party)
        forged = f"party.v1.{B}.unit.renamed"
        await client.publish(subject_of(A), b'{"positions":[1]}', reply=forged)
        await client.publish(subject_of(A), b"nonsense", reply="$JS.API.STREAM.DELETE.PARTY")
        assert (await asked(client, A, [1]))["receipts"] == []  # those before it have been dealt with
        assert (await client.jetstream().stream_info("PARTY")).state.messages == 0
        await client.close()


WRONG = {
    b"": "",
    b"[]": "object",
    b'{"positions":[]}': "positions",
    b'{"positions":[0]}': "positions",
    b'{"positions":[-5]}': "positions",
    b'{"positions":[9223372036854775808]}': "positions",
    b'{"positions":[[1,1001]]}': "positions",
    b'{"positions":[[5,4]]}': "positions",
    b'{"positions":["1"]}': "positions",
    b'{"positions":[[1,2,3]]}': "positions",
    b'{"positions":{}}': "positions",
    b'{"positions":[' + b"1," * 1000 + b"1]}": "positions",
    b'{"positions":[1],"x":"' + b"y" * 20_000 + b'"}': "positions",
    b'{"positions":[1],"wait":-1}': "wait",
    b'{"positions":[1],"wait":"long"}': "wait",
    b'{"positions":[1],"wait":NaN}': "",
    b'{"ids":["a b"]}': "ids",
    b'{"ids":[1]}': "ids",
    b"[" * 10_000: "",
    b'{"positions":[1],"ids":["\xff"]}': "",
}


async def test_a_wrong_question_is_answered_with_the_field(party: str, database: str) -> None:
    async with answering(party, database):
        client = await nats.connect(party)
        for question, field in WRONG.items():
            answer = json.loads((await client.request(subject_of(A), question, timeout=20)).data)
            assert field in answer["error"], (question[:60], answer)
            assert answer["receipts"] == []
        strange = json.loads((await client.request(subject_of("Xã-A"), b'{"positions":[1]}', timeout=20)).data)
        assert "subject" in strange["error"]
        await client.close()


@pytest.mark.parametrize("state", ["paused", "stopped", "catching_up", None])
async def test_what_keeps_an_answer_back_is_said_and_names_nobody(party: str, database: str, state: str | None) -> None:
    async with answering(party, database) as pool:
        await decided(pool, 1)
        if state == "paused":
            await pool.execute(f"INSERT INTO pause (position, detail) VALUES (2, '{A} sent 300 wrong ones')")
        if state != "stopped":
            await pool.execute(
                "INSERT INTO worker (name, state, detail, seen_at, stream_last) "
                "VALUES ('h:1', 'leading', 'x', now(), $1)",
                1 if state is None else 9,
            )
        client = await nats.connect(party)
        behind = (await asked(client, B, [[1, 3]]))["behind"]
        await client.close()
    assert (behind and behind["state"]) == state
    assert A not in json.dumps(behind)


async def test_questions_are_counted_under_a_bounded_number_of_labels(party: str, database: str) -> None:
    registry = CollectorRegistry()
    pool = await asyncpg.create_pool(database, min_size=1, max_size=4)
    asking = await nats.connect(party)
    async with receipts_on(party, pool, registry=registry):
        for n in range(5):
            await asked(asking, f"xa-{n}", [1])
        # What a question says of its own content is not believed, and nobody goes unanswered for it.
        odd = {"content-type": "application/json", "correlation_id": "x" * 200, "reply_to": "party.v1.x"}
        answer = await asking.request(subject_of(A), b"\xff", 5, headers=odd)
        assert "error" in json.loads(answer.data)
    found = [sample for metric in registry.collect() for sample in metric.samples]
    assert {sample.name.split("_")[0] for sample in found} == {"tonghop"}
    for label, values in {
        "handler": {"tonghop.v1.receipts.*"},
        "destination": {ANSWERS},
        "app_name": {"tonghop"},
    }.items():
        assert {sample.labels[label] for sample in found if label in sample.labels} == values
    received = next(sample.value for sample in found if sample.name == "tonghop_bus_received_messages_total")
    assert received == 6
    await asking.close()
    await pool.close()
