"""Whether what the bus calls a duplicate is one's own event: anybody can claim a message id (docs/decisions/0022).

Whatever can't be made sure of is not one's own: it is sent again without an id, and the ledger's key keeps it single.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Final, Protocol

from events.subjects import digest
from services.publishing.asking import Heard, ReceiptsDeniedError, ask
from services.publishing.connection import BusConnection
from services.publishing.lines import Line
from services.publishing.receipt import CATCHING_UP, BusReceipt, Request, as_ranges

SURE_WITHIN: Final = 5.0
"""Seconds for which a projector that is catching up is waited for."""
_SETTLES_WITHIN: Final = 1.5
"""Seconds until the projector knows of what the log has had in a moment ago."""
_IDS: Final = 200
"""Of one question, so that it stays below what a unit may send."""
_AT_ONCE: Final = 8


class Owns(Protocol):
    """Tells whether what the bus calls duplicates are one's own events."""

    async def at(self, claimed: Sequence[tuple[int, Line, int]], /) -> set[int]:
        """Of lines with a number and the position of the message with their id: the numbers of those that are it."""

    async def known(self, lines: Collection[tuple[int, Line]], /, *, just_sent: bool) -> dict[int, int]:
        """Of lines with a number: the positions of those that the ledger has with just this content."""


class Owning:
    """Looks events up in the ledger, as their publishers. Raises nothing but EndedError and BusRefusedError.

    An ``asker`` above them asks for all of them: it is told of those below it by their positions, not by their ids.
    """

    def __init__(self, bus: BusConnection, asker: str | None = None) -> None:
        self._bus = bus
        self._asker = asker
        self._asking = asyncio.Semaphore(_AT_ONCE)

    async def at(self, claimed: Sequence[tuple[int, Line, int]]) -> set[int]:
        """Of lines with a number and the position of the message with their id: the numbers of those that are it."""
        found: set[int] = set()

        async def look(unit: str, lines: dict[int, list[tuple[int, Line]]]) -> None:
            left, until = sorted(lines), time.monotonic() + SURE_WITHIN
            while left and (wait := until - time.monotonic()) > 0:
                heard = await self._ask(unit, Request(as_ranges(left), wait=wait))
                if heard.answer is None:
                    return
                for receipt in heard.answer.receipts:
                    found.update(number for number, line in lines[receipt.position] if _is(line, receipt))
                left = [position for position in left if position > heard.answer.until]
                if heard.behind is not None and heard.behind.state != CATCHING_UP:
                    return

        by_unit: dict[str, dict[int, list[tuple[int, Line]]]] = {}
        for number, line, position in claimed:
            by_unit.setdefault(self._asker or line.publisher, {}).setdefault(position, []).append((number, line))
        await asyncio.gather(*(look(unit, lines) for unit, lines in by_unit.items()))
        return found

    async def known(self, lines: Collection[tuple[int, Line]], *, just_sent: bool) -> dict[int, int]:
        """Of lines with a number: the positions of those that the ledger has with just this content.

        `just_sent`: they may have come into the log a moment ago.
        """
        found: dict[int, int] = {}

        async def look(unit: str, ours: dict[str, tuple[int, Line]]) -> None:
            began = time.monotonic()
            while ours:
                heard = await self._ask(unit, Request(ids=list(ours)))
                if heard.answer is None:
                    return
                for receipt in heard.answer.receipts:
                    number, line = ours.pop(receipt.id or "")
                    if _is(line, receipt):
                        found[number] = receipt.position
                if ours and not heard.answer.until < heard.answer.position:
                    spent = time.monotonic() - began
                    catching_up = heard.behind is not None and heard.behind.state == CATCHING_UP
                    if spent >= (SURE_WITHIN if catching_up else _SETTLES_WITHIN if just_sent else 0.0):
                        return
                    await self._bus.wait_a_little()

        by_unit: dict[str, dict[str, tuple[int, Line]]] = {}
        for number, line in lines:
            if line.id and self._asker in {None, line.publisher}:
                by_unit.setdefault(line.publisher, {})[line.id] = number, line
        looks = [
            look(unit, dict(items[at : at + _IDS]))
            for unit, ours in by_unit.items()
            for items in [list(ours.items())]
            for at in range(0, len(items), _IDS)
        ]
        await asyncio.gather(*looks)
        return found

    async def _ask(self, unit: str, request: Request) -> Heard:
        async with self._asking:
            try:
                return await ask(self._bus, unit, request)
            except ReceiptsDeniedError:
                return Heard(None, None)


def _is(line: Line, receipt: BusReceipt) -> bool:
    return (receipt.publisher, receipt.id, receipt.digest) == (line.publisher, line.id, digest(line.body))
