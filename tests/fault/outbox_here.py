"""A small unit system that is killed at its n-th step: it puts, sends, asks what became of it, and puts once more.

`python -m tests.fault.outbox_here FOLDER URL LIBRARY` runs it again and again, in a fork of its own each time, killed a
step later, until one comes to its end; what each had put by then is in FOLDER/N.put.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import sys
from pathlib import Path

from services.client import Client, Event, MemberAdmitted, Outbox, event

UNIT = "xa-a"
ADMIN = "admin"
"""Who it is to `whole_service`."""
AT = dt.datetime(2023, 5, 2, 9, tzinfo=dt.UTC)


def admitted(id_: str) -> Event:
    return event(UNIT, MemberAdmitted(member=id_, decided_on=dt.date(2023, 5, 1)), id=id_, time=AT)


def unit_system(folder: Path, url: str, number: int) -> None:
    """Put four events, and send them in between; each that was put is noted as soon as it is."""
    noted = os.open(folder / f"{number}.put", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with Client(url, token=ADMIN, patience=0) as client:
        outbox = Outbox(folder / f"{number}.outbox", client)
        for n in range(4):
            outbox.put(admitted(f"{number}-{n}"))
            os.write(noted, f"{number}-{n}\n".encode())
            if n != 1:
                outbox.flush()
                outbox.refresh()
        outbox.close()


def main(folder: Path, url: str, library: str) -> int:
    steps = ctypes.CDLL(library)
    for number in range(1, 10_000):
        child = os.fork()
        if child == 0:
            steps.arm(number)
            try:
                unit_system(folder, url, number)
            except BaseException:  # noqa: BLE001 - its end is all that is asked for
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
