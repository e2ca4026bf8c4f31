"""Shutting a publisher out of the bus at once, and letting it in again: a file that its configuration includes.

The account of the units maps the subjects of who is shut out to where nobody may publish, so the server refuses what it
says on every connection that it has, whatever user it is: "permissions violation". It may still ask for its receipts.
The servers have to read their configuration anew: a signal, no restart, and nobody else notices.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from events.subjects import PREFIX
from services.connecting.bus import SHUT_OUT

if TYPE_CHECKING:
    import psutil

FILE: Final = "shut-out.conf"
"""Beside the configuration that includes it."""
TAKEN_WITHIN: Final = 5.0

_HEAD: Final = "# Who is shut out of the bus: written by `tonghop shut-out`, included by the account of the units.\n"
_ENTRY: Final = re.compile(r'^  "party\.v1\.([a-z0-9_-]+)\.>": "shut-out\.\1\.>" # (.*)$', re.MULTILINE)


class ShutOutError(Exception):
    """It can't be done, or is not known to be; the message says why."""


class ShutOut(NamedTuple):
    """A publisher that may not publish, and since when and by whom."""

    publisher: str
    since: str


def read(file: Path) -> list[ShutOut]:
    """Read who is shut out; nobody where there is no such file. Raises ShutOutError where it can't be read."""
    try:
        return [ShutOut(*found) for found in _ENTRY.findall(file.read_text("utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ShutOutError(f"{file}: {error}") from error


def make(file: Path) -> None:
    """Make the file where there is none: a server whose configuration includes it does not start without."""
    with suppress(FileExistsError), file.open("x", encoding="utf-8") as new:
        new.write(_HEAD)


def write(file: Path, entries: Iterable[ShutOut]) -> None:
    """Write the file anew, whole or not at all; its mode and owner stay. Raises ShutOutError."""
    entries = sorted(entries)
    lines = [f'  "{PREFIX}.{one.publisher}.>": "{SHUT_OUT}{one.publisher}.>" # {one.since}\n' for one in entries]
    text = _HEAD + ("mappings: {\n" + "".join(lines) + "}\n" if lines else "")
    partial = file.with_name(file.name + ".partial")
    try:
        partial.write_text(text, "utf-8")
        if file.exists():
            was = file.stat()
            partial.chmod(was.st_mode & 0o777)
            if os.geteuid() == 0:
                os.chown(partial, was.st_uid, was.st_gid)
        partial.replace(file)
    except OSError as error:
        raise ShutOutError(f"{file}: {error}") from error


def running(pid_file: Path) -> psutil.Process:
    """Find the server by a file of its pid, its own or that of `tonghop up`. Raises ShutOutError where none runs."""
    import psutil  # noqa: PLC0415 - an install without the servers names accounts and signals none

    try:
        text = pid_file.read_text("utf-8")
        found = json.loads(text)
        process = psutil.Process(found["pid"] if isinstance(found, dict) else int(found))
        if "nats-server" in process.name():
            return process
    except (OSError, ValueError, KeyError, TypeError, psutil.Error) as error:
        raise ShutOutError(f"{pid_file}: {error or type(error).__name__}") from error
    raise ShutOutError(f"{pid_file}: {process.name()} with pid {process.pid} is no nats-server")


def reload(server: psutil.Process, monitor: str | None = None) -> None:
    """Let a server read its configuration anew; with the address of its monitoring, wait until it has.

    Raises ShutOutError where it doesn't: it keeps what it had.
    """
    import psutil  # noqa: PLC0415

    before = _loaded(monitor) if monitor is not None else None
    try:
        server.send_signal(signal.SIGHUP)
    except psutil.Error as error:
        raise ShutOutError(f"nats-server {server.pid}: {error}") from error
    deadline = time.monotonic() + TAKEN_WITHIN
    while monitor is not None and _loaded(monitor) in {before, None}:
        if time.monotonic() > deadline:
            raise ShutOutError(f"nats-server {server.pid} has not taken its configuration: see its log")
        time.sleep(0.01)


def monitor_of(data_dir: Path, pid: int) -> str | None:
    """Find where an embedded server answers for its state; None where it does not say."""
    try:
        found = next(data_dir.glob(f"*_{pid}.ports"))
        return str(json.loads(found.read_text())["monitoring"][0])
    except (StopIteration, OSError, ValueError, KeyError, IndexError):
        return None


def _loaded(monitor: str) -> str | None:
    connection = HTTPConnection(urlsplit(monitor).netloc, timeout=1)
    try:
        connection.request("GET", "/varz")
        return str(json.loads(connection.getresponse().read())["config_load_time"])
    except (OSError, HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()
