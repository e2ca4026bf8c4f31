"""A server of the bus that takes a connection and says nothing any more: it is left for another, or asked anew."""

from __future__ import annotations

import asyncio

import pytest

from services.connecting import bus
from services.connecting.lasting import LastingConnection
from services.settings import Settings
from tests.fault.eventually import eventually

INFO = b'INFO {"server_id":"x","version":"2.15.1","headers":true,"max_payload":1048576,"proto":1}\r\n'


async def test_a_server_that_says_nothing_any_more_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "PING_EVERY", 0.02)
    came: list[asyncio.StreamWriter] = []

    async def frozen_after_its_first_word(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.write(INFO)
        await reader.readuntil(b"PING\r\n")
        writer.write(b"PONG\r\n")
        await reader.read()

    async def twice() -> bool:
        return len(came) > 1

    server = await asyncio.start_server(frozen_after_its_first_word, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = LastingConnection(Settings(nats_url=f"nats://127.0.0.1:{port}"), "test")
    connection.open()
    try:
        await eventually(twice, "it is waited for as long as it likes")
    finally:
        await connection.close()
        server.close()
        for writer in came:
            writer.close()
