"""A server of the bus that takes a connection and says nothing any more: it is left for another, or asked anew."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from services.connecting import bus
from services.connecting.lasting import LastingConnection
from services.settings import Settings
from tests.fault.eventually import eventually

INFO = 'INFO {"server_id":"x","version":"2.15.1","headers":true,"max_payload":1048576,"proto":1,"tls_required":%s}\r\n'


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_server_that_says_nothing_any_more_is_left(
    encrypted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At once also where that is over TLS, whose end is waited for otherwise."""
    context, settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), Settings()
    if encrypted:
        authority = trustme.CA()
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        settings = Settings(nats_ca=tmp_path / "ca.pem")
    monkeypatch.setattr(bus, "PING_EVERY", 0.02)
    came: list[asyncio.StreamWriter] = []

    async def frozen_after_its_first_word(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.write((INFO % str(encrypted).lower()).encode())
        if encrypted:
            await writer.start_tls(context)
        await reader.readuntil(b"PING\r\n")
        writer.write(b"PONG\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def twice() -> bool:
        return len(came) > 1

    server = await asyncio.start_server(frozen_after_its_first_word, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connection = LastingConnection(replace(settings, nats_url=f"nats://127.0.0.1:{port}"), "test")
    connection.open()
    try:
        async with asyncio.timeout(20):  # the other end is waited for 30 s
            await eventually(twice, "it is waited for as long as it likes")
    finally:
        server.close()
        for writer in came:
            writer.transport.abort()
        await connection.close()
