"""`python -m tests.conformance` writes the vectors; with `--check` it names what is not current, and ends with 1.

Outcomes and figures are the oracle's, which shares nothing with the service but the codec; the tests hold both to them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from tests.conformance import bodies, ids, outcomes

FOLDER: Final = Path(__file__).parents[2] / "docs" / "conformance"


def documents(*, deep: bool = True) -> dict[str, str]:
    """Map the name of every file to its text; without the ``deep`` ones at its end, which take seconds."""
    made: dict[str, list[dict[str, Any]]] = {
        "bodies.jsonl": bodies.vectors(),
        "outcomes.jsonl": outcomes.vectors(deep=deep),
        "ids.jsonl": ids.vectors(),
    }
    return {name: "".join(_line(vector) for vector in vectors) for name, vectors in made.items()}


def stale(*, deep: bool = True) -> list[str]:
    """Name the files that are not as they would be made now; without the ``deep`` ones, as they would begin."""
    made = documents(deep=deep)
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.jsonl")}
    current = {
        name for name, text in made.items() if (found := there.get(name, "")) == text or _goes_on(found, text, deep)
    }
    return sorted((made.keys() | there.keys()) - current)


def _goes_on(found: str, text: str, deep: bool) -> bool:
    return not deep and found.startswith(text)


def _line(vector: dict[str, Any]) -> str:
    return json.dumps(vector, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the files, or only look at them."""
    if arguments == ["--check"]:
        print(*stale(), sep="\n", end="\n" if stale() else "")
        return int(bool(stale()))
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
