"""The way of a file through the bus: chunks are sent in order while the outcomes of earlier ones are asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import BinaryIO, Final, NamedTuple

from projections.bilingual import Bilingual
from services.publishing.asking import ReceiptsDeniedError
from services.publishing.connection import BusConnection, BusRefusedError
from services.publishing.lines import Line, Unpublishable
from services.publishing.outcomes import Patience, receipts
from services.publishing.reading import Chunk, Chunks
from services.publishing.receipt import PAUSED, STOPPED, BusBehind, BusReceipt
from services.publishing.sending import CHUNK, NotSent, Sender, Sent, Unsent

CHUNKS_AHEAD: Final = 100
"""Chunks that may be in the log while their outcomes are still asked for: what bounds the memory."""
_ASKING_AT_ONCE: Final = 16

REFUSED: Final = "refused"
UNSENT: Final = "unsent"
PUBLISHED: Final = "published"
UNDECIDED: Final = "undecided"
WAITS_PAUSED: Final = "waits_paused"
WAITS_AWAY: Final = "waits_away"
DUPLICATE: Final = "duplicate"


class LineOutcome(NamedTuple):
    """What is known of a line in the end.

    `outcome` is one of the contract's (section 2), or: REFUSED, it isn't in the log; UNSENT, it isn't acknowledged
    either, for sending ended (`detail` says where it may be in the log all the same): to be sent again; PUBLISHED, it
    is, and no outcome was asked for; WAITS_PAUSED and WAITS_AWAY, it is, and the projector stands still; UNDECIDED, it
    is, and the projector hasn't come so far. `position` is None for REFUSED and UNSENT alone. Of a DUPLICATE,
    `first_position` is where the first stands and `first_outcome` what became of that.
    """

    number: int
    publisher: str | None
    id: str | None
    position: int | None
    outcome: str
    reason: str | None = None
    field: str | None = None
    detail: str | None = None
    first_position: int | None = None
    first_outcome: str | None = None


class Flow:
    """One run: `sent` is called with the number of lines that have been dealt with, `tell` once for every line.

    `patience` for outcomes, None asks for none; `notice` is told what the user may want to know meanwhile.
    """

    def __init__(
        self,
        bus: BusConnection,
        *,
        batches: bool,
        patience: Patience | None,
        tell: Callable[[LineOutcome], None],
        sent: Callable[[int], None],
        notice: Callable[[Bilingual], None],
    ) -> None:
        self._bus = bus
        self._sender = Sender(bus, batches=batches, notice=notice)
        self._patience = patience
        self._tell = tell
        self._sent = sent
        self._notice = notice
        self._asking = asyncio.Semaphore(_ASKING_AT_ONCE)
        self._ended: BusRefusedError | None = None

    async def run(self, file: BinaryIO) -> BusRefusedError | None:
        """Publish all lines of a file in order; in memory are CHUNKS_AHEAD chunks at most.

        Returns why it ended before the end of the file, None where it didn't: the lines that were read are told even
        so, and what wasn't read begins after the last of them. Raises ReadingError where the file can't be read.
        """
        queue: asyncio.Queue[Sequence[Sent] | None] = asyncio.Queue(CHUNKS_AHEAD)
        asking = asyncio.create_task(self._ask(queue))
        try:
            chunks = Chunks(file, CHUNK)
            while self._ended is None and (chunk := await self._next(chunks)):
                await _hand_over(queue, asking, await self._send(chunk))
            await _hand_over(queue, asking, None)
            await asking
        finally:
            asking.cancel()
        return self._ended

    async def _next(self, chunks: Chunks) -> Chunk:
        try:
            read: Chunk = await self._bus.unless_ended(chunks.next())
        except BusRefusedError as ended:
            self._ended = ended
            return []
        return read

    async def _send(self, chunk: Chunk) -> list[Sent]:
        published: list[Sent] = []
        outcome = await self._sender.send([line for line in chunk if isinstance(line, Line)])
        for answer in outcome.answers:
            line = answer.line
            match answer:
                case Sent():
                    published.append(answer)
                case NotSent(_, reason, detail):
                    self._tell(LineOutcome(line.number, line.publisher, line.id, None, REFUSED, reason, None, detail))
                case Unsent(_, reason, in_doubt):
                    doubt = "sent, not acknowledged" if in_doubt else None
                    self._tell(LineOutcome(line.number, line.publisher, line.id, None, UNSENT, reason, None, doubt))
        for bad in chunk:
            if isinstance(bad, Unpublishable):
                self._tell(LineOutcome(bad.number, None, None, None, REFUSED, bad.reason, bad.field, bad.detail))
        self._ended = self._ended or outcome.ended
        self._sent(len(chunk))
        return published

    async def _ask(self, queue: "asyncio.Queue[Sequence[Sent] | None]") -> None:
        while (published := await queue.get()) is not None:
            by_unit: dict[str, list[Sent]] = {}
            for sent in published:
                by_unit.setdefault(sent.line.publisher, []).append(sent)
            async with asyncio.TaskGroup() as group:
                for unit, ours in by_unit.items():
                    group.create_task(self._ask_as(unit, ours))

    async def _ask_as(self, unit: str, published: Sequence[Sent]) -> None:
        """Ask for what one unit has published, and tell each line."""
        repeated = [(sent.line, sent.position, sent.position) for sent in published if sent.duplicate]
        waiting = {sent.position: sent.line for sent in published if not sent.duplicate}
        why = PUBLISHED if self._patience is None or self._ended else UNDECIDED
        async with self._asking:
            async for receipt in self._receipts(unit, list(waiting)):
                if not isinstance(receipt, BusReceipt):
                    why = receipt
                    continue
                line = waiting.pop(receipt.position)
                if receipt.outcome == DUPLICATE and receipt.first_position is not None:
                    repeated.append((line, receipt.position, receipt.first_position))
                else:
                    verdict = (receipt.outcome, receipt.reason, receipt.field, receipt.detail, receipt.first_position)
                    self._tell(LineOutcome(line.number, line.publisher, line.id, receipt.position, *verdict))
            for position, line in waiting.items():
                self._tell(LineOutcome(line.number, line.publisher, line.id, position, why))
            await self._tell_repeated(unit, repeated)

    async def _tell_repeated(self, unit: str, repeated: Sequence[tuple[Line, int, int]]) -> None:
        """Tell of lines (with their position and the first's) whose event was in the log already, just as it is."""
        firsts = [first for _, _, first in repeated]
        outcomes = {
            receipt.position: receipt.outcome
            async for receipt in self._receipts(unit, firsts)
            if isinstance(receipt, BusReceipt)
        }
        for line, position, first in repeated:
            told = LineOutcome(line.number, line.publisher, line.id, position, DUPLICATE, first_position=first)
            self._tell(told._replace(first_outcome=outcomes.get(first)))

    async def _receipts(self, unit: str, positions: Sequence[int]) -> AsyncIterator[BusReceipt | str]:
        """Yield receipts as they come, and last what is to be told of those without one, where that is known."""
        if self._patience is None or not positions or self._ended:
            return
        ordered = sorted(set(positions))
        try:
            async for found in receipts(self._bus, unit, ordered, patience=self._patience, notice=self._notice):
                yield found if isinstance(found, BusReceipt) else _why(found)
        except ReceiptsDeniedError as denied:
            self._notice(Bilingual.of(denied))
            yield UNDECIDED
        except BusRefusedError as ended:
            self._ended = self._ended or ended
            yield PUBLISHED


async def _hand_over(
    queue: "asyncio.Queue[Sequence[Sent] | None]", asking: asyncio.Task[None], published: Sequence[Sent] | None
) -> None:
    """Put something into the queue of who asks; raises what ended that one, in place of waiting for it for ever."""
    putting = asyncio.ensure_future(queue.put(published))
    await asyncio.wait({putting, asking}, return_when=asyncio.FIRST_COMPLETED)
    if asking.done():
        putting.cancel()
        await asking


def _why(behind: BusBehind) -> str:
    return {PAUSED: WAITS_PAUSED, STOPPED: WAITS_AWAY}.get(behind.state, UNDECIDED)
