"""What waits at a leaf: its own stream PARTY, bounded, from which is taken away what the hub has acknowledged."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec
import nats.errors
from nats.js.errors import NotFoundError

from projections.rules.log.message import Message
from services.connecting.bus import ENCRYPTED, BusClient, connect_once
from services.log.configuration import stream_config
from services.log.gaps import read_range
from services.settings import Settings

_PATIENCE: Final = 5.0
_MEGABYTE: Final = 1 << 20
_AT_ONCE: Final = 200


class StoreState(NamedTuple):
    """How much waits: messages, bytes, the first and last position, and when the oldest came (None: nothing waits)."""

    messages: int
    size: int
    first: int
    last: int
    oldest: dt.datetime | None


class _State(msgspec.Struct):
    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    first_ts: str


class _Refusal(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    state: _State | None = None
    error: _Refusal | None = None


_decode: Final = msgspec.json.Decoder(_Answer).decode
_NO_MESSAGE: Final = 10043


class Store:
    """The stream of a leaf. What it does raises what nats-py raises where the leaf's server is away."""

    def __init__(self, client: BusClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def make(self) -> None:
        """Make the stream where it is missing, and give it the room that the settings say."""
        jetstream = self._client.jetstream(timeout=_PATIENCE)
        room = self._settings.leaf_room * _MEGABYTE
        config = stream_config(self._settings).evolve(
            max_bytes=room, deny_delete=False, deny_purge=False, num_replicas=1
        )
        try:
            found = await jetstream.stream_info(self._settings.stream)
        except NotFoundError:
            await jetstream.add_stream(config)
        else:
            if found.config.max_bytes != room:
                await jetstream.update_stream(config)

    async def waiting(self) -> StoreState:
        """Ask how much waits."""
        state = (await self._ask("INFO")).state
        if state is None:
            raise nats.errors.Error("the leaf's server does not say what its stream holds")
        oldest = dt.datetime.fromisoformat(f"{state.first_ts[:19]}+00:00") if state.messages else None
        return StoreState(state.messages, state.bytes, max(1, state.first_seq), state.last_seq, oldest)

    async def read(self, first: int, last: int) -> list[Message]:
        """Read the messages at these positions, in order; what was taken away is not there. Raises GapError too."""
        return await read_range(self._client, self._settings.stream, first, last)

    async def take_away_before(self, position: int) -> None:
        """Take away all before a position: the hub has it."""
        if position <= 1:  # a purge without a position is one of everything
            return
        self._done(await self._ask("PURGE", b'{"seq":%d}' % position))

    async def take_away(self, positions: Sequence[int]) -> None:
        """Take away single messages: the hub has them, and not what stands before them."""
        for at in range(0, len(positions), _AT_ONCE):
            asked = (
                self._ask("MSG.DELETE", b'{"seq":%d,"no_erase":true}' % position)
                for position in positions[at : at + _AT_ONCE]
            )
            for answer in await asyncio.gather(*asked):
                self._done(answer)

    async def _ask(self, what: str, body: bytes = b"") -> _Answer:
        subject = f"$JS.API.STREAM.{what}.{self._settings.stream}"
        return _decode((await self._client.request(subject, body, timeout=_PATIENCE)).data)

    @staticmethod
    def _done(answer: _Answer) -> None:
        if answer.error is not None and answer.error.err_code != _NO_MESSAGE:  # it was taken away before
            raise nats.errors.Error(f"the leaf's server: {answer.error.description} ({answer.error.err_code})")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Connect to the leaf's server, and make the stream. Raises what nats-py raises, SettingsError."""
    if settings.nats_url.partition("://")[0] not in ENCRYPTED:  # what is set of TLS is for the hub
        settings = replace(settings, nats_ca=None, nats_cert=None, nats_key=None)
    client = await connect_once(settings, "tonghop forward")
    try:
        store = Store(client, settings)
        await store.make()
        yield store
    finally:
        await client.close()
