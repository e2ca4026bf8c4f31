"""The responder of `tonghop.v1.receipts.{unit}`: who asks is what the subject says, and is told of its own alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from faststream.message import StreamMessage
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from events.identifiers import is_event_id, is_unit_id
from projections.store.reading import receipts as reading
from projections.store.reading.snapshot import snapshot
from services.connecting.database_failures import SERVERS_FAIL
from services.publishing.receipt import (
    LONGEST_QUESTION,
    LONGEST_WAIT,
    MOST_AT_ONCE,
    MOST_POSITIONS,
    STOPPED,
    SUBJECT,
    Answer,
    BusBehind,
    BusReceipt,
    Request,
)
from services.receipts.standing import behind_of
from services.receipts.waiting import Waiting

if TYPE_CHECKING:
    from asyncpg import Pool, Record

ASKED: Final = f"{SUBJECT}.*"
QUEUE: Final = "receipts"
MOST_WAITING: Final = 4096
"""Questions that wait in this process, of all askers together; a further one is answered at once, waited for or not."""
_READ_AT_ONCE: Final = 3
_ANSWER_ROOM: Final = 4096
_REPLIES: Final = ("_INBOX", "_R_.")
"""An answer goes to an inbox, or back over a service import; the server lets an asker write anything there."""

_decode = msgspec.json.Decoder(Request).decode
_encode = msgspec.json.Encoder().encode


class QuestionError(ValueError):
    """A question that can't be answered; the message names the field."""


class Receipts:
    """Answers while the broker is started and `run` runs; several processes share the questions as one queue group.

    The pool is only read from: one of its connections listens, three at most read, each a snapshot of its own.
    """

    def __init__(
        self, broker: NatsBroker, client: Client, pool: Pool[Record], *, most_waiting: int = MOST_WAITING
    ) -> None:
        self._broker = broker
        self._client = client
        # A question is taken as it came: what it says of its own content is anybody's, and the answer comes later.
        self._subscriber = broker.subscriber(ASKED, QUEUE, decoder=_as_it_came, no_reply=True, include_in_schema=False)
        self._subscriber(self._take)
        self._waiting = Waiting(pool)
        self._pool = pool
        self._most_waiting = most_waiting
        self._under_way: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._stopping = False

    async def run(self) -> None:
        """Answer until cancelled; who waits then is told `busy`, and asks another process."""
        try:
            await self._waiting.run()
        finally:
            self._stopping = True
            with suppress(Error):
                await self._subscriber.stop()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, message: Msg) -> None:
        asker = message.subject.removeprefix(f"{SUBJECT}.")
        if not message.reply.startswith(_REPLIES):
            return
        if self._under_way[asker] >= MOST_AT_ONCE or len(self._tasks) >= self._most_waiting:
            await self._reply(message.reply, Answer(busy=True))
            return
        try:
            request, ranges = _read(asker, message.data)
        except QuestionError as error:
            await self._reply(message.reply, Answer(error=str(error)))
            return
        self._under_way[asker] += 1
        highest = max((high for _, high in ranges), default=0)
        if request.wait and highest > self._waiting.reached and len(self._waiting) < self._most_waiting:
            reply, body = message.reply, message.data  # small, where what was read of it is not
            self._waiting.park(highest, min(request.wait, LONGEST_WAIT), lambda: self._begin(asker, reply, body))
        else:
            self._begin(asker, message.reply, message.data)

    def _begin(self, asker: str, reply: str, body: bytes) -> None:
        task = asyncio.create_task(self._finish(asker, reply, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, asker: str, reply: str, body: bytes) -> None:
        try:
            if self._stopping:
                await self._reply(reply, Answer(busy=True))
                return
            async with self._reading:
                try:
                    answer = await self._answer(asker, body)
                except SERVERS_FAIL:
                    answer = Answer(behind=BusBehind(0, STOPPED, "cơ sở dữ liệu không trả lời / the database is away"))
            await self._reply(reply, answer)
        finally:
            self._under_way[asker] -= 1
            if not self._under_way[asker]:
                del self._under_way[asker]

    async def _answer(self, asker: str, body: bytes) -> Answer:
        request, ranges = _read(asker, body)
        highest = max((high for _, high in ranges), default=0)
        async with snapshot(self._pool) as opened:
            rows = await reading.receipts(opened, asker, ranges, request.ids)
            behind = None
            if highest > opened.position or len(rows) < len(request.ids):
                behind = behind_of(await reading.projector(opened), opened.position)
        told, complete = _fitting(rows, self._client.max_payload - _ANSWER_ROOM)
        until = min(opened.position, highest) if ranges else opened.position
        return Answer(opened.position, until if complete else told[-1].position, told, behind)

    async def _reply(self, reply: str, answer: Answer) -> None:
        with suppress(Error):  # who asked asks again
            await self._broker.publish(_encode(answer), reply)


async def _as_it_came(message: StreamMessage[Msg]) -> Msg:
    return message.raw_message


def _read(asker: str, body: bytes) -> tuple[Request, list[tuple[int, int]]]:
    """Read a question and its positions as ranges; raises QuestionError."""
    if not is_unit_id(asker):
        raise QuestionError(f"subject: expected {SUBJECT}.{{a unit's id}}")
    if len(body) > LONGEST_QUESTION:
        raise QuestionError(f"positions: a question has at most {LONGEST_QUESTION} bytes")
    try:
        request = _decode(body)
    except (ValueError, RecursionError) as error:
        raise QuestionError(str(error)) from error
    ranges = [(asked, asked) if isinstance(asked, int) else asked for asked in request.positions]
    if not ranges and not request.ids:
        raise QuestionError("positions: expected positions, or ranges [from, to], or ids")
    if any(not 0 < low <= high < 2**63 for low, high in ranges):
        raise QuestionError("positions: expected positions, or ranges [from, to]")
    if sum(high - low + 1 for low, high in ranges) + len(request.ids) > MOST_POSITIONS:
        raise QuestionError(f"positions: at most {MOST_POSITIONS} at once, ids included")
    if not all(map(is_event_id, request.ids)):
        raise QuestionError("ids: expected ids of events")
    if not request.wait >= 0:
        raise QuestionError("wait: expected seconds, 0 or more")
    return request, ranges


def _fitting(rows: Iterable[Record], room: int) -> tuple[list[BusReceipt], bool]:
    """Make receipts of as many rows as an answer has room for, one at least, and say whether these are all."""
    told: list[BusReceipt] = []
    for row in rows:
        receipt = BusReceipt(**row)
        room -= len(_encode(receipt)) + 1
        if room < 0 and told:
            return told, False
        told.append(receipt)
    return told, True
