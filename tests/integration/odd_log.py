"""A log of everything that can stand in one: usual messages, atomic batches, true duplicates, odd subjects, headers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Final

from nats.aio.client import Client

from tests.oracle.telling import ROOT, Said, admitted, founded, moved, retracted, root

BATCH: Final = range(5, 15)
"""The positions of one atomic batch."""
LENGTH: Final = 31

WORLD: Final = (root(), *(founded(unit, ROOT, "2020-01-01") for unit in ("u1", "u2", "u3")))


async def publish_odd_log(client: Client) -> None:
    """Publish it, into a stream that is empty."""
    for said in WORLD:
        await publish(client, said)
    await publish_batch(client, "first", [admitted("u1", "2023-05-01", f"b{n}") for n in range(len(BATCH))])
    twice = admitted("u2", "2023-06-01", "twice")
    await publish(client, twice)
    await publish(client, twice, message_id="u2:twice, and past the window")
    await publish(client, moved("u3", "u2", "2022-01-01", "move"))
    await publish(client, admitted("u3", "2023-06-01", "under"))
    await publish(client, admitted("late", "2023-06-01", "let go"))
    await publish(client, admitted("unknown", "2023-06-01", "waits"))
    await publish(client, retracted("u1", "back", "b3"))
    bare = admitted("u1", "2023-07-01", "bare")
    await publish_raw(client, bare.bus_subject.encode(), None, bare.body)
    await publish_raw(client, b"party.v1.\xff.a", b"NATS/1.0\r\nFoo: \xfe\r\nfoo:b\r\n\r\n", b"\x00\xff")
    await publish_raw(client, b"party.v1.*.x", b"NATS/1.0\r\n\r\n", b"")
    await publish_raw(client, b"party.v1.a", b"no headers at all", b"{}")
    expected = b"NATS/1.0\r\nNats-Expected-Stream: PARTY\r\nNats-Expected-Last-Sequence: 25\r\n\r\n"
    strict = admitted("u1", "2023-07-02", "strict")
    await publish_raw(client, strict.bus_subject.encode(), expected, strict.body)
    await publish_batch(client, "second", [admitted("u2", "2023-08-01", f"c{n}") for n in range(4)])
    await publish(client, founded("late", "u1", "2021-01-01"))


async def publish(client: Client, said: Said, message_id: str | None = None) -> int:
    """Publish as the contract says, and return the position."""
    message_id = message_id or f"{said.bus_subject.split('.')[2]}:{json.loads(said.body)['id']}"
    ack = await client.jetstream().publish(said.bus_subject, said.body, headers={"Nats-Msg-Id": message_id})
    assert not ack.duplicate
    return ack.seq


async def publish_batch(client: Client, name: str, said: Sequence[Said]) -> None:
    """Publish events as one atomic batch: its headers stay in the stream."""
    for number, one in enumerate(said, 1):
        headers = {"Nats-Msg-Id": f"{name}:{number}", "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
        if number == len(said):
            headers["Nats-Batch-Commit"] = "1"
        if 1 < number < len(said):
            await client.publish(one.bus_subject, one.body, headers=headers)
        else:
            answer = await client.request(one.bus_subject, one.body, headers=headers)
            assert b"error" not in answer.data


async def publish_raw(client: Client, subject: bytes, headers: bytes | None, body: bytes) -> None:
    """Publish these very bytes, and wait until the bus has acknowledged them."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    for _ in range(2):  # nats-py's first PING may overtake the subscription
        await client.flush()
    if headers is None:
        command = b"PUB %b %b %d\r\n%b\r\n" % (subject, inbox.encode(), len(body), body)
    else:
        sizes = (len(headers), len(headers) + len(body))
        command = b"HPUB %b %b %d %d\r\n%b%b\r\n" % (subject, inbox.encode(), *sizes, headers, body)
    url = client.connected_url
    assert url is not None
    named = {} if url.username is None else {"user": url.username, "pass": url.password}
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(
        b"CONNECT %b\r\n" % json.dumps({"verbose": False, "pedantic": False, "headers": True, **named}).encode()
    )
    writer.write(command + b"PING\r\n")
    while (line := await reader.readline()) != b"PONG\r\n":
        assert line.startswith(b"INFO "), line
    writer.close()
    answer = await subscription.next_msg(5)
    assert b'"seq"' in answer.data
    assert b"error" not in answer.data
    await subscription.unsubscribe()
