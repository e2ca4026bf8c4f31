"""A stream's archive out of the server and into it: the API's snapshot and restore, with a bounded number under way."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig

from services.recovery.errors import RestoreError

_CHUNK: Final = 1 << 15
"""Small: a server that syncs every message to a slow disk must get through one in less than five seconds."""
_DOWN: Final = 1 << 18
_UNDER_WAY: Final = 16
_PATIENCE: Final = 30.0
_TRIES: Final = 10
_END: Final = 600.0
"""Seconds that the server may take to make a stream ready after its last chunk."""


async def download(client: Client, stream: str, take: Callable[[bytes], None]) -> dict[str, Any]:
    """Hand the archive of a stream to `take`, chunk by chunk; return its `config` and `state` as the server began it.

    What is published meanwhile is not in it. Raises RestoreError where it does not come whole.
    """
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=arrived.put)
    try:
        request = {"deliver_subject": inbox, "no_consumers": False, "chunk_size": _DOWN}
        begun = await _asked(client, f"$JS.API.STREAM.SNAPSHOT.{stream}", request)
        while True:
            async with asyncio.timeout(_PATIENCE):
                message = await arrived.get()
            if not message.data:
                break
            take(message.data)
            if message.reply:
                await client.publish(message.reply)
        status = (message.headers or {}).get("Status", "204")
        if status != "204":
            raise RestoreError(f"the server broke the snapshot of {stream} off: {message.headers}")
    except TimeoutError as error:
        raise RestoreError(f"the server stopped giving the snapshot of {stream}: run again") from error
    finally:
        await subscription.unsubscribe()
    return begun


async def upload(client: Client, config: StreamConfig, archive: AsyncIterator[bytes]) -> None:
    """Make the stream of an archive; there is none of its name before. Raises RestoreError.

    What is there after a failure is a part of it, under the same configuration.
    """
    request = {"config": config.as_dict()}
    begun = await _begun(client, f"$JS.API.STREAM.RESTORE.{config.name}", request)
    target = begun["deliver_subject"]
    under_way: deque[asyncio.Task[Msg]] = deque()
    try:
        async for part in archive:
            for first in range(0, len(part), _CHUNK):
                if len(under_way) == _UNDER_WAY:
                    _hold(await under_way.popleft())
                chunk = part[first : first + _CHUNK]
                under_way.append(asyncio.ensure_future(client.request(target, chunk, timeout=_PATIENCE)))
                await asyncio.sleep(0)  # the chunk is sent before the next is made
        while under_way:
            _hold(await under_way.popleft())
        _hold(await client.request(target, b"", timeout=_END))
    except (NatsError, TimeoutError) as error:
        raise RestoreError(f"the server stopped taking {config.name}: {error or type(error).__name__}") from error
    finally:
        for task in under_way:
            task.cancel()


async def _begun(client: Client, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    """Begin a restore; one that was killed holds the name for some seconds more."""
    for _ in range(_TRIES):
        try:
            return await _asked(client, subject, request)
        except RestoreError as error:
            refusal = error
            await asyncio.sleep(1)
    raise refusal


async def _asked(client: Client, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = await client.request(subject, json.dumps(request).encode(), timeout=_PATIENCE)
    except (NatsError, TimeoutError) as error:
        raise RestoreError(f"{subject} is not answered: {error or type(error).__name__}") from error
    return _hold(answer)


def _hold(message: Msg) -> dict[str, Any]:
    """Read an answer; an error of the server is one here."""
    answer: dict[str, Any] = json.loads(message.data) if message.data else {}
    if "error" in answer:
        raise RestoreError(f"the server refuses: {answer['error'].get('description')}")
    return answer
