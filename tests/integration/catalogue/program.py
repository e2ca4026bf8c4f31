"""The program with another catalogue: a folder with its packages, of which only files of `events` are other ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[3]


def program_in(folder: Path, edits: Iterable[tuple[str, str, str]]) -> Path:
    """Lay the program out in a folder; an edit is a file of `events`, what stands in it, and what shall stand there."""
    shutil.copytree(HOME / "events", folder / "events", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("projections", "tests"):
        (folder / name).symlink_to(HOME / name)
    (folder / "services").mkdir()
    for path in (HOME / "services").iterdir():
        (folder / "services" / path.name).symlink_to(path)
    _without_forms(folder / "services" / "official_forms")
    for name, old, new in edits:
        file = folder / "events" / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        file.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def _without_forms(room: Path) -> None:
    """Take the official forms away: they count what the catalogue of today has."""
    room.unlink()
    shutil.copytree(HOME / "services" / room.name, room, ignore=shutil.ignore_patterns("__pycache__", "*.toml"))


def run_in(program: Path, module: str, *arguments: str) -> Any:
    """Run a module of the tests with that program, and return what it prints last, as JSON."""
    return json.loads(printed_in(program, module, *arguments).splitlines()[-1])


def printed_in(program: Path, module: str, *arguments: str) -> str:
    """Run a module with that program, and return what it prints; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=program,
        env=os.environ | {"PYTHONPATH": str(program), "PYTHONDONTWRITEBYTECODE": "1", "TONGHOP_LANG": "vi"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
