"""A clock that can be set and a disk that can be slowed down, under real processes: a library of ours before the C one.

nats-server asks the kernel itself, so its clock and disk stay as they are.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.embedded import postgres
from tests.servers import short_folder

SOURCE = Path(__file__).with_suffix(".c")


class Interposed:
    """What the processes that are started meanwhile are made to believe."""

    def __init__(self, asked: Path) -> None:
        self._asked = asked
        self._clock = 0
        self._sync = 0
        asked.write_bytes(struct.pack("=qq", 0, 0))

    def set_clock(self, seconds: int) -> None:
        """Let the clock of the day be off by so many seconds."""
        self._clock = seconds
        self._write()

    def slow_down(self, milliseconds: int) -> None:
        """Let every fsync take so long."""
        self._sync = milliseconds
        self._write()

    def _write(self) -> None:
        with self._asked.open("r+b") as asked:  # in place: it is mapped
            asked.write(struct.pack("=qq", self._clock, self._sync))


@contextmanager
def interposed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interposed]:
    """Compile the library and have it before all processes that are started meanwhile; skipped without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    with short_folder() as folder:
        folder.chmod(0o755)
        library = folder / "interposed.so"
        made = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], capture_output=True, check=False
        )
        if made.returncode:
            pytest.skip(f"the compiler here makes no shared library: {made.stderr.decode(errors='replace')[:300]}")
        environment = {"LD_PRELOAD": str(library), "INTERPOSED": str(folder / "asked")}
        kept = postgres._environment
        monkeypatch.setattr(postgres, "_environment", lambda: kept() | environment)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield Interposed(folder / "asked")
