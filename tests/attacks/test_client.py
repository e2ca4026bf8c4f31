"""A server that lies to a client, leads it elsewhere, or never ends; and who reads what the client leaves behind."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import gzip
import json
import logging
import pickle
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from services.client import (
    AsyncClient,
    AwayError,
    Client,
    ClientError,
    MemberAdmitted,
    Outbox,
    StrangeAnswerError,
    event,
    over_http,
)
from services.client.saying import line_of

TOKEN = "tonghop_this-is-the-secret"  # noqa: S105 - of nothing
KEY = ("xa-a", "1")
SAID = event("xa-a", MemberAdmitted(member="1", decided_on=dt.date(2023, 5, 1)), id="1")
RECEIPT = "r-" + "0" * 32

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Liar:
    """A server on loopback that answers every request in the one way that it was told, and keeps what it was sent."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.heard: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").lower().split("\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
                self.heard.append(head + await reader.readexactly(length))
                await self._answer(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def lying(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Liar]:
    liar = Liar(answer)
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    liar.url = "{}://{}:{}".format(scheme, *server.sockets[0].getsockname())
    try:
        yield liar
    finally:
        server.close()


def saying(body: object, status: str = "202 Accepted", **headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"content-length": str(len(raw)), "content-type": "application/json", **headers}
        fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in known.items())
        writer.write(f"HTTP/1.1 {status}\r\n{fields}\r\n".encode() + raw)

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def hanging_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def item(**changed: Any) -> dict[str, Any]:
    said = {
        "index": 0,
        "publisher": KEY[0],
        "id": KEY[1],
        "status": "accepted",
        "position": 7,
        "outcome": None,
        "reason": None,
    }
    return {name: value for name, value in (said | changed).items() if value != "absent"}


def sent(*items: dict[str, Any], receipt: object = RECEIPT) -> dict[str, Any]:
    return {"receipt": receipt, "items": list(items), "behind": None}


LIES = {
    "of nothing": sent(),
    "of two": sent(item(), item(index=1)),
    "of another event": sent(item(id="2")),
    "of another unit": sent(item(publisher="xa-b")),
    "out of order": sent(item(index=1)),
    "without a position": sent(item(position=None)),
    "at no position": sent(item(position=0)),
    "at a position that is a text": sent(item(position="7")),
    "of no status": sent(item(status="done")),
    "of no outcome": sent(item(outcome="all well")),
    "refused and counted": sent(item(status="refused", outcome="counted", reason="cycle")),
    "refused for nothing": sent(item(status="refused", position="absent")),
    "without a receipt": sent(item(), receipt=None),
    "with a receipt that leads elsewhere": sent(item(), receipt="../../../v1/me"),
    "with a receipt that is an address": sent(item(), receipt="https://elsewhere.example/r"),
    "no object": [1, 2],
    "no JSON": b"<html>welcome</html>",
    "deep": b"[" * 100_000,
    "deep in an item": b'{"receipt":null,"items":' + b"[" * 50_000,
    "a page": b"",
}


@pytest.mark.parametrize("lie", LIES, ids=str)
async def test_no_lie_about_what_was_sent_is_believed(lie: str) -> None:
    async with lying(saying(LIES[lie])) as liar, AsyncClient(liar.url, token=TOKEN, patience=0) as client:
        with pytest.raises(StrangeAnswerError) as strange:
            await client.send(SAID)
    assert "elsewhere" not in str(strange.value)
    assert len(str(strange.value)) < 1_000


@pytest.mark.parametrize(
    "status", ["200 OK", "202 Accepted", "301 Moved", "302 Found", "307 Temporary", "308 Permanent"]
)
async def test_a_token_is_shown_to_nobody_else(status: str) -> None:
    async with lying(saying(sent(item()))) as elsewhere:
        leading = saying(sent(), status, location=f"{elsewhere.url}/v1/events", refresh=f"0; url={elsewhere.url}")
        async with lying(leading) as liar, AsyncClient(liar.url, token=TOKEN, patience=0) as client:
            for asked in (
                client.send(SAID),
                client.unit("xa-a"),
                client.retract("xa-a", "1", "x"),
                client.receipt(RECEIPT),
            ):
                with suppress(ClientError):  # an empty receipt is one
                    await asked
            assert all(TOKEN.encode() in heard for heard in liar.heard)
        assert not elsewhere.heard


@pytest.mark.parametrize("answer", [dripping, silent, hanging_up], ids=lambda answer: answer.__name__)
async def test_who_answers_slowly_or_never_is_given_up(answer: Answer) -> None:
    async with lying(answer) as liar, AsyncClient(liar.url, token=TOKEN, timeout=0.2, patience=0) as client:
        with pytest.raises(AwayError):
            await client.send(SAID)


async def test_who_never_stops_answering_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_http, "LONGEST_ANSWER", 4 << 20)
    async with lying(endless) as liar, AsyncClient(liar.url, patience=0) as client:
        with pytest.raises(StrangeAnswerError, match="bytes"):
            await client.send(SAID)
    packed = saying(gzip.compress(bytes(50 << 20)), content_encoding="gzip")
    async with lying(packed) as liar, AsyncClient(liar.url, patience=0) as client:
        with pytest.raises(StrangeAnswerError, match="content-encoding"):
            await client.send(SAID)


@pytest.mark.parametrize(
    "answer",
    [
        saying({}, "503 Unavailable", retry_after="99999999999999999999"),
        saying({}, "429 Too Many", retry_after="-1"),
        saying(b"<html>", "502 Bad Gateway"),
        saying({"items": [item(status="unsent", position="absent", reason="stream_full")]}, "503 Unavailable"),
    ],
)
async def test_who_asks_to_wait_is_waited_for_as_long_as_the_patience_lasts(answer: Answer) -> None:
    async with lying(answer) as liar, AsyncClient(liar.url, patience=0.1) as client:
        with pytest.raises(AwayError) as away:
            await client.send(SAID)
    assert (away.value.retry_after or 0) <= 300


@pytest.mark.parametrize("lie", ["of another event", "without a position", "no JSON", "refused and counted"])
async def test_an_outbox_keeps_what_it_has_no_honest_answer_for(tmp_path: Path, lie: str) -> None:
    async with lying(saying(LIES[lie])) as liar:

        def program() -> None:
            with Client(liar.url, token=TOKEN, patience=0) as client:
                outbox = Outbox(tmp_path / "outbox", client)
                outbox.put(SAID)
                assert outbox.flush() == (0, 0, 1)
                (entry,) = outbox.entries()
                assert (entry.state, entry.position, entry.reason) == ("waiting", None, "not_taken")
                assert entry.body == line_of(SAID).body
                outbox.close()

        await asyncio.to_thread(program)


async def test_no_token_is_left_in_a_log_an_error_or_a_picture(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    left: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for answer in (
            saying(sent(item())),
            saying({}, "401 Unauthorized"),
            saying(b"", "500 Oops"),
            hanging_up,
            silent,
        ):
            async with lying(answer) as liar, AsyncClient(liar.url, token=file, timeout=0.1, patience=0) as client:
                try:
                    await client.send(SAID)
                except ClientError as error:
                    left += [repr(error), str(error), *traceback.format_exception(error)]
                    left += [repr(each) for each in (error.__cause__, error.__context__, error.args, vars(error))]
                left += [
                    repr(client),
                    repr(vars(client)),
                    repr(vars(client._delivery)),
                    repr(vars(client._delivery.http)),
                ]
                with pytest.raises(TypeError):
                    pickle.dumps(client._delivery.http._token)  # type: ignore[union-attr]
                with pytest.raises(TypeError):
                    copy.copy(client._delivery.http._token)  # type: ignore[union-attr]
                assert TOKEN.encode() in liar.heard[0] if liar.heard else True
    left += [record.getMessage() for record in caplog.records]
    assert left
    assert not [text for text in left if TOKEN in text]


async def test_a_certificate_of_somebody_else_is_shown_no_token(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted, untrusted = tmp_path / "ca.pem", tmp_path / "other.pem"
    authority.cert_pem.write_to_path(trusted)
    other.cert_pem.write_to_path(untrusted)
    async with lying(saying(sent(item())), context) as liar:
        for ca in (None, untrusted):
            async with AsyncClient(liar.url, token=TOKEN, ca=ca) as client:
                with pytest.raises(AwayError, match="certificate") as away:
                    await client.send(SAID)
                assert away.value.reason == "not_trusted"
        assert not liar.heard
        async with AsyncClient(liar.url, token=TOKEN, ca=trusted) as client:
            assert (await client.send(SAID)).position == 7
        assert TOKEN.encode() in liar.heard[0]
