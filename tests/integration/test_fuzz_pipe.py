"""Random and mutated messages through the whole pipe: the projector never fails, and each one is accounted for once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import nats
import pytest
from nats.aio.client import Client

from projections.store.log.outcome_sql import DECIDED
from tests.fault.mutations import Mutations
from tests.fault.projecting import Bench, bench
from tests.fault.recount import counters_anew, counters_as_kept
from tests.oracle.telling import Said, admitted, founded, root

VALID_EVERY = 20
AT_ONCE = 1_000
UNIT = "valid-unit"
LARGEST = 18_000
"""Bytes; what is larger the stream doesn't take, with its headers (docs/decisions/0021), nor a batch that it is in."""


def stream(seed: str, number: int) -> Iterator[Said]:
    """Mix what is certainly valid into the messages of a seed."""
    yield from (root(since="1990-01-01"), founded(UNIT, "trung-uong", "1990-01-01", event_id="valid-foundation"))
    for n, said in enumerate(Mutations(seed).take(number)):
        if n % VALID_EVERY == 0:
            yield admitted(UNIT, "2023-01-01", f"valid-{n}")
        if len(said.body) <= LARGEST:
            yield said


async def publish(client: Client, number: int, said: list[Said]) -> None:
    """Publish a batch, which the bus takes whole: a flood of single messages would keep it from delivering."""
    for sequence, (subject, body) in enumerate(said, start=1):
        headers = {"Nats-Batch-Id": f"fuzz-{number}", "Nats-Batch-Sequence": str(sequence)}
        if sequence == 1:
            await client.request(subject, body, headers=headers, timeout=60)
        elif sequence < len(said):
            await client.publish(subject, body, headers=headers)
        else:
            ack = await client.request(subject, body, headers=headers | {"Nats-Batch-Commit": "1"}, timeout=60)
            assert json.loads(ack.data).get("count") == len(said), ack.data


async def hold(on: Bench, sent: list[Said]) -> None:
    """Hold the read models to what was sent."""
    rows = await on.connection.fetch(
        f"SELECT position, body, outcome, reason, type, id FROM {DECIDED} AS said ORDER BY position"
    )
    assert [row["position"] for row in rows] == list(range(1, len(sent) + 1))
    assert all(row["body"] == said.body for row, said in zip(rows, sent, strict=True))
    outcomes = Counter(row["outcome"] for row in rows)
    assert set(outcomes) == {"counted", "applied", "duplicate", "parked", "rejected", "retracted"}
    tally = await on.connection.fetch(
        "SELECT outcome, reason, sum(n)::bigint FROM tally GROUP BY 1, 2 HAVING sum(n) <> 0"
    )
    assert {(outcome, reason): n for outcome, reason, n in tally} == Counter(
        (row["outcome"], row["reason"] or "") for row in rows
    )
    said_validly = {n for n, said in enumerate(sent, start=1) if b'"valid-' in said.body and said.body.endswith(b"}}")}
    valid = [row for row in rows if row["position"] in said_validly and (row["id"] or "").startswith("valid-")]
    assert len(valid) > len(sent) // (VALID_EVERY + 2)
    assert {row["outcome"] for row in valid} == {"counted", "applied"}
    facts = await on.connection.fetchval("SELECT count(DISTINCT position) FROM fact")
    assert facts == outcomes["counted"]
    assert await counters_as_kept(on.connection) == await counters_anew(on.connection)


async def fuzz(party: str, database: str, seed: str, number: int) -> None:
    async with bench(party, database, reject_limit=100) as on:  # nearly all of it is rejected
        client = await nats.connect(party)
        with on.projector() as running:
            await running.says("leading")
            source, sent = stream(seed, number), list[Said]()
            while chunk := list(islice(source, AT_ONCE)):
                await publish(client, len(sent), chunk)
                sent += chunk
            await on.reached(len(sent))
            assert running.command.process.alive
            entries = map(json.loads, running.command.process.log.read_text().splitlines())
            assert not [one for one in entries if one["level"] == "error" or one["event"] == "waiting"]
            await hold(on, sent)
        await client.close()


async def test_thousands_of_messages_are_accounted_for(party: str, database: str) -> None:
    await fuzz(party, database, "short", 20_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
async def test_hundreds_of_thousands_are_accounted_for(party: str, database: str, seed: str) -> None:
    await fuzz(party, database, seed, 250_000)
