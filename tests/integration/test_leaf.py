"""A leaf and its hub: what units store there gets to the hub once, in order, with its headers, or stays and is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from nats.js.errors import APIError

from services.bus_credentials import accounts
from services.bus_credentials.revoking import revoke
from services.forwarding.aside import NOT_PERMITTED
from services.forwarding.forwarder import Forwarder
from services.publishing.connection import BusRefusedError
from tests.attacks.leaves import OUTSIDE, PROVINCE, SIBLING, UNIT, Leaf, allow, leaf_at_work, published
from tests.attacks.signed import Signed, signed_with_a_log


@pytest.fixture(scope="module")
async def hub() -> AsyncIterator[Signed]:
    async with signed_with_a_log() as server:
        yield server


@pytest.fixture
async def leaf(hub: Signed) -> AsyncIterator[Leaf]:
    async with leaf_at_work(hub) as running:
        yield running


async def log(hub: Signed, after: int = 0) -> list[tuple[str, dict[str, str], bytes]]:
    """Read the hub's log: subject, headers, body."""
    async with hub.client("reader") as reader:
        jetstream = reader.jetstream()
        last = (await jetstream.stream_info("PARTY")).state.last_seq
        found = [await jetstream.get_msg("PARTY", position) for position in range(after + 1, last + 1)]
    return [(one.subject or "", dict(one.headers or {}), one.data or b"") for one in found]


async def without_an_end(forwarder: Forwarder) -> None:
    while True:
        await forwarder.step()


async def test_what_units_store_at_the_leaf_gets_to_the_hub_in_order_with_its_headers(hub: Signed, leaf: Leaf) -> None:
    before = len(await log(hub))
    ids = await published(leaf.server, UNIT, 40) + await published(leaf.server, SIBLING, 5)
    async with leaf.store() as store:
        assert (await store.waiting()).messages == 45
    assert await leaf.forward() == 0
    found = await log(hub, before)
    assert [headers["Nats-Msg-Id"] for _, headers, _ in found] == ids
    assert [body for _, _, body in found[:40]] == [b'{"id":"%d"}' % number for number in range(40)]
    assert found[39][1]["X-Of-The-Unit"] == "no. 39"
    assert found[-1][0] == f"party.v1.{SIBLING}.member.admitted"


async def test_who_is_not_below_waits_in_order_is_told_and_keeps_nobody_else_waiting(hub: Signed, leaf: Leaf) -> None:
    before = len(await log(hub))
    theirs = await published(leaf.server, OUTSIDE, 3)
    ours = await published(leaf.server, UNIT, 3, first=100)
    theirs += await published(leaf.server, OUTSIDE, 2, first=3)
    assert await leaf.forward() == 5
    assert [headers["Nats-Msg-Id"] for _, headers, _ in await log(hub, before)] == ours
    held = leaf.aside.units[OUTSIDE]
    assert (held.reason, held.count, held.first) == (NOT_PERMITTED, 5, 1)
    allow(hub, [UNIT, SIBLING, OUTSIDE])  # a reorganisation
    await hub.hand()
    assert await leaf.forward() == 0
    assert [headers["Nats-Msg-Id"] for _, headers, _ in await log(hub, before)] == ours + theirs
    assert not leaf.aside.units


async def test_a_leaf_that_is_full_refuses_its_units_and_drops_nothing(leaf: Leaf) -> None:
    leaf.room = 1
    async with leaf.store() as store, leaf.server.client(UNIT) as unit:
        jetstream = unit.jetstream()
        taken = 0
        with suppress(APIError):
            for taken in range(200):
                await jetstream.publish(f"party.v1.{UNIT}.member.admitted", b"%5d" % taken + b" " * 16_000)
        assert taken < 100
        assert (await store.waiting()).messages == taken
    assert await leaf.forward() == 0


async def test_a_leaf_whose_credential_is_taken_back_sends_no_more(hub: Signed, leaf: Leaf) -> None:
    before = len(await log(hub))
    async with leaf.forwarder() as (forwarder, store):
        await published(leaf.server, UNIT, 2, first=200)
        revoke(hub.keys, f"below-{PROVINCE}", PROVINCE, by="a test")
        await hub.hand()
        with pytest.raises(BusRefusedError, match="closed"):
            await without_an_end(forwarder)
        assert (await store.waiting()).messages == 2
    assert len(await log(hub)) == before
    leaf.credential.unlink()
    leaf.credential = allow(hub, [UNIT, SIBLING])
    assert accounts.sign(hub.keys, [])
    await hub.hand()
    assert await leaf.forward() == 0


async def test_who_is_shut_out_at_the_hub_waits_at_the_leaf(hub: Signed, leaf: Leaf) -> None:
    before = len(await log(hub))
    await hub.hand(UNIT)
    theirs = await published(leaf.server, UNIT, 2, first=300)
    others = await published(leaf.server, SIBLING, 2, first=300)
    assert await leaf.forward() == 2
    assert leaf.aside.held(UNIT)
    assert [headers["Nats-Msg-Id"] for _, headers, _ in await log(hub, before)] == others
    await hub.hand()
    assert await leaf.forward() == 0
    assert [headers["Nats-Msg-Id"] for _, headers, _ in await log(hub, before)] == others + theirs
