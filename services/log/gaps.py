"""Reading the log by position, without a consumer: for gaps, for verification, for restores.

Message by message, many asked for at a time: who may make a consumer may have the server send wherever he likes, and
this right gives messages and nothing else (docs/decisions/0021). The answers hold the headers byte for byte; those of
a batched direct get don't (the server puts its own over the last two bytes of headers that don't end as they should).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncGenerator
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client

from projections.rules.log.message import GapError, Message
from services.connecting.bus import denial
from services.connecting.nats_internals import Tap

_PATIENCE: Final = 5.0
_PART: Final = 1_000
_UNDER_WAY: Final = 500
"""Requests at once: the server takes ten thousand, of everybody together."""
_NOT_FOUND: Final = 10037
_REPLACED: Final = "\ufffd"
_subject = re.compile(
    rb"\r\nNats-Subject: ([^\r\n]*)\r\nNats-Sequence: \d+\r\nNats-Time-Stamp: [^\r\n]*\r\n\r\n\Z"
).search


class _Stored(msgspec.Struct):
    subject: str
    seq: int
    time: str
    hdrs: bytes | None = None
    data: bytes = b""


class _Error(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    message: _Stored | None = None
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Answer).decode


async def read_range(client: Client, stream: str, first: int, last: int) -> list[Message]:
    """Return the messages at positions ``first`` to ``last``, in order; what was taken out of the stream is not there.

    Raises GapError where the stream does not go as far, or the bus stops giving, DeniedError as soon as it denies
    them, and what nats-py raises.
    """
    try:
        messages = [message async for part in read_log(client, stream, first, last) for message in part]
    except TimeoutError as error:
        raise GapError(f"the bus did not give positions {first} to {last} of {stream}") from error
    if messages and messages[-1].position == last:
        return messages
    if (await client.jetstream().stream_info(stream)).state.last_seq < last:
        raise GapError(f"the bus did not give positions {first} to {last} of {stream}")
    return messages


async def read_log(client: Client, stream: str, first: int, last: int) -> AsyncGenerator[list[Message]]:
    """Give the messages from one position to another in parts, in order; what the stream lacks is not there.

    Raises TimeoutError where the bus stops giving them, DeniedError, and what nats-py raises.
    """
    answers = _Answers(client, stream)
    await answers.tap.open()
    try:
        for begin in range(first, last + 1, _PART):
            if part := await answers.ask(begin, min(last, begin + _PART - 1)):
                yield part
    finally:
        await answers.tap.close()


class _Answers:
    """What the stream answers, on an inbox of its own, taken past the client's bookkeeping (see the intake)."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._subject = f"$JS.API.STREAM.MSG.GET.{stream}"
        self._directly = f"$JS.API.DIRECT.GET.{stream}"
        self._inbox = client.new_inbox()
        self._ours = {name.lower() for name in (self._subject, self._directly, f"{self._inbox}.*")}
        self._arrived: dict[int, bytes] = {}
        self._news = asyncio.Event()
        self._failed: Exception | None = None
        # The server tells what it denies apart from any request.
        self.tap = Tap(client, f"{self._inbox}.*", self._receive, hear=self._hear)

    async def ask(self, first: int, last: int) -> list[Message]:
        """Ask for each message of a range; the answers come in any order."""
        self._arrived.clear()
        for position in range(first, last + 1):
            while position - first - len(self._arrived) >= _UNDER_WAY:
                await self._hears()
            await self._client.publish(self._subject, b'{"seq":%d}' % position, reply=f"{self._inbox}.{position}")
        while len(self._arrived) <= last - first:
            await self._hears()
        found = [_message(self._arrived[position]) for position in range(first, last + 1)]
        return [await self._exactly(message) for message in found if message is not None]

    async def _exactly(self, message: Message) -> Message:
        """Ask for the subject in another way where it may not be what the answer says: JSON holds UTF-8 alone."""
        if _REPLACED not in message.bus_subject:
            return message
        self._arrived.clear()
        request = b'{"seq":%d}' % message.position
        await self._client.publish(self._directly, request, reply=f"{self._inbox}.{message.position}")
        while message.position not in self._arrived:
            await self._hears()
        answer = self._arrived[message.position]
        if (subject := _subject(answer)) is None:
            raise GapError(f"the bus does not give the subject at {message.position}: {answer[:100]!r}")
        return message._replace(bus_subject=subject[1].decode("utf-8", "surrogateescape"))

    async def _hears(self) -> None:
        """Wait for another answer."""
        self._news.clear()
        if self._failed is None:
            async with asyncio.timeout(_PATIENCE):
                await self._news.wait()
        if self._failed is not None:
            raise self._failed

    def _receive(self, subject: bytes, _: bytes, data: bytes, headers: bytes | None) -> None:
        if headers is not None and headers[9:12] == b"503":
            self._failed = nats.errors.NoRespondersError()
        else:  # headers are there where a message was asked for as it is; its subject is in them
            self._arrived[int(subject.rpartition(b".")[2])] = bytes(data if headers is None else headers)
        self._news.set()

    def _hear(self, error: Exception) -> None:
        refused = denial(error)
        if refused is not None and refused.subject.lower() in self._ours:
            self._failed = refused
            self._news.set()


def _message(answer: bytes) -> Message | None:
    """Read an answer; None where the stream has no such message. Raises nats.errors.Error for any other refusal.

    A subject that is not UTF-8 has signs of replacement in it.
    """
    read = _decode(answer)
    if read.error is not None and read.error.err_code == _NOT_FOUND:
        return None
    if read.message is None:
        raise nats.errors.Error(f"the bus refuses a message of the log: {read.error}")
    stored = read.message
    return Message(stored.seq, _moment(stored.time), stored.subject, stored.hdrs or None, stored.data)


def _moment(text: str) -> dt.datetime:
    """Read RFC 3339 with up to nine digits of a second; microseconds are kept, as everywhere."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return dt.datetime.fromisoformat(whole).replace(microsecond=int(rest.ljust(6, "0")[:6]), tzinfo=dt.UTC)
