"""Signed credentials under attack: expired, taken back, forged, widened, stolen in part; and those of others go on."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import nats
import nats.errors
import nkeys
import pytest
from nats.aio.client import Client

from services import bus_accounts
from services.bus_credentials import accounts, claims, handing, issuing, register
from services.bus_credentials.files import KeysError
from services.bus_credentials.issuing import end_of
from services.bus_credentials.keys import Keys
from services.bus_credentials.revoking import revoke
from services.bus_credentials.signing import ACCOUNT, USER, Key, claims_of, credentials
from services.publishing.connection import BusRefusedError, connect
from tests import servers
from tests.attacks.guarded import told
from tests.attacks.signed import Signed, signed, signed_with_a_log

UNIT, OTHER = "gia-binh", "bac-ninh"
EVENT = "party.v1.gia-binh.member.admitted"
AT_LAST = 60.0


@pytest.fixture(scope="module")
async def bus() -> AsyncIterator[Signed]:
    async with signed_with_a_log() as server:
        yield server


async def comes_in(bus: Signed, text: str, folder: Path) -> bool:
    """Try a credential, and say whether the server takes it."""
    file = folder / "tried.creds"
    file.write_text(text)
    try:
        client = await connected(bus, file)
    except nats.errors.Error:
        return False
    await client.close()
    return True


async def connected(bus: Signed, file: Path) -> Client:
    async def quietly(_: Exception) -> None:
        """Say nothing: what is wrong is raised, or seen."""

    return await nats.connect(
        f"nats://{bus.address}",
        user_credentials=str(file),
        inbox_prefix=f"_INBOX_{UNIT}",
        error_cb=quietly,
        allow_reconnect=False,
        max_reconnect_attempts=0,
    )


async def ended(client: Client) -> None:
    """Wait until the server has ended a connection."""
    async with asyncio.timeout(AT_LAST):
        while client.is_connected:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


def made(bus: Signed, signer: Key | None = None, *, name: str = UNIT, until: int | None = None, **said: Any) -> str:
    """Sign a credential by whatever key, which says whatever of itself."""
    own = Key.make(USER)
    described = claims.credential(bus.keys.identities.accounts[bus_accounts.UNITS]) | said
    signer = signer or bus.keys.of_user(bus_accounts.UNIT)
    return credentials(signer.sign(own.public, name, described, at=int(time.time()), until=until), own.seed)


async def test_one_that_is_as_it_should_be_comes_in(bus: Signed, tmp_path: Path) -> None:
    assert await comes_in(bus, made(bus), tmp_path)


WIDENED: dict[str, dict[str, Any]] = {
    "all subjects": {"pub": {"allow": [">"]}, "sub": {"allow": [">"]}},
    "another unit": {"pub": {"allow": ["party.v1.bac-ninh.>"]}},
    "grants": {"pub": {"allow": ["party.v1.gia-binh.access.>"]}},
    "more subscriptions": {"subs": -1},
    "larger messages": {"payload": -1},
    "answers": {"resp": {"max": 100, "ttl": 0}},
    "without a key": {"bearer_token": True},
    "the log's account": {},
}


@pytest.mark.parametrize("what", WIDENED)
async def test_one_that_widens_what_it_may_does_not_come_in(bus: Signed, tmp_path: Path, what: str) -> None:
    more = WIDENED[what] or {"issuer_account": bus.keys.identities.accounts[bus_accounts.LOG]}
    assert not await comes_in(bus, made(bus, **more), tmp_path)


async def test_one_that_another_key_signed_does_not_come_in(bus: Signed, tmp_path: Path) -> None:
    for signer in (Key.make(ACCOUNT), Key.make(USER), bus.keys.of_user("operator"), bus.keys.operator):
        assert not await comes_in(bus, made(bus, signer), tmp_path)
    other = accounts.make(tmp_path / "another-operator", anybody=False)
    (theirs,) = issuing.issue(other, bus_accounts.UNIT, [UNIT], until=None, by="somebody")
    assert not await comes_in(bus, theirs.text, tmp_path)


async def test_one_without_a_signature_does_not_come_in(bus: Signed, tmp_path: Path) -> None:
    text = made(bus)
    jwt = text.splitlines()[1]
    head, body, signature = jwt.split(".")
    none = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"none"}').decode().rstrip("=")
    claimed = claims_of(jwt) | {"name": OTHER}
    renamed = base64.urlsafe_b64encode(json.dumps(claimed).encode()).decode().rstrip("=")
    for forged in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{renamed}.{signature}",
        f"{head}.{body}.AAAA",
    ):
        assert not await comes_in(bus, text.replace(jwt, forged), tmp_path)


async def test_a_credential_without_its_own_seed_is_of_no_use(bus: Signed, tmp_path: Path) -> None:
    jwt = made(bus).splitlines()[1]
    assert not await comes_in(bus, credentials(jwt, Key.make(USER).seed), tmp_path)


async def test_one_that_has_expired_does_not_come_in_and_an_open_connection_is_cut(bus: Signed, tmp_path: Path) -> None:
    now = int(time.time())
    assert not await comes_in(bus, made(bus, until=now - 1), tmp_path)
    file = tmp_path / "soon.creds"
    file.write_text(made(bus, until=now + 1))
    client = await connected(bus, file)
    assert (await client.jetstream().publish(EVENT, b"{}")).stream == "PARTY"
    await ended(client)
    async with asyncio.timeout(AT_LAST):
        while await comes_in(bus, file.read_text(), tmp_path):  # noqa: ASYNC110 - until the second in which it ends is over
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["*", ">", "a.b", "", "A", "gia-binh ", "{{name()}}"])
def test_no_credential_is_issued_for_what_is_no_units_id(bus: Signed, name: str) -> None:
    with pytest.raises(KeysError, match="no unit's id"):
        issuing.issue(bus.keys, bus_accounts.UNIT, [name], until=None, by="a test")


async def test_publishing_says_at_once_what_is_wrong_with_a_credential(bus: Signed, tmp_path: Path) -> None:
    (tmp_path / "over.creds").write_text(made(bus, until=end_of("2024-12-31")))
    (tmp_path / "forged.creds").write_text(made(bus, Key.make(ACCOUNT)))
    for name, said in (("over", "was good until 2024-12-31"), ("forged", "the server is closed to us")):
        file = str(tmp_path / f"{name}.creds")
        with pytest.raises(BusRefusedError, match=said):
            async with connect(f"nats://{bus.address}", notice=lambda _: None, credentials=file):
                pass
    async with connect(f"nats://{bus.address}", notice=lambda _: None, credentials=str(bus.file(UNIT))) as publisher:
        assert publisher.client.new_inbox().startswith(f"_INBOX_{UNIT}.")


def test_the_last_day_is_a_whole_day_in_vietnam(bus: Signed) -> None:
    (one,) = issuing.issue(bus.keys, bus_accounts.UNIT, [UNIT], until="2099-12-31", by="a test")
    assert claims_of(one.text.splitlines()[1])["exp"] == 4102419600  # 2100-01-01T00:00:00+07:00
    with pytest.raises(KeysError, match="is over"):
        issuing.issue(bus.keys, bus_accounts.UNIT, [UNIT], until="2026-01-01", by="a test")


async def test_what_is_taken_back_ends_at_once_and_nobody_else_notices(bus: Signed, tmp_path: Path) -> None:
    texts = [
        one.text for one in issuing.issue(bus.keys, bus_accounts.UNIT, ["u1", "u1", "u2"], until=None, by="a test")
    ]
    files = [tmp_path / f"{n}.creds" for n in range(3)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    clients = [await connected(bus, file) for file in files]
    for _ in range(2):  # again is harmless
        revoke(bus.keys, bus_accounts.UNIT, "u1", by="a test")
        assert await bus.hand() == 1
    for client in clients[:2]:
        await ended(client)
    assert [await comes_in(bus, text, tmp_path) for text in texts] == [False, False, True]
    assert clients[2].is_connected
    await clients[2].flush()
    (anew,) = issuing.issue(bus.keys, bus_accounts.UNIT, ["u1"], until=None, by="a test")
    assert await comes_in(bus, anew.text, tmp_path)
    assert [one.revoked_by for one in register.read(bus.keys.folder) if one.name == "u1"] == ["a test", "a test", None]
    with pytest.raises(KeysError, match="issued no credential"):
        revoke(bus.keys, bus_accounts.UNIT, "u3", by="a test")
    for client in clients:
        await client.close()


async def test_who_is_shut_out_is_refused_on_an_open_connection_until_it_is_let_in_again(bus: Signed) -> None:
    async with bus.client(UNIT) as unit, bus.client(OTHER) as other:
        await unit.jetstream().publish(EVENT, b"{}")
        await bus.hand(UNIT)
        bus.heard.clear()
        with suppress(nats.errors.Error):
            await unit.jetstream(timeout=0.2).publish(EVENT, b"{}")
        await told(unit)
        assert any('publish to "shut-out.gia-binh.member.admitted"' in said for said in bus.heard)
        await other.jetstream().publish("party.v1.bac-ninh.x.y", b"{}")
        await bus.hand()
        assert (await unit.jetstream().publish(EVENT, b"{}")).stream == "PARTY"


async def test_keys_that_went_back_in_time_are_told_that_the_servers_know_more(bus: Signed, tmp_path: Path) -> None:
    saved = {file.name: file.read_bytes() for file in bus.keys.folder.iterdir()}
    issuing.issue(bus.keys, bus_accounts.UNIT, ["u9"], until=None, by="a test")
    revoke(bus.keys, bus_accounts.UNIT, "u9", by="a test")
    await bus.hand()
    now = {file.name: file.read_bytes() for file in bus.keys.folder.iterdir()}
    for name in ("accounts.json", register.FILE):
        (bus.keys.folder / name).write_bytes(saved[name])
    with pytest.raises(KeysError, match="newer"):
        await bus.hand()
    for name in ("accounts.json", register.FILE):
        (bus.keys.folder / name).write_bytes(now[name])
    await bus.hand()


async def test_a_server_that_starts_again_with_what_it_was_configured_with_at_first_forgets_nothing(
    tmp_path: Path,
) -> None:
    with servers.short_folder() as folder:
        with signed(folder) as server:
            text = made(server)
            file = server.file(UNIT)
            at_first = (folder / "nats.conf").read_text()
            revoke(server.keys, bus_accounts.UNIT, UNIT, by="a test")
            await server.hand()
        with signed(folder, at_first) as server:
            assert not await comes_in(server, file.read_text(), tmp_path)
            assert await comes_in(server, text, tmp_path)


async def test_what_is_taken_back_ends_on_every_server_of_a_cluster(tmp_path: Path) -> None:
    with cluster_of_three() as (first, *others):
        await formed(first, *others)
        file = first.file(UNIT)
        clients = [await connected(server, file) for server in (first, *others)]
        revoke(first.keys, bus_accounts.UNIT, UNIT, by="a test")
        assert await first.hand() == 3
        for client in clients:
            await ended(client)
        assert [await comes_in(server, file.read_text(), tmp_path) for server in (first, *others)] == [False] * 3


async def test_a_server_that_does_not_answer_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(handing, "TAKEN_WITHIN", 1.0)
    with cluster_of_three() as (first, second, third):
        await formed(first, second, third)
        os.kill(third.pid, signal.SIGSTOP)
        try:
            file = first.file("u1")
            revoke(first.keys, bus_accounts.UNIT, "u1", by="a test")
            with pytest.raises(KeysError, match="2 of 3 servers"):
                await first.hand()
            for server in (first, second):  # the others have it all the same
                assert not await comes_in(server, file.read_text(), tmp_path)
        finally:
            os.kill(third.pid, signal.SIGCONT)
        assert await first.hand() == 3


async def formed(*cluster: Signed) -> None:
    """Wait until each knows the others."""
    async with asyncio.timeout(AT_LAST):
        for server in cluster:
            while await server.hand() < len(cluster):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.02)


@contextmanager
def cluster_of_three() -> Iterator[list[Signed]]:
    """Run three servers that know each other, without a log, with the accounts of one folder of keys."""
    with servers.short_folder() as folder, ExitStack() as stack:
        keys = accounts.make(folder / "keys", anybody=False)
        part = accounts.configuration(keys, accounts.sign(keys, []), "$TONGHOP_ACCOUNTS")
        routes = [servers.free_address() for _ in range(3)]
        running = []
        for number, route in enumerate(routes):
            own = folder / str(number)
            own.mkdir()
            text = f"""
                server_name: nats-{number}
                listen: "127.0.0.1:-1"
                ports_file_dir: "{own}"
                cluster {{ name: t, listen: "{route}", routes: [{", ".join(f'"nats://{each}"' for each in routes)}] }}
                {part}
            """
            variables = {"TONGHOP_ACCOUNTS": str(own / "accounts")}
            at = stack.enter_context(servers.configured_nats(own / "nats.conf", text, variables))
            running.append(Signed(at[0], own / "nats.log", at[1], keys=keys))
        yield running


def test_a_line_that_was_broken_off_is_nobodys(tmp_path: Path) -> None:
    keys = accounts.make(tmp_path / "keys", anybody=False)
    issuing.issue(keys, bus_accounts.UNIT, ["u1"], until=None, by="a test")
    file = keys.folder / register.FILE
    file.write_bytes(file.read_bytes() + b'{"what":"issued","key":"U')
    issuing.issue(keys, bus_accounts.UNIT, ["u2"], until=None, by="a test")
    assert [one.name for one in register.read(keys.folder)] == ["u1", "u2"]


def test_issuing_needs_the_one_seed_and_revoking_the_operators(tmp_path: Path) -> None:
    keys = accounts.make(tmp_path / "keys", anybody=False)
    accounts.sign(keys, [])
    for seed in keys.folder.glob("*.seed"):
        if seed.stem != bus_accounts.UNIT:
            seed.unlink()
    few = Keys.found(keys.folder)
    assert accounts.sign(few, [])
    issuing.issue(few, bus_accounts.UNIT, ["u1"], until=None, by="a test")
    revoke(few, bus_accounts.UNIT, "u1", by="a test")
    with pytest.raises(KeysError, match=r"nats-operator\.seed"):
        accounts.sign(few, [])


AS_THE_CLI_READS = re.compile(r"\s*(?:(?:[-]{3,}.*[-]{3,}\r?\n)([\w\-.=]+)(?:\r?\n[-]{3,}.*[-]{3,}(?:\r?\n|\Z)))")
"""Of github.com/nats-io/jwt (creds_utils.go), by which the `nats` command and all clients in Go read such a file."""


def test_the_file_is_what_the_nats_command_reads(bus: Signed) -> None:
    jwt, seed = AS_THE_CLI_READS.findall(made(bus))
    assert claims_of(jwt)["name"] == UNIT
    assert nkeys.from_seed(bytearray(seed.encode())).public_key.decode() == claims_of(jwt)["sub"]
