"""The command `publish`: a file through the bus, its progress, what became of each event, and a summary."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from services.cli.errors import CommandError
from services.cli.words import OUTCOMES, REASONS, number, say
from services.publishing.bus import BusRefusedError, connect
from services.publishing.flow import PUBLISHED, REFUSED, UNDECIDED, Flow, Told
from services.publishing.lines import read_lines

PLAINLY_GOOD = frozenset({"counted", "applied", PUBLISHED})
"""A duplicate is told line by line too, yet it isn't a failure unless the first is."""
FAILED = frozenset({"parked", "rejected", REFUSED, UNDECIDED})


def publish(
    file: str,
    *,
    nats: str,
    batches: bool,
    patience: float | None,
    show_all: bool,
    credentials: str | None,
    inbox_prefix: str,
    out: Console,
    err: Console,
) -> bool:
    """Publish a file, `-` for standard input; print outcomes to `out`, progress and trouble to `err`.

    Returns whether nothing was parked, rejected, refused or left undecided. Raises CommandError where the file can't be
    read or the bus can't be used.
    """
    tally: Counter[str] = Counter()
    noticed: set[str] = set()
    good = True

    def tell(told: Told) -> None:
        nonlocal good
        tally[told.outcome] += 1
        good = good and not {told.outcome, told.first_outcome} & FAILED
        if show_all or told.outcome not in PLAINLY_GOOD:
            out.print(_line(told), soft_wrap=True)

    def notice(text: str) -> None:
        if text not in noticed:
            noticed.add(text)
            err.print(text)

    async def run(lines: BinaryIO, progress: Progress) -> None:
        task = progress.add_task("Gửi / publishing", total=None)
        async with connect(nats, notice=err.print, credentials=credentials, inbox_prefix=inbox_prefix) as bus:
            flow = Flow(
                bus,
                batches=batches,
                patience=patience,
                tell=tell,
                sent=lambda count: progress.advance(task, count),
                notice=notice,
            )
            await flow.run(read_lines(lines))
            progress.update(task, description="Xong / done", total=tally.total())

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with _opened(file) as lines, Progress(*columns, console=err, disable=not err.is_terminal) as progress:
            asyncio.run(run(lines, progress))
    except* BusRefusedError as refused:
        raise CommandError(f"Không gửi được / can't publish: {refused.exceptions[0]}") from refused
    out.print(_summary(tally))
    return good


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        lines = Path(file).open("rb")  # noqa: SIM115 closed below, and only its opening may fail so
    except OSError as error:
        raise CommandError(f"Không đọc được tệp / can't read {file}: {error.strerror}") from error
    with lines:
        yield lines


def _line(told: Told) -> Text:
    reason = say(REASONS, told.reason)
    at = f"vị trí {told.position}" if told.position else ""
    first = f"trước đó ở vị trí {told.first_position}" if told.first_position else ""
    if told.first_outcome:
        first += f", {say(OUTCOMES, told.first_outcome)}"
    parts = (f"dòng {told.number}", told.id, say(OUTCOMES, told.outcome), reason, told.field, told.detail, first or at)
    style = "red" if told.outcome in {"rejected", REFUSED} else "yellow" if told.outcome not in PLAINLY_GOOD else ""
    return Text(": ".join(part for part in parts if part), style=style)


def _summary(tally: Counter[str]) -> Table:
    table = Table("Kết quả / outcome", show_edge=False, pad_edge=False)
    table.add_column("Số dòng / lines", justify="right")
    for outcome in (*OUTCOMES, *(tally.keys() - OUTCOMES.keys())):
        if tally[outcome]:
            table.add_row(say(OUTCOMES, outcome), number(tally[outcome]))
    table.add_section()
    table.add_row("Tổng cộng / total", number(tally.total()), style="bold")
    return table
