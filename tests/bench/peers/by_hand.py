"""What both consumers written by hand begin with: the keys that were seen, and fetches for as long as they live."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
from nats.aio.msg import Msg
from nats.js.api import AckPolicy

from tests.bench.peers.task import Counting, Task


class Fetched(NamedTuple):
    """Messages to be counted and then acknowledged, each."""

    connection: asyncpg.Connection
    counting: Counting
    messages: list[Msg]


async def fetching(at_once: int) -> AsyncIterator[Fetched]:
    """Yield what is fetched, up to so many messages at once, without an end."""
    task = Task.read()
    counting = Counting(task)
    connection = await asyncpg.connect(task.url)
    await connection.execute("CREATE TABLE IF NOT EXISTS seen (publisher text, id text, PRIMARY KEY (publisher, id))")
    subscription = await task.consume(AckPolicy.EXPLICIT)
    while True:
        try:
            messages = await subscription.fetch(at_once, timeout=1)
        except TimeoutError:  # nats-py's own is one; on a busy machine it lets asyncio's through as well
            continue
        yield Fetched(connection, counting, messages)
