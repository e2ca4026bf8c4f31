"""A unit claims the message ids of another's events before it: no event is lost, and none changes its place (law 4)."""

import json
from typing import Any

import nats
import pytest

from events.subjects import message_id
from tests.attacks.publishing import ROOT, A, B, admitted, body_of, event, projecting, published

BOTH = pytest.mark.parametrize("batches", [True, False], ids=["batch", "pipelined"])


def claimed(line: dict[str, Any], *, digest: bool) -> str:
    """Give the id under which an event will be published."""
    publisher = line["source"].removeprefix("/units/")
    return message_id(publisher, line["id"], body_of(line)) if digest else f"{publisher}:{line['id']}"


async def poison(url: str, *lines: dict[str, Any], digest: bool) -> None:
    """Let A claim the ids of B's events, of version 1 or, for it guesses their bodies, of version 2."""
    client = await nats.connect(url)
    for line in lines:
        headers = {"Nats-Msg-Id": claimed(line, digest=digest)}
        await client.jetstream().publish(f"party.v1.{A}.x.y", b"mine", headers=headers)
    await client.close()


async def log_of(url: str, publisher: str) -> list[str]:
    """Give the ids of a publisher's events, in the order of the log."""
    client = await nats.connect(url)
    jetstream = client.jetstream()
    last = (await jetstream.stream_info("PARTY")).state.last_seq
    messages = [await jetstream.get_msg("PARTY", seq, direct=True) for seq in range(1, last + 1)]
    await client.close()
    return [
        json.loads(one.data or b"")["id"]
        for one in messages
        if (one.subject or "").startswith(f"party.v1.{publisher}.")
    ]


@BOTH
@pytest.mark.parametrize("digest", [False, True], ids=["known id", "guessed body"])
async def test_a_claimed_id_takes_no_event_from_its_publisher(
    party: str, database: str, batches: bool, digest: bool
) -> None:
    lines = [admitted(B, f"2023-00{n}") for n in range(1, 6)]
    async with projecting(party, database) as pool:
        await poison(party, lines[0], lines[3], digest=digest)
        told = await published(party, lines, batches=batches)
        assert [one.outcome for one in told] == ["counted"] * 5
        again = await published(party, lines, batches=batches)
        assert [(one.outcome, one.first_outcome) for one in again] == [("duplicate", "counted")] * 5
        assert [one.first_position for one in again] == [one.position for one in told]
        assert await pool.fetchval(f"SELECT count(*) FROM public.ledger WHERE publisher = '{B}' AND first") == 6


@BOTH
async def test_a_claimed_id_takes_nothing_where_nobody_answers_for_receipts(party: str, batches: bool) -> None:
    lines = [admitted(B, f"2023-00{n}") for n in range(1, 4)]
    await poison(party, lines[0], digest=True)
    told = await published(party, lines, batches=batches, wait=False)
    assert {one.outcome for one in told} == {"published"}
    assert sorted(set(await log_of(party, B))) == [line["id"] for line in lines]


async def test_a_claimed_id_does_not_change_the_order_of_a_batch(party: str, database: str) -> None:
    renamed = [
        event(ROOT, f"r-{name}", "unit.renamed", {"name": name, "since": "2020-01-01"}, B) for name in ("mot", "hai")
    ]
    async with projecting(party, database) as pool:
        await poison(party, renamed[0], digest=True)
        told = await published(party, renamed)
        assert [one.outcome for one in told] == ["applied"] * 2
        assert (told[0].position or 0) < (told[1].position or 0)
        generation = await pool.fetchval("SELECT generation FROM checkpoint")
        assert await pool.fetchval(f"SELECT name FROM g{generation}.unit WHERE id = '{B}'") == "hai"
