"""The way of a file through the bus: chunks are sent in order while the outcomes of earlier ones are asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from services.publishing.bus import Bus
from services.publishing.lines import Line, Unpublishable
from services.publishing.outcomes import receipts
from services.publishing.receipt import Receipt, digest
from services.publishing.sending import CHUNK, NotSent, Sender, Sent

CHUNKS_AHEAD: Final = 100
"""Chunks that may be in the log while their outcomes are still asked for: what bounds the memory."""

REFUSED: Final = "refused"
PUBLISHED: Final = "published"
UNDECIDED: Final = "undecided"
DUPLICATE: Final = "duplicate"


class Told(NamedTuple):
    """What is known of a line in the end.

    `outcome` is one of the contract's (section 2), or: REFUSED, it isn't in the log; PUBLISHED, it is, and no outcome
    was asked for; UNDECIDED, it is, and the projector hasn't come so far. `position` is None for REFUSED alone. Of a
    DUPLICATE, `first_position` is where the first stands and `first_outcome` what became of that.
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
    """One run: `sent` is called with the number of lines that have been dealt with, `tell` once for every line."""

    def __init__(
        self,
        bus: Bus,
        *,
        batches: bool,
        patience: float | None,
        tell: Callable[[Told], None],
        sent: Callable[[int], None],
        notice: Callable[[str], None],
    ) -> None:
        """`patience` as `outcomes.receipts` takes it; None asks for no outcome."""
        self._bus = bus
        self._sender = Sender(bus, batches=batches)
        self._patience = patience
        self._tell = tell
        self._sent = sent
        self._notice = notice

    async def run(self, lines: Iterator[Line | Unpublishable]) -> None:
        """Publish all lines in order; in memory are CHUNKS_AHEAD chunks at most. Raises BusRefusedError."""
        queue: asyncio.Queue[Sequence[Sent] | None] = asyncio.Queue(CHUNKS_AHEAD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask(queue))
            chunk = await asyncio.to_thread(_take, lines)
            while chunk:
                following = group.create_task(asyncio.to_thread(_take, lines))
                await queue.put(await self._send(chunk))
                chunk = await following
            await queue.put(None)

    async def _send(self, chunk: Sequence[Line | Unpublishable]) -> list[Sent]:
        published: list[Sent] = []
        stands_at: set[int] = set()
        for answer in await self._sender.send([line for line in chunk if isinstance(line, Line)]):
            line = answer.line
            if isinstance(answer, NotSent):
                self._tell(
                    Told(line.number, line.publisher, line.id, None, REFUSED, answer.reason, None, answer.detail)
                )
            else:
                published.append(answer._replace(duplicate=answer.duplicate or answer.position in stands_at))
                stands_at.add(answer.position)
        for bad in chunk:
            if isinstance(bad, Unpublishable):
                self._tell(Told(bad.number, None, None, None, REFUSED, "unpublishable", bad.field, bad.detail))
        self._sent(len(chunk))
        return published

    async def _ask(self, queue: "asyncio.Queue[Sequence[Sent] | None]") -> None:
        while (published := await queue.get()) is not None:
            repeated = [(sent.line, sent.position, sent.position) for sent in published if sent.duplicate]
            waiting = {sent.position: sent.line for sent in published if not sent.duplicate}
            async for receipt in self._receipts(waiting):
                line = waiting.pop(receipt.position)
                if receipt.outcome == DUPLICATE and receipt.first_position is not None:
                    repeated.append((line, receipt.position, receipt.first_position))
                else:
                    verdict = (receipt.outcome, receipt.reason, receipt.field, receipt.detail, receipt.first_position)
                    self._tell(Told(line.number, line.publisher, line.id, receipt.position, *verdict))
            for position, line in waiting.items():
                outcome = PUBLISHED if self._patience is None else UNDECIDED
                self._tell(Told(line.number, line.publisher, line.id, position, outcome))
            await self._tell_repeated(repeated)

    async def _tell_repeated(self, repeated: Sequence[tuple[Line, int, int]]) -> None:
        """Tell of lines (with their position and the first's) whose key was in the log already.

        The bus knows an event again by its id alone: whether the content is the same is for us to find out.
        """
        first_ones = {first for _, _, first in repeated}
        receipts_of = {receipt.position: receipt async for receipt in self._receipts(first_ones, digests=True)}
        for line, position, first in repeated:
            receipt = receipts_of.get(first)
            told = Told(line.number, line.publisher, line.id, position, DUPLICATE, first_position=first)
            if receipt is None:
                self._tell(told)
            elif receipt.digest == digest(line.body):
                self._tell(told._replace(first_outcome=receipt.outcome))
            else:
                self._tell(told._replace(outcome="rejected", reason="id_conflict"))

    async def _receipts(self, positions: Collection[int], *, digests: bool = False) -> AsyncIterator[Receipt]:
        if self._patience is not None and positions:
            ordered = sorted(positions)
            async for receipt in receipts(
                self._bus, ordered, patience=self._patience, notice=self._notice, digests=digests
            ):
                yield receipt


def _take(lines: Iterator[Line | Unpublishable]) -> list[Line | Unpublishable]:
    return list(islice(lines, CHUNK))
