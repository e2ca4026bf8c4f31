"""Put lines into the log in their order: a chunk as one atomic batch, or as single messages in one flight."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from nats.errors import ConnectionClosedError, Error, NoRespondersError
from nats.js.api import PubAck
from nats.js.errors import APIError, NoStreamResponseError

from events.subjects import MESSAGE_ID_HEADER
from services.publishing.bus import Bus
from services.publishing.lines import Line

CHUNK: Final = 1000
"""Messages of an atomic batch; the server takes no more."""
ACKNOWLEDGED_WITHIN: Final = 10.0
"""Seconds for one flight; what isn't acknowledged by then is sent again, and the message id keeps it single."""
_BEGUN_WITHIN: Final = 3.0
_LOOK_EVERY: Final = 0.2
_HEADER_ROOM: Final = 1024


class Sent(NamedTuple):
    """A line is in the log at `position`; `duplicate`: the bus knew it already, and that is where it stands."""

    line: Line
    position: int
    duplicate: bool


class NotSent(NamedTuple):
    """A line that the server refuses to take; sending it again would change nothing."""

    line: Line
    reason: str
    detail: str


class BatchRefusedError(Exception):
    """An atomic batch isn't in the log, or nobody knows (`in_doubt`)."""

    def __init__(self, code: int | None, *, in_doubt: bool) -> None:
        super().__init__(f"batch refused ({code})")
        self.code = code
        self.in_doubt = in_doubt


class _Error(msgspec.Struct):
    err_code: int = 0


class _BatchAck(msgspec.Struct):
    seq: int = 0
    count: int = 0
    error: _Error | None = None


_decode = msgspec.json.Decoder(_BatchAck).decode
_BATCHES_NOT_ALLOWED: Final = 10174
_NOT_ACKNOWLEDGED: Final = (
    "chưa được xác nhận, xem nhật ký của bus: đĩa có thể đã đầy / not acknowledged yet, the bus's disk may be full"
)


class Sender:
    """Sends chunks one after another; a line is given up only when the server refuses that line."""

    def __init__(self, bus: Bus, *, batches: bool) -> None:
        self._bus = bus
        self._batches = batches

    async def send(self, lines: Sequence[Line]) -> list[Sent | NotSent]:
        """Send at most CHUNK lines and answer for each, in their order; waits for a bus that is away.

        Raises BusRefusedError where no message can ever be acknowledged.
        """
        in_doubt = False
        if self._batches and len(lines) > 1 and not any(line.subject in self._bus.denied for line in lines):
            await self._bus.connected()
            try:
                return list(await self._send_batch(lines))
            except BatchRefusedError as refused:
                in_doubt = refused.in_doubt
                self._batches = refused.code != _BATCHES_NOT_ALLOWED
        return await self._send_singly(lines, in_doubt=in_doubt)

    async def _send_batch(self, lines: Sequence[Line]) -> list[Sent]:
        client, last = self._bus.client, len(lines)
        headers = {"Nats-Batch-Id": client.new_inbox().rpartition(".")[2]}
        ack = _BatchAck()
        for number, line in enumerate(lines, 1):
            headers |= {MESSAGE_ID_HEADER: line.message_id, "Nats-Batch-Sequence": str(number)}
            if number == last:
                headers["Nats-Batch-Commit"] = "1"
            try:
                if 1 < number < last:
                    await client.publish(line.subject, line.body, headers=headers)
                    continue
                ack = _decode(await self._ask(line, headers, ACKNOWLEDGED_WITHIN if number == last else _BEGUN_WITHIN))
            except Error as error:
                raise BatchRefusedError(None, in_doubt=number == last) from error
            if ack.error:
                raise BatchRefusedError(ack.error.err_code, in_doubt=False)
        return [Sent(line, ack.seq - last + number, duplicate=False) for number, line in enumerate(lines, 1)]

    async def _ask(self, line: Line, headers: dict[str, str], within: float) -> bytes:
        """Send one message of a batch that the server answers; raises Error where the connection is lost meanwhile."""
        request = asyncio.ensure_future(
            self._bus.client.request(line.subject, line.body, headers=headers, timeout=within)
        )
        lost = asyncio.ensure_future(self._bus.lost.wait())
        try:
            await asyncio.wait({request, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not request.done():
                raise ConnectionClosedError
            return (await request).data or b"{}"
        finally:
            request.cancel()
            lost.cancel()

    async def _send_singly(self, lines: Sequence[Line], *, in_doubt: bool) -> list[Sent | NotSent]:
        """Send until each has an answer. A duplicate of what we sent ourselves, in doubt, is no duplicate."""
        most = self._bus.client.max_payload - _HEADER_ROOM
        answers: dict[int, Sent | NotSent] = {
            number: NotSent(line, "refused_by_bus", f"longer than {most} bytes")
            for number, line in enumerate(lines)
            if len(line.body) > most
        }
        waiting = [(number, line) for number, line in enumerate(lines) if number not in answers]
        doubted = {number for number, _ in waiting} if in_doubt else set()
        while waiting:
            await self._bus.connected()
            flight = await self._fly(waiting)
            trouble = ""
            for number, line in waiting:
                match flight.get(number):
                    case PubAck() as ack:
                        answers[number] = Sent(line, ack.seq, duplicate=bool(ack.duplicate) and number not in doubted)
                    case NotSent() as refused:
                        answers[number] = refused
                    case str() as reason:
                        trouble = reason
                    case _:
                        doubted.add(number)
            if left := [pair for pair in waiting if pair[0] not in answers]:
                await self._bus.pause(trouble or _NOT_ACKNOWLEDGED)
            waiting = left
        return [answers[number] for number in range(len(lines))]

    async def _fly(self, waiting: Sequence[tuple[int, Line]]) -> dict[int, PubAck | NotSent | str]:
        """Send each once and say what is known of each: acknowledged, refused, or why it must be tried again.

        One of which nothing is known is left out.
        """
        bus = self._bus
        futures: dict[int, asyncio.Future[PubAck]] = {}
        try:
            for number, line in waiting:
                futures[number] = await bus.jetstream.publish_async(
                    line.subject, line.body, headers={MESSAGE_ID_HEADER: line.message_id}
                )
        except Error:
            pass
        try:
            clock = asyncio.get_running_loop().time
            deadline = clock() + ACKNOWLEDGED_WITHIN
            pending: set[Any] = set(futures.values())
            while pending and clock() < deadline and not bus.lost.is_set() and not bus.inbox_denied:
                _, pending = await asyncio.wait(pending, timeout=_LOOK_EVERY)
                pending = {
                    future
                    for (number, line) in waiting
                    if (future := futures.get(number)) in pending and line.subject not in bus.denied
                }
            return {
                number: known
                for number, line in waiting
                if (known := _known(futures.get(number), line, denied=line.subject in bus.denied)) is not None
            }
        finally:
            for future in futures.values():
                future.cancel()


def _known(future: asyncio.Future[PubAck] | None, line: Line, *, denied: bool) -> PubAck | NotSent | str | None:
    if future is None or not future.done():
        return NotSent(line, "not_permitted", f"publishing to {line.subject} is denied") if denied else None
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, APIError) and (error.code or 0) < 500:  # noqa: PLR2004 a client's fault, as in HTTP
        return NotSent(line, "refused_by_bus", f"{error.description} ({error.err_code})")
    if isinstance(error, NoRespondersError | NoStreamResponseError):
        return "chưa có luồng PARTY, hãy chạy `tonghop migrate` / there is no stream"
    return str(error)
