"""Connections that say nothing, too much or for ever hold nobody else's place (issue 12, points 10 and 11)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from services.api import connections
from services.api.clients import Clients
from services.api.connections import Connection, Connections
from services.settings import Address
from tests.attacks.http_serving import CHEAP, Wire


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        (f"/v1/units?q={'x' * 9_000}", {}, 414),
        ("/healthz", {f"X-{n}": "x" for n in range(150)}, 431),
        ("/healthz", {"Cookie": "x" * 20_000}, 431),
    ],
)
async def test_what_is_too_long_is_a_problem(
    shipped: Address, target: str, headers: dict[str, str], status: int
) -> None:
    wire = await Wire.to(shipped)
    reply = await wire.get(target, **headers)
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(reply.body)["status"] == status
    assert await wire.ended()


async def test_a_header_without_an_end_is_not_gathered(shipped: Address) -> None:
    wire = await Wire.to(shipped)
    wire.writer.write(f"GET /healthz HTTP/1.1\r\nHost: {shipped}\r\nX: ".encode())
    for _ in range(8):
        wire.writer.write(b"x" * 8_192)
    assert (await wire.reply()).status == 431
    assert await wire.ended()


async def test_what_is_no_http_is_a_problem(shipped: Address) -> None:
    wire = await Wire.to(shipped)
    wire.writer.write(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\r\n\r\n")
    reply = await wire.reply()
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")


async def test_a_body_that_nobody_reads_is_refused(shipped: Address) -> None:
    wire = await Wire.to(shipped)
    wire.ask("/v1/units", "POST", Content_Length=str(17 << 16))
    for _ in range(17):
        wire.writer.write(b"x" * (1 << 16))
    assert (await wire.reply()).status == 413
    wire.hang_up()


async def test_one_client_can_t_take_all_connections(shipped: Address) -> None:
    taken = [await Wire.to(shipped, "127.0.0.3") for _ in range(260)]
    for wire in taken:
        wire.writer.write(f"GET /healthz HTTP/1.1\r\nHost: {shipped}\r\n".encode())  # and never the end of it
    other = await Wire.to(shipped, "127.0.0.4")
    assert (await other.get(CHEAP)).status == 200
    mine = await Wire.to(shipped, "127.0.0.3")  # who takes all of his own still gets on: his oldest goes
    assert (await mine.get(CHEAP)).status == 200
    assert await taken[0].ended()
    for wire in (*taken, other, mine):
        wire.hang_up()


async def test_who_takes_more_than_a_share_is_not_ended_at_once_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ending it at once made 300 who say nothing come back 1,700 times a second, and everybody else wait."""
    monkeypatch.setattr(connections, "OF_A_CLIENT", 1)
    monkeypatch.setattr(connections, "LET_GO_AFTER", 60.0)
    monkeypatch.setattr(connections, "MOST_LET_GO", 2)
    async with impatient(monkeypatch) as address:
        monkeypatch.setattr(connections, "HEAD_WITHIN", 60.0)
        first, second, third, last = [await Wire.to(address, "127.0.0.3") for _ in range(4)]
        last.ask("/")
        assert await last.reader.readexactly(1) == b"H"
        assert await first.ended()  # more than two do not wait for their end
        other = await Wire.to(address, "127.0.0.4")
        other.ask("/")
        assert await other.reader.readexactly(1) == b"H"
        for waits in (second, third):
            assert not waits.reader.at_eof(), "its end would have come before the answer to what was asked after it"
            waits.ask("/")  # who asks over one that is let go is told at once
            assert await waits.ended()
        for wire in (first, second, third, last, other):
            wire.hang_up()


@asynccontextmanager
async def impatient(monkeypatch: pytest.MonkeyPatch, most: int = 100) -> AsyncIterator[Address]:
    """Serve long answers over the protocol that is shipped, with its patience cut short."""
    monkeypatch.setattr(connections, "HEAD_WITHIN", 0.2)
    monkeypatch.setattr(connections, "BODY_WITHIN", 0.2)
    monkeypatch.setattr(connections, "TAKEN_WITHIN", 0.2)
    protocol = Connection.of(Connections(Clients("127.0.0.9/32"), most))
    config = uvicorn.Config(_long, "127.0.0.1", 0, http=protocol, ws="none", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield Address(*server.servers[0].sockets[0].getsockname())
    finally:
        server.should_exit = True
        server.force_exit = True
        await server.shutdown()


async def _long(_: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(400):
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx",
    ],
    ids=["nothing", "headers", "body"],
)
async def test_who_never_finishes_is_cut_off(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    async with impatient(monkeypatch) as address:
        wire = await Wire.to(address)
        wire.writer.write(said)
        assert await wire.ended()


async def test_who_does_not_take_the_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async with impatient(monkeypatch) as address:
        wire = await Wire.to(address)
        wire.ask("/")
        assert await wire.reader.readexactly(1) == b"H"
        wire.reader._limit = 0  # what came is not read on, so the sender's buffers fill
        wire.writer.transport.pause_reading()
        async with asyncio.timeout(20):
            while connections.CONNECTIONS._value.get() > 0:  # noqa: ASYNC110 - the other side's clock runs
                await asyncio.sleep(0.05)
        wire.hang_up()


async def test_a_full_house_lets_its_idlest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async with impatient(monkeypatch, most=3) as address:
        monkeypatch.setattr(connections, "HEAD_WITHIN", 60.0)
        idle = [await Wire.to(address, f"127.0.0.{n}") for n in (2, 2, 3)]
        new = await Wire.to(address, "127.0.0.4")
        new.ask("/")
        assert await new.reader.readexactly(1) == b"H"
        assert await idle[0].ended()
        for wire in (*idle, new):
            wire.hang_up()
