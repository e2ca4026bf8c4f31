"""The command `publish`: a file through the bus, its progress, what became of each event, and a summary."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from projections.answers.words.outcome_words import OUTCOMES, REASONS
from projections.bilingual import Bilingual
from services.cli.errors import CommandError
from services.cli.words import number, say
from services.language import chosen, either
from services.progress_bar import progress_bar
from services.publishing.connection import INTERRUPTED, BusConnection, BusRefusedError, EndedError, connect
from services.publishing.flow import PUBLISHED, REFUSED, UNDECIDED, UNSENT, WAITS_AWAY, WAITS_PAUSED, Flow, LineOutcome
from services.publishing.outcomes import Patience
from services.publishing.reading import ReadingError

PLAINLY_GOOD = frozenset({"counted", "applied", PUBLISHED})
"""A duplicate is told line by line too, yet it isn't a failure unless the first is."""
FAILED = frozenset({"parked", "rejected", REFUSED, UNDECIDED, UNSENT, WAITS_AWAY, WAITS_PAUSED})
_SUMMED_UP = PLAINLY_GOOD | {UNSENT, WAITS_AWAY, WAITS_PAUSED}
"""What is the same for line after line, and is told as a number."""
_SENDING: Final = Bilingual("Gửi", "Publishing")
_WELL: Final = Bilingual("Bus: tiếp tục được", "Bus: it goes on")


class _Run:
    """One run: what is known of it so far, and how it is told."""

    def __init__(self, out: Console, err: Console, progress: Progress, *, show_all: bool) -> None:
        self.tally: Counter[str] = Counter()
        self.good = True
        self.ended = asyncio.Event()
        self.signal: int | None = None
        self._unsent: list[int] = []
        self._last = 0
        self._out = out
        self._err = err
        self._progress = progress
        self._task = progress.add_task(chosen(_SENDING), total=None)
        self._show_all = show_all
        self._noticed: set[Bilingual] = set()

    async def flow(
        self,
        connecting: AbstractAsyncContextManager[BusConnection],
        lines: BinaryIO,
        *,
        batches: bool,
        outcomes: Patience | None,
    ) -> BusRefusedError | None:
        """Publish everything; returns why it ended before that, None where it didn't."""
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, self._stop, name)
        try:
            async with connecting as bus:
                flow = Flow(
                    bus, batches=batches, patience=outcomes, tell=self.tell, sent=self._advance, notice=self._notice
                )
                why = await flow.run(lines)
        except BusRefusedError as refused:
            return refused
        self._progress.update(self._task, description=either("Xong", "Done"), total=self.tally.total())
        return why

    def _stop(self, signal_: int) -> None:
        self.signal = signal_
        self.ended.set()

    def _advance(self, count: int) -> None:
        self._progress.advance(self._task, count)

    def _notice(self, said: Bilingual) -> None:
        if said not in self._noticed:
            self._noticed.add(said)
            self._err.print(chosen(said), markup=False, soft_wrap=True)

    def trouble(self, said: Bilingual | None) -> None:
        """Tell of a bus that is away, or well again (None): on the line that is there, where there is one."""
        if self._err.is_terminal:
            self._progress.update(self._task, description=chosen(said or _SENDING))
        else:
            self._err.print(chosen(said or _WELL), markup=False, soft_wrap=True)

    def tell(self, told: LineOutcome) -> None:
        """Take what is known of a line, and print it where it isn't told as a number."""
        self.tally[told.outcome] += 1
        self._last = max(self._last, told.number)
        self.good = self.good and not {told.outcome, told.first_outcome} & FAILED
        if told.outcome == UNSENT:
            self._unsent.append(told.number)
        if self._show_all or told.outcome not in _SUMMED_UP:
            self._out.print(_line(told), soft_wrap=True)

    def what_went_out(self) -> str:
        """Say which lines are in the log and which are not, of a run that has ended early."""
        logged = self.tally.total() - self.tally[UNSENT] - self.tally[REFUSED]
        ranges = _ranges(self._unsent)
        if not self._last:
            rest = either("tất cả", "everything")
        else:
            after = either(f"mọi dòng sau dòng {self._last}", f"every line after {self._last}")
            rest = f"{either('dòng', 'lines')} {ranges}, {after}" if ranges else after
        return either(
            f"Đã vào nhật ký: {number(logged)}. Chưa gửi hoặc chưa được xác nhận: {rest}. Gửi lại cả tệp là an toàn, "
            "không sự kiện nào bị tính hai lần.",
            f"In the log: {number(logged)}. Not sent, or not acknowledged: {rest}. Sending the whole file again is "
            "harmless, nothing counts twice.",
        )


def publish(
    file: str,
    *,
    nats: str,
    batches: bool,
    patience: float,
    outcomes: Patience | None,
    show_all: bool,
    credentials: str | None,
    inbox_prefix: str | None,
    out: Console,
    err: Console,
) -> int:
    """Publish a file, `-` for standard input; print outcomes to `out`, progress and trouble to `err`.

    `patience` is how many seconds a bus that takes nothing is tried again, `outcomes` that for outcomes (None asks for
    none). Returns the exit code: 0 where nothing was parked, rejected, refused or left undecided, 128 and the signal
    where one ended the run, else 1. Raises CommandError where the file can't be read.
    """
    with _opened(file) as lines, progress_bar(err) as progress:
        run = _Run(out, err, progress, show_all=show_all)
        connecting = connect(
            nats,
            notice=run.trouble,
            credentials=credentials,
            inbox_prefix=inbox_prefix,
            patience=patience,
            ended=run.ended,
        )
        try:
            why = asyncio.run(run.flow(connecting, lines, batches=batches, outcomes=outcomes))
        except ReadingError as error:
            raise _unreadable(file, error) from error
    if run.tally or why is None:
        out.print(_summary(run.tally))
    if why is None:
        return 0 if run.good else 1
    err.print(f"{chosen(why)}\n{run.what_went_out()}", markup=False, soft_wrap=True)
    interrupted = isinstance(why, EndedError) and why.reason == INTERRUPTED
    return 128 + run.signal if interrupted and run.signal is not None else 1


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Open a file without a buffer: what there is of a pipe is read as it comes."""
    try:
        # Of standard input a copy: a thread may still wait for it when the interpreter ends.
        source = os.dup(sys.stdin.fileno()) if file == "-" else Path(file)
        lines = open(source, "rb", buffering=0)  # noqa: SIM115, PTH123 closed below, and only its opening may fail so
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error
    with lines:
        yield cast("BinaryIO", lines)


def _unreadable(file: str, error: Exception) -> CommandError:
    why = getattr(error, "strerror", None) or error
    return CommandError(either(f"Không đọc được tệp {file}: {why}", f"Can't read {file}: {why}"))


def _line(told: LineOutcome) -> Text:
    reason = say(REASONS, told.reason)
    at = f"{either('vị trí', 'position')} {told.position}" if told.position else ""
    first = f"{either('trước đó ở vị trí', 'before at position')} {told.first_position}" if told.first_position else ""
    if told.first_outcome:
        first += f", {say(OUTCOMES, told.first_outcome)}"
    parts = (
        f"{either('dòng', 'line')} {told.number}",
        told.id,
        say(OUTCOMES, told.outcome),
        reason,
        told.field,
        told.detail,
        first or at,
    )
    style = "red" if told.outcome in {"rejected", REFUSED} else "yellow" if told.outcome not in PLAINLY_GOOD else ""
    return Text(": ".join(part for part in parts if part), style=style)


def _summary(tally: Counter[str]) -> Table:
    table = Table(either("Kết quả", "Outcome"), show_edge=False, pad_edge=False)
    table.add_column(either("Số dòng", "Lines"), justify="right")
    for outcome in (*OUTCOMES, *(tally.keys() - OUTCOMES.keys())):
        if tally[outcome]:
            table.add_row(say(OUTCOMES, outcome), number(tally[outcome]))
    table.add_section()
    table.add_row(either("Tổng cộng", "Total"), number(tally.total()), style="bold")
    return table


def _ranges(numbers: list[int]) -> str:
    """Write numbers as 3-7, 9."""
    found: list[list[int]] = []
    for one in sorted(numbers):
        if found and found[-1][1] == one - 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in found)
