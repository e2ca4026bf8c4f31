"""The measurements of sheets run: some broken files, and a sheet of some rows; many broken files in the long run."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.long


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_broken_files_are_refused() -> None:
    assert "refused broken" in _run("tests.bench.sheet_fuzz", "--files", "25")


def test_a_sheet_is_measured() -> None:
    assert "200 rows" in _run("tests.bench.sheets", "--rows", "200")


def test_many_broken_files_are_refused() -> None:
    _run("tests.bench.sheet_fuzz", "--files", "5000", "--first", "1000000")
