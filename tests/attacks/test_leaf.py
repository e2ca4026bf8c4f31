"""A leaf under attack: by its own credential, by units that send there, by who has the leaf's keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import nats
import nats.errors
import nats.js.errors
import pytest
from nats.aio.client import Client

from services.bus_credentials import accounts, hub, issuing
from services.bus_credentials.files import KeysError
from services.bus_credentials.revoking import revoke
from services.forwarding.forwardable import NO_SUBJECT, carried
from services.log.gaps import read_range
from services.publishing.receipt import subject_of
from tests.attacks import leaves
from tests.attacks.guarded import refused
from tests.attacks.leaves import OUTSIDE, PROVINCE, SIBLING, UNIT, Leaf, leaf_at_work, published
from tests.attacks.raw_commands import send_command
from tests.attacks.signed import Signed, signed_with_a_log


@pytest.fixture(scope="module")
async def at() -> AsyncIterator[Signed]:
    async with signed_with_a_log() as server:
        yield server


@pytest.fixture
async def leaf(at: Signed) -> AsyncIterator[Leaf]:
    async with leaf_at_work(at) as running:
        yield running


async def connected(address: str, file: Path, prefix: str) -> Client:
    async def quietly(_: Exception) -> None:
        """Say nothing: what is wrong is seen."""

    return await nats.connect(
        f"nats://{address}",
        user_credentials=str(file),
        inbox_prefix=prefix,
        error_cb=quietly,
        allow_reconnect=False,
        max_reconnect_attempts=0,
    )


async def last_of(at: Signed) -> int:
    async with at.client("reader") as reader:
        return int((await reader.jetstream().stream_info("PARTY")).state.last_seq)


async def test_the_leafs_credential_speaks_for_its_units_alone_and_reads_nothing(at: Signed, leaf: Leaf) -> None:
    client = await connected(at.address, leaf.credential, f"_INBOX_{PROVINCE}")
    try:
        assert (await client.jetstream().publish(f"party.v1.{UNIT}.x.y", b"{}")).stream == "PARTY"
        for subject in (
            f"party.v1.{OUTSIDE}.member.admitted",
            f"party.v1.{UNIT}.access.granted",
            subject_of(UNIT),
            subject_of(OUTSIDE),
            "$JS.API.STREAM.INFO.PARTY",
            "$JS.API.STREAM.MSG.GET.PARTY",
            "log.STREAM.INFO.PARTY",
            "$SYS.REQ.SERVER.PING",
        ):
            with pytest.raises(nats.errors.Error):
                await client.request(subject, b"{}", timeout=0.05)
            await refused(at, f'Publish Violation - Subject "{subject}"')
        for subject in (">", "party.v1.>", f"_INBOX_{UNIT}.>", "_R_.>"):
            await client.subscribe(subject)
            await refused(at, f'Subscription Violation - Subject "{subject}"')
        before = await last_of(at)
        # By the reply address nothing is reached that the account has not: there is no JetStream in it.
        await client.publish(f"party.v1.{UNIT}.x.y", b"", reply="$JS.API.STREAM.DELETE.PARTY")
        await client.flush()
        assert await last_of(at) >= before
    finally:
        await client.close()


async def test_ten_thousand_units_below_are_spoken_for_and_no_other(at: Signed) -> None:
    units = [f"xa-thi-tran-so-{number:05d}" for number in range(10_000)]
    file = leaves.allow(at, units, "tinh-lon")
    await at.hand()
    client = await connected(at.address, file, "_INBOX_tinh-lon")
    try:
        for unit in (units[0], units[-1], "tinh-lon"):
            assert (await client.jetstream().publish(f"party.v1.{unit}.x.y", b"{}")).stream == "PARTY"
        with pytest.raises(nats.errors.Error):
            await client.request("party.v1.xa-thi-tran-so-10000.x.y", b"{}", timeout=0.05)
        await refused(at, 'Publish Violation - Subject "party.v1.xa-thi-tran-so-10000.x.y"')
        leaves.allow(at, units[1:], "tinh-lon")  # a list made anew cuts the connection, and the file goes on
        await at.hand()
        async with asyncio.timeout(60):
            while client.is_connected:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    finally:
        await client.close()
    client = await connected(at.address, file, "_INBOX_tinh-lon")
    await client.publish(f"party.v1.{units[0]}.x.y", b"{}")
    await refused(at, f'Publish Violation - Subject "party.v1.{units[0]}.x.y"')
    await client.close()


async def test_a_unit_at_the_leaf_is_confined_as_at_the_hub(leaf: Leaf) -> None:
    client = await connected(leaf.server.address, leaf.server.file(UNIT), f"_INBOX_{UNIT}")
    try:
        assert (await client.jetstream().publish(f"party.v1.{UNIT}.x.y", b"{}")).stream == "PARTY"
        for subject in (
            f"party.v1.{SIBLING}.x.y",
            f"party.v1.{PROVINCE}.x.y",
            f"party.v1.{UNIT}.access.granted",
            "$JS.API.STREAM.PURGE.PARTY",
            "$JS.API.STREAM.MSG.GET.PARTY",
        ):
            with pytest.raises(nats.errors.Error):
                await client.request(subject, b"{}", timeout=0.05)
            await refused(leaf.server, f'Publish Violation - Subject "{subject}"')
        for subject in ("party.v1.>", f"_INBOX_{SIBLING}.>", "_INBOX.>"):
            await client.subscribe(subject)
            await refused(leaf.server, f'Subscription Violation - Subject "{subject}"')
        for reply in ("$JS.API.STREAM.PURGE.PARTY", "$JS.API.STREAM.DELETE.PARTY", f"party.v1.{SIBLING}.x.y"):
            await client.publish(f"party.v1.{UNIT}.x.y", b"", reply=reply)
        await client.flush()
    finally:
        await client.close()
    async with leaf.forwarder() as (_, store):
        waiting = await store.waiting()
        assert (waiting.first, waiting.messages) == (1, 4)
        assert {message.bus_subject for message in await store.read(1, 4)} == {f"party.v1.{UNIT}.x.y"}


async def test_the_leafs_own_keys_open_nothing_at_the_hub(at: Signed, leaf: Leaf, tmp_path: Path) -> None:
    keys = accounts.make_leaf(leaf.folder / "keys", hub.read(leaf.folder / "hub-signed.conf"))
    files = [leaf.folder / "keys/service/forward.creds"]
    for user in ("handing", "forward"):
        (made,) = issuing.issue(keys, user, [user], until=None, by="whoever has the leaf's keys")
        files.append(tmp_path / f"{user}.creds")
        files[-1].write_text(made.text)
    for file in files:
        with pytest.raises(nats.errors.Error):
            await connected(at.address, file, "_INBOX")
    with pytest.raises(KeysError, match=r"unit\.seed"):  # and it can make no credential of a unit
        issuing.issue(keys, "unit", [OUTSIDE], until=None, by="whoever has the leaf's keys")


async def test_what_the_hub_has_taken_back_the_leaf_refuses_once_it_is_told(at: Signed, leaf: Leaf) -> None:
    file = at.file("xa-bi-thu-hoi")
    await (await connected(leaf.server.address, file, "_INBOX_xa-bi-thu-hoi")).close()
    before = (leaf.folder / "hub-signed.conf").read_text()
    revoke(at.keys, "unit", "xa-bi-thu-hoi", by="a test")
    leaves.make_keys(at, leaf.folder)
    await leaves.hand_at(leaf)
    with pytest.raises(nats.errors.Error):
        await connected(leaf.server.address, file, "_INBOX_xa-bi-thu-hoi")
    older = leaf.folder / "older.conf"
    older.write_text(before)
    with pytest.raises(KeysError, match="older"):
        accounts.make_leaf(leaf.folder / "keys", hub.read(older))
    await at.hand()


@pytest.mark.parametrize("how", ["operator", "account", "signature", "another hub"])
def test_a_hub_that_was_altered_on_its_way_is_refused(at: Signed, tmp_path: Path, how: str) -> None:
    text = leaves.told(at, tmp_path).read_text()
    accounts.make_leaf(tmp_path / "keys", hub.read(tmp_path / "hub-signed.conf"))
    other = accounts.make(tmp_path / "other", anybody=False)
    theirs = accounts.configuration(other, accounts.sign(other, []), "$TONGHOP_ACCOUNTS")
    operator = re.compile(r"^operator: \S+$", re.MULTILINE)
    found = operator.search(theirs)
    assert found
    altered = {
        "operator": operator.sub(found[0], text),
        "account": theirs.replace(found[0], operator.search(text)[0]),  # type: ignore[index]
        "signature": re.sub(r"^(  A\S+: \S+)....$", r"\1AAAA", text, flags=re.MULTILINE),
        "another hub": theirs,
    }[how]
    (tmp_path / "altered.conf").write_text(altered)
    with pytest.raises(KeysError):
        accounts.make_leaf(tmp_path / "keys", hub.read(tmp_path / "altered.conf"))


async def test_no_message_of_a_unit_stops_those_of_others(at: Signed, leaf: Leaf) -> None:
    """Whatever a client can send: subjects that are none, too long, not UTF-8; headers that steer a bus; no body."""
    hostile = [
        (f"party.v1.{UNIT}.Upper.Case", None, b"{}"),
        (f"party.v1.{UNIT}." + "x" * 3_900, None, b"{}"),
        (f"party.v1.{UNIT}.one", None, b""),
        (f"party.v1.{UNIT}.x.y", {"Nats-Expected-Last-Sequence": "0"}, b"a"),
        (f"party.v1.{UNIT}.x.y", {"Nats-Msg-Id": "claimed"}, b"b"),
        (f"party.v1.{UNIT}.x.y", {"Nats-Msg-Id": "claimed-too", "A": "\u00e9" * 500}, b"c"),
        (f"party.v1.{UNIT}.x.y", None, b"\xff" * 16_384),
    ]
    async with leaf.server.client(UNIT) as client:
        for subject, headers, body in hostile:
            with suppress(nats.errors.Error, nats.js.errors.Error):
                await client.jetstream(timeout=0.2).publish(subject, body, headers=headers)
        unreadable = f"party.v1.{UNIT}.".encode() + b"\xff\xfe"
        await send_command(client, b"PUB " + unreadable + b" 2\r\n{}\r\n")
        await send_command(client, b"HPUB " + f"party.v1.{UNIT}.x.z".encode() + b" 14 16\r\nNATS/1.0\r\n:x\r\n{}\r\n")
        await client.flush()
    before = await last_of(at)
    ids = await published(leaf.server, SIBLING, 3)
    left = await leaf.forward()
    assert leaf.aside.units.keys() == {UNIT}
    assert leaf.aside.units[UNIT].reason == NO_SUBJECT
    assert not leaf.aside.held(UNIT)
    async with at.client("reader") as reader:
        stored = await read_range(reader, "PARTY", before + 1, await last_of(at))
    assert sum(any(id_.encode() in (message.headers or b"") for id_ in ids) for message in stored) == 3
    assert 2 <= left <= 4
    assert len(stored) >= 3 + 4


async def test_an_id_that_somebody_claimed_at_the_hub_keeps_nothing_from_the_log(at: Signed, leaf: Leaf) -> None:
    body = b'{"guessed":"body"}'
    async with at.client(OUTSIDE) as attacker:
        await attacker.jetstream().publish(f"party.v1.{OUTSIDE}.x.y", b"", headers={"Nats-Msg-Id": "theirs"})
    async with leaf.server.client(UNIT) as unit:
        for number in range(2):
            await unit.jetstream().publish(
                f"party.v1.{UNIT}.x.y", body + b"%d" % number, headers={"Nats-Msg-Id": "theirs" if number else "own"}
            )
    before = await last_of(at)
    assert await leaf.forward() == 0
    async with at.client("reader") as reader:
        stored = await read_range(reader, "PARTY", before + 1, await last_of(at))
    assert [message.body for message in stored] == [body + b"0", body + b"1"]


async def test_two_forwarders_at_once_lose_nothing_and_keep_the_order(at: Signed, leaf: Leaf) -> None:
    await published(leaf.server, UNIT, 1_200, first=10_000)
    before = await last_of(at)
    assert await asyncio.gather(leaf.forward(), leaf.forward()) == [0, 0]
    async with at.client("reader") as reader:
        stored = await read_range(reader, "PARTY", before + 1, await last_of(at))
    bodies = list(dict.fromkeys(message.body for message in stored))
    assert bodies == [b'{"id":"%d"}' % number for number in range(10_000, 11_200)]


def test_headers_that_steer_a_bus_stay_behind() -> None:
    block = (
        b"NATS/1.0\r\nNats-Msg-Id: a:b:c\r\nNats-Batch-Id: x\r\nNATS-TTL: 1\r\nnats-rollup: all\r\nX-Own: 1\r\n"
        b"X-Own: 2\r\nno header\r\n\xff\xfe: y\r\nZ: \x00\r\nNats-Schedule: @every 1s\r\n\r\n"
    )
    assert carried(block) == {"Nats-Msg-Id": "a:b:c", "X-Own": "1"}
