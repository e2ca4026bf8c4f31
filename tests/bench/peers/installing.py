"""The peers' own packages, in folders of their own beside the project: never among the project's."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
TOP: Final = HERE.parents[2]
INSTALLED: Final = TOP / ".peers"
PATIENCE: Final = 900
_PIP: Final = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary", ":all:")
_NPM: Final = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0")


class LeftOutError(RuntimeError):
    """A peer can't be had on this machine; the message says why."""


def own_python() -> Path:
    """Give the project's own interpreter."""
    return Path(sys.executable)


def peers_python() -> Path:
    """Give an interpreter that has the packages of requirements.txt; they are installed where they aren't yet."""
    wanted = HERE / "requirements.txt"
    folder = INSTALLED / f"python-{_version(wanted)}"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print("  installing the peers in Python, once", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", folder])
        _run([python, "-m", "pip", "install", *_PIP, "-r", wanted])
        (folder / "installed").touch()
    return python


def node_folder() -> Path:
    """Give a folder that has the packages of package-lock.json; they are installed where they aren't yet."""
    wanted = HERE / "package-lock.json"
    folder = INSTALLED / f"node-{_version(wanted)}"
    if not (folder / "installed").exists():
        print("  installing the peer in Node.js, once", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in (wanted, HERE / "package.json"):
            shutil.copy(file, folder)
        _run([node("npm"), "ci", *_NPM], folder)
        (folder / "installed").touch()
    return folder


def node(program: str = "node") -> str:
    """Find a program of Node.js; raises LeftOutError where there is none."""
    if found := shutil.which(program):
        return found
    raise LeftOutError(f"there is no {program} on this machine")


def _version(wanted: Path) -> str:
    return hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]


def _run(command: Sequence[str | Path], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PIP_NO_INPUT": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LeftOutError(f"it can't be installed: {error}") from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        why = next(
            (line for line in lines if line.lower().startswith(("error", "npm err"))),
            lines[-1] if lines else f"{done.returncode}",
        )
        raise LeftOutError(f"it can't be installed: {why}")
