"""The property tests again, each with more examples than the quick run tries, and with other ones each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
MORE: Final = 25


def files() -> list[str]:
    """Name those that leave it to `examples` how many they try."""
    return sorted(file.name for file in HERE.glob("test_*.py") if "\n@examples(" in file.read_text(encoding="utf-8"))


@pytest.mark.long
@pytest.mark.parametrize("name", files())
def test_more_examples(name: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "", HERE / name],  # the long ones among them too
        env=kept | {"TONGHOP_PROPERTY_EXAMPLES": str(MORE)},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_they_are_found() -> None:
    assert len(files()) > 12
