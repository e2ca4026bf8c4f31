"""A real hot standby of a real PostgreSQL, which can be promoted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.embedded.postgres import PostgresServer, program


class Standby(PostgresServer):
    """A server on a copy of another's data that follows it; it is ready when it answers questions."""

    def _ready(self) -> bool:
        noted = self.data_dir / "postmaster.pid"
        lines = noted.read_text().splitlines() if noted.exists() else []
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() in {"ready", "standby"}


@contextmanager
def following(primary: PostgresServer, folder: Path) -> Iterator[Standby]:
    """Run a standby of a server that runs, with its data under `folder`."""
    data = folder / "standby"
    identity = primary._identity
    data.mkdir(mode=0o700)
    if identity.user is not None:
        os.chown(data, identity.user, identity.group or -1)
    copy = [program("pg_basebackup"), "-h", primary.socket_dir, "-U", "postgres", "-D", data, "-R", "-c", "fast"]
    subprocess.run(
        [*copy, "--no-sync"],
        check=True,
        user=identity.user,
        group=identity.group,
        extra_groups=None if identity.user is None else [],
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    for lock in data.glob(".s.PGSQL.*"):  # the primary's own: its socket lies in its data
        lock.unlink()
    standby = Standby(data, log=folder / "logs" / "standby.log", durable=False)
    try:
        standby.start()
        yield standby
    finally:
        standby.stop()
