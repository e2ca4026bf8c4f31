"""A process that kills itself with SIGKILL where none did before: at each await of a coroutine and its tasks in turn.

It is forked from a server that has imported everything, so that each costs little; what a kill leaves behind is what
the operating system leaves behind, and nothing is cleaned up by anybody.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Generator
from contextvars import ContextVar, copy_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from tests.fault.eventually import AT_LAST

TOP = Path(__file__).parents[2]

Place = tuple[str, int]
"""A file of the product and a line in it."""
Step = Callable[[Coroutine[Any, Any, Any]], None]


class Death(NamedTuple):
    """Where in the product it was, from the outermost to the innermost await, and for which time since its birth."""

    places: tuple[Place, ...]
    time: int


_step: ContextVar[Step | None] = ContextVar("step", default=None)
_counting: list[Step] = []
forking = multiprocessing.get_context("forkserver")
forking.set_forkserver_preload(
    [
        "tests.fault.stepping",
        "tests.fault.projecting_here",
        "tests.fault.restoring_here",
        "tests.fault.rebuilding_here",
        "tests.fault.killing",
        "services.cli.app",
        "services.cli.commands.proofs",
        "services.api.serve",
        "services.projector.serving",
        "services.projector.worker",
        "services.publishing.flow",
        "services.verification.rebuilding",
        "services.verification.verifying",
        # what a migration imports when it begins, and every restore begins with one
        "alembic.command",
        "alembic.context",
        "sqlalchemy.dialects.postgresql.asyncpg",
        "sqlalchemy.ext.asyncio",
    ]
)


def end_with_the_tests() -> None:
    """Have this process end when that does which began it: the server that forked it stays as long as this one does."""
    threading.Thread(target=_end_with_the_tests, daemon=True).start()


def _end_with_the_tests() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


async def killed(
    before: Collection[Death],
    target: Callable[..., Coroutine[Any, Any, None]],
    *arguments: Any,
    times: int = 1,
    lines_of: Collection[str] = (),
    within: Collection[str] = (),
) -> Death | None:
    """Run a coroutine function in a process that is killed as soon as it is where none was killed before.

    That is where something waits that it begins with `stepped`, and, of the modules `lines_of`, before each line. A
    place is taken for another one again the second time that a process is there, and so on, as many `times` as are
    given. With `within`, only where it is in one of these modules. None where it came to its end.
    """
    ours, theirs = forking.Pipe(duplex=False)
    means = _Means(
        frozenset(before), times, frozenset(str(TOP / module) for module in lines_of), frozenset(within), theirs
    )
    process = forking.Process(target=_run, args=(means, target, arguments))
    process.start()
    theirs.close()
    await asyncio.to_thread(process.join, AT_LAST)
    if process.exitcode is None:
        process.kill()
    assert process.exitcode in {0, -signal.SIGKILL}, f"exit code {process.exitcode}"
    death: Death | None = None if process.exitcode == 0 else ours.recv()
    ours.close()
    return death


def stepped(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begin a task whose steps are counted, with those of all tasks that it begins."""
    context = copy_context()
    context.run(_step.set, _counting[0])
    return asyncio.get_running_loop().create_task(coroutine, context=context)


class _Means(NamedTuple):
    """By what a process knows where it has to die, and where it tells so."""

    before: frozenset[Death]
    times: int
    files: frozenset[str]
    within: frozenset[str]
    tell: Connection


def _run(means: _Means, target: Callable[..., Coroutine[Any, Any, None]], arguments: Any) -> None:
    end_with_the_tests()
    been: Counter[tuple[Place, ...]] = Counter()

    def at(places: tuple[Place, ...]) -> None:
        been[places] += 1
        death = Death(places, been[places])
        here = not means.within or any(file in means.within for file, _ in places)
        if places and here and death.time <= means.times and death not in means.before:
            means.tell.send(death)
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            at(((Path(frame.f_code.co_filename).relative_to(TOP).as_posix(), frame.f_lineno),))
        return trace if frame.f_code.co_filename in means.files else None

    async def run() -> None:
        asyncio.get_running_loop().set_task_factory(_task)
        await target(*arguments)

    _counting.append(lambda coroutine: at(_places_of(coroutine)))
    if means.files:
        sys.settrace(trace)
    asyncio.run(run())


class _Stepped(Coroutine[Any, Any, Any]):
    """A coroutine that tells of each of its suspensions."""

    def __init__(self, inner: Coroutine[Any, Any, Any], step: Step) -> None:
        self._inner = inner
        self._step = step

    def send(self, value: Any) -> Any:
        found = self._inner.send(value)
        self._step(self._inner)
        return found

    def throw(self, *error: Any) -> Any:
        found = self._inner.throw(*error)
        self._step(self._inner)
        return found

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._inner.__await__())


def _task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    context = options.get("context")
    step = _step.get() if context is None else context.get(_step)
    return asyncio.Task(coroutine if step is None else _Stepped(coroutine, step), loop=loop, **options)


def _places_of(coroutine: Any) -> tuple[Place, ...]:
    found = []
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(TOP) and ".venv" not in path.parts:
            found.append((path.relative_to(TOP).as_posix(), frame.f_lineno))
        coroutine = coroutine.cr_await
    return tuple(found)
