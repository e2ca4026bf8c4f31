"""Run one command from the process's first line to its exit code: the one place where exceptions become messages."""

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

import typer

from services.cli import streams
from services.cli.failing import TERMINATED, ending, word_for
from services.cli.usage_errors import explained


def run(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command and give the code for the process; whatever happens, no traceback is shown unless asked for."""
    streams.prepare()
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop)
    code = concluded(
        lambda: typer.main.get_command(app).main(list(arguments), prog_name="tonghop", standalone_mode=False)
    )
    try:
        streams.finish()
    except streams.OutputError as failure:
        if code == 0 or not failure.unread:
            return _end(failure)
    return code


def concluded(command: Callable[[], object]) -> int:
    """Run a command that raises what ends it, say what is to be said, and give the code for the process."""
    try:
        code = _code_of(command)
    except BaseException as error:  # noqa: BLE001 - this is the place where every one of them ends
        return _end(error)
    if word := word_for(code):
        streams.complain(word)
    return code


def _code_of(command: Callable[[], object]) -> int:
    try:
        code = command()
    except typer.TyperException as wrong:
        if said := explained(wrong):
            streams.complain(said)
        return int(getattr(wrong, "exit_code", 2))
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as asked:
        code = asked.code
        if not isinstance(code, int | None):
            streams.complain(str(code))
            code = 1
    return code if isinstance(code, int) else 0


def _end(error: BaseException) -> int:
    said, code = ending(error)
    if isinstance(error, streams.OutputError):
        streams.give_up_output()
    if said:
        streams.complain(said)
    return code


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Leave in order: progress bars give the cursor back, connections are closed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(TERMINATED)
