"""The way to each machine, as a process of its own: `relaying.py FOLDER` hands on what others send, unless it is cut.

A machine that is cut off hears nobody and nobody hears it: what is on its way stays there, and a new connection is
taken and answered by nothing, as when packets are lost. After `GIVEN_UP_AFTER` the two ends of a connection are told
that it is gone: the systems of two real machines would have found out by then (keepalive, TCP_USER_TIMEOUT).

Who has opened a connection is asked of the system when a machine is cut, and of no connection before.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import struct
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import uvloop

from deploy.cluster.loopback.layout import HOST, Relayed
from deploy.cluster.loopback.whose import connecting, sockets

GIVEN_UP_AFTER: Final = 30.0
CONTROL: Final = "relays.sock"
_TLS_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_GSS_REQUEST: Final = struct.pack("!ii", 8, 80877104)
"""PostgreSQL's protocol, SSLRequest and GSSENCRequest."""
_HANDSHAKE: Final = 10.0


class End(asyncio.Protocol):
    """One end of a link. Nothing is read of it while its link is cut, or its other end missing or full."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.other: End | None = None
        self.transport: asyncio.Transport | None = None
        self._held: set[str] = {"alone"}
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, held: there is nowhere yet to hand anything on to."""
        self.transport = cast("asyncio.Transport", transport)
        self._look()

    def meet(self, other: End) -> None:
        """Have another end to hand on to; what came before it goes first."""
        self.other = other
        if other.transport is not None:
            other.transport.writelines(self._early)
        self._early.clear()
        self.let_go("alone")

    def hold(self, why: str) -> None:
        """Read no more, for this reason too."""
        self._held.add(why)
        self._look()

    def let_go(self, why: str) -> None:
        """Take one reason away; without any it is read."""
        self._held.discard(why)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Hand it on."""
        if self.other is None:  # it had been read before this end could be held
            self._early.append(data)
        elif self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """Wait with the other end until what lies ready here is taken."""
        if self.other is not None:
            self.other.hold("full")

    def resume_writing(self) -> None:
        """Go on."""
        if self.other is not None:
            self.other.let_go("full")

    def eof_received(self) -> bool | None:
        """End the link: none of these protocols says anything after its end."""
        return None

    def connection_lost(self, _: Exception | None) -> None:
        """Let the other end have what lies ready, and end it too."""
        self.link.ended(self)

    def close(self, *, at_once: bool) -> None:
        """End it."""
        if self.transport is not None:
            if at_once:
                self.transport.abort()
            else:
                self.transport.close()

    def _look(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._held:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()


class Asked(asyncio.Protocol):
    """PostgreSQL's door: who asks for TLS is let in by it, and nobody else."""

    def __init__(self, link: Link, context: ssl.SSLContext) -> None:
        self._link = link
        self._context = context
        self._said = b""
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the eight bytes."""
        self._transport: Any = transport
        self._late = asyncio.get_running_loop().call_later(_HANDSHAKE, transport.close)

    def data_received(self, data: bytes) -> None:
        """Answer the request; what comes with it in plain text is somebody's on the way, and ends it."""
        self._said += data
        if self._said == _GSS_REQUEST:
            self._said = b""
            self._transport.write(b"N")
        elif self._said == _TLS_REQUEST:
            self._transport.pause_reading()
            self._transport.write(b"S")
            task = asyncio.get_running_loop().create_task(self._encrypt())
            self._link.relays.tasks.add(task)
            task.add_done_callback(self._link.relays.tasks.discard)
        elif len(self._said) >= len(_TLS_REQUEST):
            self._transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        """Forget it."""
        if self._late is not None:
            self._late.cancel()
        if not self._link.ends:
            self._link.relays.links.discard(self._link)

    async def _encrypt(self) -> None:
        end = End(self._link)
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(
                self._transport, end, self._context, server_side=True, ssl_handshake_timeout=_HANDSHAKE
            )
        except (OSError, ssl.SSLError, TimeoutError):
            self._transport.abort()
            self._link.relays.links.discard(self._link)
            return
        finally:
            if self._late is not None:
                self._late.cancel()
        if encrypted is None:  # closed meanwhile
            self._link.relays.links.discard(self._link)
            return
        if end.transport is None:
            end.connection_made(encrypted)
        self._link.begin(end)


class Link:
    """One connection: from somebody, by a relay's port, to a machine. `cut` are the machines for which it is held."""

    def __init__(self, relays: Relays, way: Relayed) -> None:
        self.relays = relays
        self.way = way
        self.peer = 0
        self.cut: set[str] = set()
        self.ends: list[End] = []
        self._given_up: asyncio.TimerHandle | None = None

    def begin(self, near: End) -> None:
        """Take in the end of whoever came, and go to the machine unless one of the two is cut off."""
        assert near.transport is not None  # noqa: S101 - it is connected
        self.ends.append(near)
        self.cut_for(self.relays.cut_of(self))
        if not self.cut:
            self._go_there()

    def cut_for(self, machines: set[str]) -> None:
        """Hold it for these machines too."""
        if not machines:
            return
        self.cut |= machines
        for end in self.ends:
            end.hold("cut")
        if self._given_up is None:
            self._given_up = asyncio.get_running_loop().call_later(GIVEN_UP_AFTER, self._give_up)

    def mended_for(self, machine: str) -> None:
        """Let it go on where it was held for this machine alone."""
        if machine not in self.cut:
            return
        self.cut.discard(machine)
        if self.cut:
            return
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None
        if len(self.ends) == 1:
            self._go_there()
        for end in self.ends:
            end.let_go("cut")

    def ended(self, end: End) -> None:
        """End the other end too; what it has not taken yet it may still take, unless the link is cut."""
        self.relays.links.discard(self)
        if self._given_up is not None:
            self._given_up.cancel()
        for one in self.ends:
            if one is not end:
                one.close(at_once=bool(self.cut))

    def _give_up(self) -> None:
        for end in self.ends:
            end.close(at_once=True)

    def _go_there(self) -> None:
        task = asyncio.get_running_loop().create_task(self._connect())
        self.relays.tasks.add(task)
        task.add_done_callback(self.relays.tasks.discard)

    async def _connect(self) -> None:
        near = self.ends[0]
        try:
            _, far = await asyncio.get_running_loop().create_connection(lambda: End(self), HOST, self.way.behind)
        except OSError:  # nobody listens: as it would be told there
            near.close(at_once=True)
            return
        if near.transport is None or near.transport.is_closing():
            far.close(at_once=True)
            return
        self.ends.append(far)
        if self.cut:
            for end in self.ends:
                end.hold("cut")
        near.meet(far)
        far.meet(near)


class Relays:
    """All ways to machines, and which machines are cut off."""

    def __init__(self, folder: Path, ways: Sequence[Relayed], certificate: Path, key: Path) -> None:
        self._folder = folder
        self._ways = ways
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate, key)
        self.links: set[Link] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.cut: set[str] = set()

    async def serve(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        servers = [
            await loop.create_server(partial(self._accepted, way), HOST, way.port, backlog=512) for way in self._ways
        ]
        control = self._folder / "run" / CONTROL
        control.unlink(missing_ok=True)
        here = Path.cwd()  # by it a next runner knows this process again
        os.chdir(control.parent)  # the path of a socket may be no longer than 107 bytes
        servers.append(await asyncio.start_unix_server(self._told, CONTROL))
        os.chdir(here)
        control.chmod(0o600)
        try:
            await asyncio.Event().wait()
        finally:
            for server in servers:
                server.close()

    def cut_of(self, link: Link) -> set[str]:
        """Find out for which of the machines that are cut off a link has to be held."""
        if not self.cut:
            return set()
        return self._between(self.cut).get(link, set())

    def _between(self, machines: set[str]) -> dict[Link, set[str]]:
        """Say for every link which of these machines it begins or ends at."""
        opened = sockets(self._folder / machine for machine in machines)
        numbers = connecting()
        found = {}
        for link in self.links:
            begins = opened.get(numbers.get((link.peer, link.way.port), -1))
            found[link] = {link.way.machine} & machines | ({begins.name} if begins is not None else set())
        return found

    def _accepted(self, way: Relayed) -> asyncio.Protocol:
        link = Link(self, way)
        self.links.add(link)
        return Door(link, self._context if way.tls else None)

    async def _told(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what is said in a line, and answer when it is done."""
        word, _, machine = (await reader.readline()).decode(errors="replace").strip().partition(" ")
        answer = "ok"
        if word == "cut" and machine in {way.machine for way in self._ways} | self._others():
            self.cut.add(machine)
            for link, why in self._between({machine}).items():
                link.cut_for(why)
        elif word == "mend":
            self.cut.discard(machine)
            for link in list(self.links):
                link.mended_for(machine)
        elif word == "cut-off":
            answer = " ".join(sorted(self.cut))
        else:
            answer = "what?"
        writer.write(f"{answer}\n".encode())
        await writer.drain()
        writer.close()

    def _others(self) -> set[str]:
        """Name machines to which no way leads: projectors."""
        return {path.name for path in self._folder.glob("projector-*")}


class Door(asyncio.Protocol):
    """What has just been accepted: its port is noted, and then it is an end, or PostgreSQL's door."""

    def __init__(self, link: Link, context: ssl.SSLContext | None) -> None:
        self._link = link
        self._context = context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand it over to whoever has to do with it from here on."""
        self._link.peer = transport.get_extra_info("peername")[1]
        next_: Any = End(self._link) if self._context is None else Asked(self._link, self._context)
        transport.set_protocol(next_)
        next_.connection_made(transport)
        if self._context is None:
            self._link.begin(next_)


async def _until_told(relays: Relays) -> None:
    serving = asyncio.create_task(relays.serve())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    await asyncio.wait({serving})
    if not serving.cancelled():
        serving.result()


def main(folder: Path) -> None:
    """Run until SIGTERM or SIGINT, as `run/relays-told.json` says."""
    told = json.loads((folder / "run" / "relays-told.json").read_text(encoding="utf-8"))
    ways = [Relayed(**way) for way in told["ways"]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(Relays(folder, ways, Path(told["certificate"]), Path(told["key"]))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
