"""The ways between the machines of a cluster on loopback: what is cut hears nothing, what is mended loses nothing."""

from __future__ import annotations

import asyncio
import ssl
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.cluster.loopback.certificates import Certificates
from deploy.cluster.loopback.cutting import tell
from deploy.cluster.loopback.layout import Relayed
from deploy.cluster.loopback.relaying import Relays
from tests.fault.eventually import AT_LAST
from tests.servers import free_address, short_folder

TLS_REQUEST = struct.pack("!ii", 8, 80877103)
CALLER = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as there:
    for line in sys.stdin:
        there.sendall(line.encode())
        print(there.makefile("r").readline(), end="", flush=True)
"""


class Rig:
    """Two machines, `nats-1` that says everything again and PostgreSQL's with TLS before it; who asks is outside."""

    def __init__(self, folder: Path, plain: int, encrypted: int, certificates: Certificates) -> None:
        self.folder = folder
        self.plain = plain
        self.encrypted = encrypted
        self.certificates = certificates

    async def say(self, line: str) -> str:
        return await asyncio.to_thread(tell, self.folder / "run", line)


@pytest.fixture(scope="module")
async def rig() -> AsyncIterator[Rig]:
    async def again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(65_536):
                writer.write(said)
        writer.close()

    with short_folder() as folder:
        for name in ("run", "nats-1", "nats-2", "postgres-1"):
            (folder / name).mkdir()
        certificates = Certificates(folder, folder)
        certificates.make()
        server = await asyncio.start_server(again, "127.0.0.1", 0)
        behind = server.sockets[0].getsockname()[1]
        ways = [
            Relayed("nats-1", free_address().port, behind),
            Relayed("postgres-1", free_address().port, behind, tls=True),
        ]
        serving = asyncio.create_task(Relays(folder, ways, *certificates.server).serve())
        while not (folder / "run/relays.sock").exists():  # noqa: ASYNC110 - a socket tells nobody
            await asyncio.sleep(0.005)
        yield Rig(folder, ways[0].port, ways[1].port, certificates)
        serving.cancel()
        server.close()


async def test_what_is_said_while_a_machine_is_cut_off_is_heard_when_it_is_mended(rig: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.plain)
    writer.write(b"before\n")
    assert await reader.readline() == b"before\n"
    assert await rig.say("cut nats-1") == "ok"
    assert await rig.say("cut-off") == "nats-1"
    writer.write(b"meanwhile\n")
    other_reader, other_writer = await asyncio.open_connection("127.0.0.1", rig.plain)
    other_writer.write(b"new\n")
    hearing = asyncio.ensure_future(other_reader.readline())
    await asyncio.wait({hearing}, timeout=0.1)
    assert not hearing.done()
    assert await rig.say("mend nats-1") == "ok"
    async with asyncio.timeout(AT_LAST):
        assert await reader.readline() == b"meanwhile\n"
        assert await hearing == b"new\n"
    writer.close()
    other_writer.close()


async def test_who_is_cut_off_reaches_nobody_while_others_do(rig: Rig) -> None:
    """Whose a connection is, is known by the folder in which its process works."""
    callers = {
        name: subprocess.Popen(  # noqa: ASYNC220 - it is spoken with in threads
            [sys.executable, "-c", CALLER, str(rig.plain)],
            cwd=rig.folder / name,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("nats-2", "postgres-1")
    }

    def ask(name: str, line: str) -> str:
        caller = callers[name]
        assert caller.stdin is not None
        assert caller.stdout is not None
        caller.stdin.write(f"{line}\n")
        caller.stdin.flush()
        return caller.stdout.readline().strip()

    try:
        async with asyncio.timeout(AT_LAST):
            for name in callers:
                assert await asyncio.to_thread(ask, name, "one") == "one"
            assert await rig.say("cut nats-2") == "what?"  # no way leads there
            assert await rig.say("cut postgres-1") == "ok"
            cut_off = asyncio.create_task(asyncio.to_thread(ask, "postgres-1", "two"))
            assert await asyncio.to_thread(ask, "nats-2", "two") == "two"
            assert not cut_off.done()
            assert await rig.say("mend postgres-1") == "ok"
            assert await cut_off == "two"
    finally:
        for caller in callers.values():
            caller.kill()
            caller.communicate()


async def test_postgresql_is_reached_by_tls_alone(rig: Rig) -> None:
    context = ssl.create_default_context(cafile=rig.certificates.ca)
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.encrypted)
    writer.write(TLS_REQUEST)
    assert await reader.readexactly(1) == b"S"
    await writer.start_tls(context, server_hostname="127.0.0.1")
    sent = b"x" * 300_000 + b"\n"
    writer.write(sent)
    assert await reader.readexactly(len(sent)) == sent
    writer.close()


@pytest.mark.parametrize(
    "said",
    [b"\x00\x00\x00\x08plain", struct.pack("!ii", 8, 196608), TLS_REQUEST + b"\x00\x00\x00\x20in plain text"],
    ids=["nonsense", "start-up without TLS", "something in plain text behind the request"],
)
async def test_who_speaks_in_plain_text_to_postgresql_hears_nothing(rig: Rig, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.encrypted)
    writer.write(said)
    with suppress(ConnectionResetError):
        assert await reader.read() in {b"", b"S"}
    writer.close()


def test_the_authority_of_the_database_machines_is_another_one(rig: Rig) -> None:
    """Whoever has a certificate for the bus, as every unit's system may, is nobody to etcd and Patroni."""
    context = ssl.create_default_context(cafile=rig.certificates.database_ca)
    assert len(context.get_ca_certs()) == 1
    ours = ssl.create_default_context(cafile=rig.certificates.ca)
    assert context.get_ca_certs()[0]["serialNumber"] != ours.get_ca_certs()[0]["serialNumber"]
    for key in (rig.certificates.server.key, rig.certificates.client.key, rig.certificates.database.key):
        assert key.stat().st_mode & 0o077 == 0
