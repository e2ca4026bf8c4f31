"""Ask the projector, over the bus, what became of the events at given positions."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from projections.bilingual import Bilingual
from services.publishing.asking import ask
from services.publishing.connection import BusConnection
from services.publishing.receipt import PAUSED, STOPPED, BusBehind, BusReceipt, Request, as_ranges

_FIRST_WAIT: Final = 1.0
"""Seconds after which a projector that stands still is told of."""
_ANSWER_WAIT: Final = 5.0


class Patience:
    """Seconds without a step of the projector, for all who ask in a run: its steps count for each of them.

    `moving` while it is at work, `standing` while it is paused or away.
    """

    def __init__(self, moving: float, standing: float | None = None) -> None:
        self.moving = moving
        self.standing = moving if standing is None else min(moving, standing)
        self._reached = -1
        self._moved: float | None = None
        self._silent: tuple[float, BusBehind] | None = None

    def left(self, behind: BusBehind | None) -> float:
        """Say how long it lasts yet; it begins when it is first asked for."""
        if self._moved is None:
            self._moved = time.monotonic()
        stands = behind is not None and behind.state in {PAUSED, STOPPED}
        return (self.standing if stands else self.moving) - (time.monotonic() - self._moved)

    def reaches(self, position: int) -> None:
        """Take note of where the projector is."""
        self._silent = None
        if position > self._reached:
            self._reached, self._moved = position, time.monotonic()

    def is_silent(self, behind: BusBehind | None) -> None:
        """Take note that nobody answers."""
        if behind is not None:
            self._silent = time.monotonic(), behind

    @property
    def silence(self) -> BusBehind | None:
        """What was said of it when nobody answered, a moment ago."""
        return self._silent[1] if self._silent and time.monotonic() - self._silent[0] < _ANSWER_WAIT else None


async def receipts(
    bus: BusConnection, unit: str, positions: Sequence[int], *, patience: Patience, notice: Callable[[Bilingual], None]
) -> AsyncIterator[BusReceipt | BusBehind]:
    """Ask as a unit for at most MOST_POSITIONS different, ascending positions and yield each one's receipt as it comes.

    Ends early where the projector's position hasn't moved for as long as the patience lasts: the rest isn't decided
    yet, and where it is known why, that is yielded last. What is not the unit's to know has no receipt.
    """
    left, behind, longest = list(positions), patience.silence, _FIRST_WAIT
    while left and (behind is None or patience.left(behind) > 0 or not patience.silence):
        wait = max(0.0, min(longest, patience.left(behind)))
        heard = await ask(bus, unit, Request(as_ranges(left), wait=wait))
        longest = _ANSWER_WAIT
        behind = heard.behind
        if behind is not None and behind.state in {PAUSED, STOPPED}:
            notice(_said(behind))
        if heard.answer is None:
            patience.is_silent(behind)
            await bus.wait_a_little(patience.left(behind))
        else:
            patience.reaches(heard.answer.position)
            for receipt in heard.answer.receipts:
                yield receipt
            left = [position for position in left if position > heard.answer.until]
        if patience.left(behind) <= 0:
            break
    if left and behind is not None:
        yield behind


def _said(behind: BusBehind) -> Bilingual:
    if behind.state == PAUSED:
        return Bilingual(
            "Bộ tổng hợp đang tạm dừng, chờ quản trị cho chạy tiếp; sự kiện đã nằm trong nhật ký",
            "The projector is paused until an operator resumes it; the events are in the log",
        )
    return Bilingual(
        "Bộ tổng hợp không chạy, chưa có kết quả; sự kiện đã nằm trong nhật ký",
        "The projector is away, there are no outcomes yet; the events are in the log",
    )
