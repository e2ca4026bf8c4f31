"""A hub, a leaf and its forwarder as processes, with a line between them that can be cut, and all can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from services.bus_credentials import accounts
from services.bus_credentials.accounts import configuration
from services.publishing.connection import connect
from services.publishing.lines import Line, read_line
from services.publishing.sending import Sender, Sent
from services.settings import Address
from tests import servers
from tests.attacks import leaves
from tests.attacks.leaves import SIBLING, UNIT, Leaf
from tests.attacks.signed import Signed
from tests.fault.eventually import eventually
from tests.fault.forked import Forked


class Wire:
    """What is between the leaf and the hub: `cut` ends all connections, and lets none through until `mend`."""

    def __init__(self, to: Address) -> None:
        self._to = to
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.address = ""

    async def begin(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.address = "{}:{}".format(*self._server.sockets[0].getsockname())

    async def end(self) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()

    def cut(self) -> None:
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._open = True

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            if self._open:
                there, back = await asyncio.open_connection(self._to.host, self._to.port)
                self._writers.add(back)
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
                self._writers.discard(back)
        writer.transport.abort()
        self._writers.discard(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(1 << 16):
            writer.write(block)
            await writer.drain()
    writer.transport.abort()


class Rig:
    """All of it; `hub`, `leaf` and `forward` are killed and begun again on the same addresses and folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._addresses = {name: servers.free_address() for name in ("hub", "leaf")}
        self.metrics = servers.free_address()
        """Where the forwarder tells its metrics."""
        self._stacks = {name: ExitStack() for name in ("hub", "leaf")}
        self._running: dict[str, Signed] = {}
        self.more: dict[str, str] = {}
        """Settings of the forwarder besides those of the leaf."""
        self.wire = Wire(self._addresses["hub"])
        self._forward: Forked | None = None
        self._keys = accounts.make(folder / "keys", anybody=True)
        (folder / "leaf").mkdir()

    @property
    def hub(self) -> Signed:
        return self._running["hub"]

    async def begin(self) -> None:
        await self.wire.begin()
        self._start_hub()
        await self.hub.add_log()
        self._credential = leaves.allow(self.hub, [UNIT, SIBLING])
        await self.hub.hand()
        self._start_leaf()
        async with self.leaf.store():
            pass
        self._start_forward()

    async def end(self) -> None:
        self.kill("forward", again=False)
        for stack in self._stacks.values():
            stack.close()
        await self.wire.end()

    @property
    def leaf(self) -> Leaf:
        return Leaf(self.hub, self._running["leaf"], self.folder / "leaf", self._credential)

    def kill(self, name: str, *, again: bool = True) -> None:
        """Kill -9 one of them, and begin it again."""
        if name == "forward":
            assert self._forward is not None
            with suppress(ProcessLookupError):
                os.kill(self._forward.pid, signal.SIGKILL)
            self._forward.stop(())
        else:
            self._stacks[name].close()  # it is killed, not stopped
        if again:
            {"hub": self._start_hub, "leaf": self._start_leaf, "forward": self._start_forward}[name]()

    def _start_hub(self) -> None:
        text = f"""
            server_name: hub
            listen: "{self._addresses["hub"]}"
            ports_file_dir: "{self.folder}"
            jetstream {{ store_dir: "{self.folder}/js", sync_interval: always }}
            {configuration(self._keys, accounts.sign(self._keys, []), "$TONGHOP_ACCOUNTS")}
        """
        environ = {"TONGHOP_ACCOUNTS": str(self.folder / "accounts")}
        for stale in self.folder.glob("*.ports"):
            stale.unlink()
        running = servers.configured_nats(self.folder / "nats.conf", text, environ)
        address, pid = self._stacks["hub"].enter_context(running)
        self._running["hub"] = Signed(address, self.folder / "nats.log", pid, keys=self._keys)

    def _start_leaf(self) -> None:
        running = leaves.serving(self.hub, self.folder / "leaf", listen=str(self._addresses["leaf"]))
        self._keys = self.hub.keys
        self._running["leaf"] = self._stacks["leaf"].enter_context(running)

    def _start_forward(self) -> None:
        environ = self.leaf.environ() | {
            "TONGHOP_HUB_NATS_URL": f"nats://{self.wire.address}",
            "TONGHOP_METRICS_HTTP": str(self.metrics),
            **self.more,
            "TONGHOP_LANG": "en",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
        self._forward = Forked("forward", self.folder / "forward.log")
        self._forward.start_forked(("forward",), cwd=self.folder, environ=kept | environ)

    async def publish(self, unit: str, bodies: list[bytes]) -> None:
        """Publish events at the leaf as a unit, each until it is acknowledged, however often the leaf is killed."""
        credential = self._running["leaf"].file(unit)
        lines = [read_line(number, body) for number, body in enumerate(bodies, 1)]
        url = f"nats://{self._addresses['leaf']}"
        async with connect(url, notice=lambda _: None, credentials=str(credential), patience=60) as bus:
            sender = Sender(bus, batches=True)
            for at in range(0, len(lines), 10):
                chunk = [line for line in lines[at : at + 10] if isinstance(line, Line)]
                assert all(isinstance(one, Sent) for one in (await sender.send(chunk)).answers)

    async def arrived(self) -> None:
        """Wait until nothing waits at the leaf."""

        async def nothing_waits() -> bool:
            async with self.leaf.store() as store:
                return (await store.waiting()).messages == 0

        try:
            await eventually(nothing_waits, "something still waits at the leaf")
        except AssertionError as error:
            raise AssertionError((self.folder / "forward.log").read_text()[-4000:]) from error

    async def log(self) -> list[tuple[str, bytes]]:
        """Read the hub's log."""
        async with self.hub.client("reader") as reader:
            jetstream = reader.jetstream()
            last = (await jetstream.stream_info("PARTY")).state.last_seq
            found = [await jetstream.get_msg("PARTY", position) for position in range(1, last + 1)]
        return [(one.subject or "", one.data or b"") for one in found]


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    """Run all of it in a folder of its own."""
    with servers.short_folder() as folder:
        running = Rig(folder)
        await running.begin()
        try:
            yield running
        finally:
            await running.end()
