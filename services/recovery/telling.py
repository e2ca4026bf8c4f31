"""What a backup or a restore says while it works: lines, and a bar for each step that takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from services.progress_bar import progress_bar

Advance = Callable[[int], None]


class Telling:
    """Writes to a console; bars only where that is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Write a line."""
        self._console.print(line, soft_wrap=True, markup=False)

    @contextmanager
    def step(self, name: str, total: int | None = None, *, done: int = 0, in_bytes: bool = False) -> Iterator[Advance]:
        """Show a step's bar and give what moves it on, by messages or by bytes."""
        self.say(f"{name} …")
        with progress_bar(self._console, in_bytes=in_bytes) as progress:
            task = progress.add_task(name, total=total, completed=done)
            yield lambda by: progress.advance(task, by)
