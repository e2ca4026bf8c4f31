"""Which processes, and which connections, are those of a machine: whatever works in the machine's folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import psutil

_TCP: Final = Path("/proc/net/tcp")
_PROGRAMS: Final = ("nats-server", "etcd", "postgres", "patroni", "python", "pg_", "initdb", "tonghop")
"""With what the names of their programs begin: somebody's shell in the folder is none of them."""


def processes(place: Path) -> list[psutil.Process]:
    """List the processes that work in a folder or below it, the oldest first; those of others can't be seen."""
    found = [
        process
        for process in psutil.process_iter(["name", "create_time"])
        if str(process.info["name"]).startswith(_PROGRAMS) and process.pid != os.getpid() and _works_in(process, place)
    ]
    return sorted(found, key=lambda process: float(process.info["create_time"]))


def sockets(places: Iterable[Path]) -> dict[int, Path]:
    """Give the numbers of all sockets that processes in these folders have open, with the folder of each."""
    places, found = list(places), {}
    for process in psutil.process_iter():
        place = next((one for one in places if _works_in(process, one)), None)
        if place is not None:
            found.update(dict.fromkeys(_sockets_of(process.pid), place))
    return found


def connecting() -> dict[tuple[int, int], int]:
    """Give the socket's number at one end of each connection by TCP over IPv4, by that end's port and the other one's.

    Addresses are not looked at: on loopback they are all the same.
    """
    found = {}
    for line in _TCP.read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        near, far = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
        found[near, far] = int(fields[9])
    return found


def _works_in(process: psutil.Process, place: Path) -> bool:
    try:
        where = Path(f"/proc/{process.pid}/cwd").readlink()
    except OSError:
        return False
    return where.is_relative_to(place)


def _sockets_of(pid: int) -> Iterator[int]:
    try:
        with os.scandir(f"/proc/{pid}/fd") as files:
            for file in files:
                try:
                    leads_to = str(Path(file).readlink())
                except OSError:
                    continue
                if leads_to.startswith("socket:["):
                    yield int(leads_to[len("socket:[") : -1])
    except OSError:
        return
