"""The programs that run beside each other: the last release as it was tagged, this one, and copies of this one."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import pytest

HERE: Final = Path(__file__).parents[2]
PACKAGES: Final = ("events", "projections", "services")
LAST_RELEASE: Final = HERE / "deploy" / "release"


class Program(NamedTuple):
    """A program by its name, and the folder that its packages lie in."""

    name: str
    home: Path

    @property
    def command(self) -> list[str]:
        """What runs it; the rest of the command line follows."""
        return [sys.executable, "-m", "services.cli"]

    @property
    def environ(self) -> dict[str, str]:
        """What makes Python import these packages, and no others of the same names."""
        return {"PYTHONPATH": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}


class Edit(NamedTuple):
    """A change of a file: what stands in it once, and what shall stand there."""

    file: str
    old: str
    new: str


def this() -> Program:
    """Give the program of this checkout."""
    return Program("this", HERE)


def last_release(folder: Path) -> Program:
    """Lay the last release out; skips where this checkout does not have its commit."""
    name, commit = LAST_RELEASE.read_text().split()
    archive = subprocess.run(
        ["git", "-C", HERE, "archive", commit, *PACKAGES],  # noqa: S607 - wherever it is
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        pytest.skip(f"{name} ({commit}) is not in this checkout: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return _checked(Program(name, folder))


def copied(
    name: str, folder: Path, edits: Iterable[Edit], *, added: dict[str, str] | None = None, without: str = ""
) -> Program:
    """Copy this program, change files of it, add others, and take away those of a pattern."""
    for package in PACKAGES:
        shutil.copytree(HERE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.glob(without) if without else ():
        file.unlink()
    for edit in edits:
        file = folder / edit.file
        text = file.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, edit
        file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    for path, text in (added or {}).items():
        (folder / path).write_text(text, encoding="utf-8")
    return _checked(Program(name, folder))


def _checked(program: Program) -> Program:
    """Make sure that it is this program that runs, and not the one that is installed."""
    said = subprocess.run(
        [sys.executable, "-c", "import events, projections, services; print(events.__file__, services.__file__)"],
        cwd=program.home,
        env=os.environ | program.environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.count(f"{program.home}/") == 2, said
    return program
