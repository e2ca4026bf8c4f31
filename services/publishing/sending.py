"""Put lines into the log in their order: a chunk as one atomic batch, or as single messages in one flight."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from nats.errors import Error
from nats.js.errors import NoStreamResponseError

from events.subjects import MESSAGE_ID_HEADER
from projections.bilingual import Bilingual
from services.connecting.patience import Backoff
from services.publishing.connection import AWAY, FULL, BusConnection, BusRefusedError
from services.publishing.flight import Ack, Flights, ServerRefusal, given_up
from services.publishing.lines import Line
from services.publishing.owning import Owning, Owns
from services.tracing import spans

CHUNK: Final = 1000
"""Messages of an atomic batch; the server takes no more."""
ACKNOWLEDGED_WITHIN: Final = 10.0
"""Seconds for one flight; what isn't acknowledged by then is sent again."""
CROWDED_PAUSE: Final = 0.2
"""Seconds, the first of growing ones: others keep all batches open that the stream allows (50)."""
_CROWDED_TRIES: Final = 4
_BEGUN_WITHIN: Final = 3.0
_HEADER_ROOM: Final = 1024
NO_ROOM: Final = frozenset({10023, 10047, 10077})
"""Insufficient resources, insufficient storage, a stream at its limit."""
_DUPLICATE: Final = 10201
_BATCHES_NOT_ALLOWED: Final = 10174
_CROWDED: Final = frozenset({10210, 10211})
_SERVERS_FAULT: Final = 500
_TOO_MANY_REQUESTS: Final = 429
_NOT_ACKNOWLEDGED: Final = Bilingual(
    "chưa được xác nhận, xem nhật ký của bus: đĩa có thể đã đầy", "it does not acknowledge, its disk may be full"
)
_NO_STREAM: Final = Bilingual(
    "chưa có luồng PARTY, hãy chạy `tonghop migrate`", "there is no stream PARTY, run `tonghop migrate`"
)
_NO_ROOM_LEFT: Final = Bilingual("bus đã đầy, hãy dọn chỗ", "it is full, make room")
_FAILS: Final = Bilingual("bus gặp lỗi", "it fails")
_BATCHES_TAKEN: Final = Bilingual(
    "Các lô đang mở trên bus đã hết chỗ (429): gửi từng sự kiện",
    "Too many batches are open on the bus (429): sending singly",
)
_Trouble = tuple[Bilingual, str]


class Sent(NamedTuple):
    """A line is in the log at `position`; `duplicate`: it stood there already, just as it is."""

    line: Line
    position: int
    duplicate: bool


class NotSent(NamedTuple):
    """A line that the server refuses to take; sending it again would change nothing."""

    line: Line
    reason: str
    detail: str


class Unsent(NamedTuple):
    """A line that wasn't acknowledged when sending ended; `in_doubt`: it may be in the log all the same."""

    line: Line
    reason: str
    in_doubt: bool


class ChunkOutcome(NamedTuple):
    """What became of the lines of a chunk, in their order, and why sending ended, None where it goes on."""

    answers: list[Sent | NotSent | Unsent]
    ended: BusRefusedError | None


class _BatchRefusedError(Exception):
    """An atomic batch isn't in the log, or nobody knows (`in_doubt`)."""

    def __init__(self, refusal: ServerRefusal, *, in_doubt: bool = False) -> None:
        super().__init__(refusal.description)
        self.refusal = refusal
        self.in_doubt = in_doubt


class _Chunk:
    """The lines that are still to be sent, by their number in the chunk, and what is known of the others."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self._carried = spans.carried()
        self.answers: dict[int, Sent | NotSent] = {}
        self.doubted: set[int] = set()
        """Sent, and never answered: a duplicate of such a one is no duplicate."""
        self.bare: set[int] = set()
        """Sent without an id, for somebody else has claimed it."""
        self.looked_up = False
        self.why = AWAY
        """Why what goes as a whole or not at all did not go."""
        first: dict[str, int] = {}
        self.first = [
            number if line.headers is not None else first.setdefault(line.message_id, number)
            for number, line in enumerate(lines)
        ]
        """Of each line, which is the first that says the same."""

    def waiting(self) -> list[tuple[int, Line]]:
        """Give what has no answer yet; of lines with the same bytes, the first."""
        return [
            (number, line)
            for number, line in enumerate(self.lines)
            if self.first[number] == number and number not in self.answers
        ]

    def headers(self, number: int) -> dict[str, str]:
        line = self.lines[number]
        headers = {MESSAGE_ID_HEADER: line.message_id} if line.headers is None else dict(line.headers)
        if number in self.bare:
            headers.pop(MESSAGE_ID_HEADER, None)
        if self._carried and line.headers is None and number in (0, len(self.lines) - 1):
            headers |= self._carried  # the ledger keeps it for ever: a chunk is found by its ends
        return headers

    def stands(self, positions: Mapping[int, int]) -> None:
        """Take note of where these stand that the log had already."""
        for number, position in positions.items():
            self.answers[number] = Sent(self.lines[number], position, duplicate=number not in self.doubted)

    def outcome(self, ended: BusRefusedError | None) -> ChunkOutcome:
        answers: list[Sent | NotSent | Unsent] = []
        for line, first in zip(self.lines, self.first, strict=True):
            answer = self.answers.get(first)
            if answer is None:
                answers.append(Unsent(line, ended.reason if ended else self.why, first in self.doubted))
            elif isinstance(answer, Sent):
                answers.append(
                    answer._replace(line=line, duplicate=answer.duplicate or line.number != answer.line.number)
                )
            else:
                answers.append(answer._replace(line=line))
        return ChunkOutcome(answers, ended)


class Sender:
    """Sends chunks one after another; a line is given up when the server refuses that line, or when all has to end."""

    def __init__(
        self,
        bus: BusConnection,
        *,
        batches: bool,
        notice: Callable[[Bilingual], None] = lambda _: None,
        owning: Owns | None = None,
        flights: Flights | None = None,
    ) -> None:
        self._bus = bus
        self._batches = batches
        self._notice = notice
        self._flights = flights or Flights(bus)
        self._owning = owning or Owning(bus)
        self._crowded = False

    async def send(self, lines: Sequence[Line], *, whole: bool = False) -> ChunkOutcome:
        """Send at most CHUNK lines and answer for each; waits for a bus that is away as long as the bus's patience.

        As a ``whole`` they go as one batch or not at all: only what stands in the log already is left out of it.
        """
        with spans.span("publish", "producer", {"messaging.batch.message_count": len(lines)}) as told:
            outcome = await self._send(lines, whole=whole)
            if told.told:
                _tell(told, outcome)
            return outcome

    async def _send(self, lines: Sequence[Line], *, whole: bool) -> ChunkOutcome:
        chunk = _Chunk(lines)
        most = self._bus.client.max_payload - _HEADER_ROOM
        for number, line in chunk.waiting():
            if len(line.body) > most:
                chunk.answers[number] = NotSent(line, "refused_by_bus", f"longer than {most} bytes")
        try:
            if self._batches:
                await self._send_as_batch(chunk)
            if not whole or len(chunk.waiting()) == 1:
                await self._send_singly(chunk)
        except BusRefusedError as ended:
            return chunk.outcome(ended)
        return chunk.outcome(None)

    async def _send_as_batch(self, chunk: _Chunk) -> None:
        """Send what waits as one batch, in order; where that can't be, it is left to be sent singly.

        What the bus calls a duplicate is looked up in the ledger. What isn't found there goes without an id, all in the
        same batch: whoever claims ids can neither keep events from the log nor change their order.
        """
        backoff = Backoff(CROWDED_PAUSE)
        while len(waiting := chunk.waiting()) > 1:
            if any(line.subject in self._bus.denied for _, line in waiting):
                return
            await self._bus.connected()
            try:
                first = await self._try_batch(chunk, waiting)
            except _BatchRefusedError as refused:
                if not await self._may_try_again(chunk, waiting, refused, backoff):
                    return
            else:
                self._crowded = False
                self._bus.well()
                for position, (number, line) in enumerate(waiting, first):
                    chunk.answers[number] = Sent(line, position, duplicate=False)

    async def _may_try_again(
        self, chunk: _Chunk, waiting: Sequence[tuple[int, Line]], refused: _BatchRefusedError, backoff: Backoff
    ) -> bool:
        """Do what a refusal asks for, and say whether what waits then may go as a batch once more."""
        code = refused.refusal.err_code
        if refused.in_doubt:
            chunk.doubted.update(number for number, _ in waiting)
            if self._bus.client.is_connected:
                await self._bus.pause(_NOT_ACKNOWLEDGED)
        elif code == _DUPLICATE and not chunk.looked_up:
            chunk.stands(await self._owning.known(waiting, just_sent=bool(chunk.doubted)))
            chunk.looked_up = True
        elif code == _DUPLICATE:
            chunk.bare.update(number for number, _ in waiting)
        elif code in _CROWDED or refused.refusal.code == _TOO_MANY_REQUESTS:
            if backoff.tried >= (1 if self._crowded else _CROWDED_TRIES):
                self._crowded = True
                self._notice(_BATCHES_TAKEN)
                return False
            await self._bus.unless_ended(asyncio.sleep(backoff.next()))
        else:
            self._batches = code != _BATCHES_NOT_ALLOWED
            chunk.why = FULL if code in NO_ROOM else AWAY
            return False
        return True

    async def _try_batch(self, chunk: _Chunk, waiting: Sequence[tuple[int, Line]]) -> int:
        """Send one batch and return the position of its first message; raises _BatchRefusedError."""
        client, last = self._bus.client, len(waiting)
        batch = {"Nats-Batch-Id": secrets.token_urlsafe(16)}  # whoever could guess it could add to the batch
        ack = Ack()
        for sequence, (number, line) in enumerate(waiting, 1):
            headers = chunk.headers(number) | batch | {"Nats-Batch-Sequence": str(sequence)}
            if sequence == last:
                headers["Nats-Batch-Commit"] = "1"
            try:
                if 1 < sequence < last:
                    await client.publish(line.subject, line.body, headers=headers)
                    continue
                within = ACKNOWLEDGED_WITHIN if sequence == last else _BEGUN_WITHIN
                ack = await self._answered(line, headers, within)
            except Error as error:
                raise _BatchRefusedError(ServerRefusal(), in_doubt=sequence == last) from error
            if ack.error:
                raise _BatchRefusedError(ack.error)
        return ack.seq - last + 1

    async def _answered(self, line: Line, headers: dict[str, str], within: float) -> Ack:
        """Send one message of a batch that the server answers; raises Error where it doesn't, EndedError."""
        losses = self._bus.losses
        future = await self._flights.send(line.subject, line.body, headers)
        try:
            await self._settled([(future, line)], losses, within)
            self._bus.check_wanted()
            if not future.done():
                raise Error("no answer")
            return future.result()
        finally:
            given_up([future])

    async def _settled(self, flying: Sequence[tuple[asyncio.Future[Ack], Line]], losses: int, within: float) -> None:
        """Wait until each is answered, or never will be: denied, lost, too late, or no longer wanted."""
        bus, clock = self._bus, asyncio.get_running_loop().time
        deadline = clock() + within
        while (left := deadline - clock()) > 0:
            bus.news.clear()
            pending = [future for future, line in flying if not future.done() and line.subject not in bus.denied]
            if not pending or bus.losses != losses or bus.inbox_denied or bus.ended.is_set():
                return
            await bus.settle(pending, left)

    async def _send_singly(self, chunk: _Chunk) -> None:
        """Send until each has an answer; what is waited for in the end is only what the bus has no room for."""
        while waiting := chunk.waiting():
            await self._bus.connected()
            flight = await self._fly(chunk, waiting)
            claimed: list[tuple[int, Line, int]] = []
            trouble: _Trouble | None = None
            unanswered: set[int] = set()
            for number, line in waiting:
                match flight.get(number):
                    case Ack(duplicate=True) as ack:
                        claimed.append((number, line, ack.seq))
                    case Ack() as ack:
                        chunk.answers[number] = Sent(line, ack.seq, duplicate=False)
                    case NotSent() as refused:
                        chunk.answers[number] = refused
                    case (_, _) as why:
                        trouble = why
                    case _:
                        unanswered.add(number)
            chunk.doubted |= unanswered
            self._bus.check_wanted()
            if claimed:
                await self._claim(chunk, claimed)
            if trouble or unanswered:
                await self._bus.pause(*(trouble or (_NOT_ACKNOWLEDGED, AWAY)))
            else:
                self._bus.well()

    async def _claim(self, chunk: _Chunk, claimed: Collection[tuple[int, Line, int]]) -> None:
        """Make sure of what the bus calls duplicates; those that aren't are sent again, without an id."""
        ours = await self._owning.at(list(claimed))
        chunk.stands({number: position for number, _, position in claimed if number in ours})
        chunk.bare.update(number for number, _, _ in claimed if number not in ours)

    async def _fly(self, chunk: _Chunk, waiting: Sequence[tuple[int, Line]]) -> dict[int, Ack | NotSent | _Trouble]:
        """Send each once and say what is known of each: acknowledged, refused, or why it must be tried again.

        One of which nothing is known is left out.
        """
        losses = self._bus.losses
        futures: dict[int, asyncio.Future[Ack]] = {}
        try:
            try:
                for number, line in waiting:
                    futures[number] = await self._flights.send(line.subject, line.body, chunk.headers(number))
            except Error:
                pass
            flying = [(futures[number], line) for number, line in waiting if number in futures]
            await self._settled(flying, losses, ACKNOWLEDGED_WITHIN)
            return {
                number: known
                for number, line in waiting
                if (known := _known(futures.get(number), line, denied=line.subject in self._bus.denied)) is not None
            }
        finally:
            given_up(list(futures.values()))


def _tell(told: spans.WorkSpan, outcome: ChunkOutcome) -> None:
    positions = [answer.position for answer in outcome.answers if isinstance(answer, Sent)]
    if positions:
        told.note({"tonghop.position.first": min(positions), "tonghop.position": max(positions)})
    if len(positions) < len(outcome.answers):
        told.failed(outcome.ended)


def _known(future: asyncio.Future[Ack] | None, line: Line, *, denied: bool) -> Ack | NotSent | _Trouble | None:
    if future is None or not future.done():
        return NotSent(line, "not_permitted", f"publishing to {line.subject} is denied") if denied else None
    error = future.exception()
    if isinstance(error, NoStreamResponseError):
        return _NO_STREAM, AWAY
    return (_FAILS.with_detail(str(error)), AWAY) if error is not None else _read(future.result(), line)


def _read(ack: Ack, line: Line) -> Ack | NotSent | _Trouble:
    if ack.error is None:
        return ack
    said = f"{ack.error.description} ({ack.error.err_code})"
    if ack.error.err_code in NO_ROOM:
        return _NO_ROOM_LEFT.with_detail(said), FULL
    if ack.error.code < _SERVERS_FAULT and ack.error.code != _TOO_MANY_REQUESTS:
        return NotSent(line, "refused_by_bus", said)
    return _FAILS.with_detail(said), AWAY
