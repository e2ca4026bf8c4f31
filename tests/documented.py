"""The pages of documentation, and the commands that they show, with what a test has to provide for them.

`<!-- tested: … -->` above a block says what its commands want, how the last of them ends, and what is gone before them.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).parents[1]
DEMONSTRATION = "demonstration"
"""What a block wants where nothing else is said: a service with the demonstration in it."""

_BLOCK = re.compile(r"(?:<!-- tested: ([^>]*?) -->\n)?```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<'?(\w+)'?$", re.MULTILINE)


class Block(NamedTuple):
    """Commands that are shown together; `exit_code` is how the last of them ends, `lost` what is gone before them."""

    where: str
    wants: str
    commands: tuple[str, ...]
    exit_code: int
    lost: tuple[str, ...]


def blocks() -> list[Block]:
    """Read all blocks of shell commands, in the order in which they stand."""
    return [block for page in pages() for block in _of(page)]


def pages() -> list[Path]:
    """Give every page of documentation."""
    return [
        *(TOP / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted((TOP / "docs").rglob("*.md")),
    ]


def _of(file: Path) -> Iterator[Block]:
    text = file.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        wants, *rest = (found[1] or DEMONSTRATION).split(", ")
        said = {word: part.split()[1:] for part in rest if (word := part.split()[0])}
        where = f"{file.relative_to(TOP)}:{text[: found.start()].count(chr(10)) + 1}"
        code = int(said.get("exit", ["0"])[0])
        yield Block(where, wants, tuple(commands_of(found[2])), code, tuple(said.get("without", ())))


def commands_of(text: str) -> Iterator[str]:
    """Part a block into its commands: one a line, but for a line that goes on and a text that is given in place.

    A text whose mark is not quoted is the shell's: in it a line that ends with a backslash goes on as well.
    """
    lines = iter(text.splitlines())
    for line in lines:
        whole = line
        while whole.endswith("\\"):
            whole = f"{whole}\n{next(lines)}"
        if end := _HEREDOC.search(whole):
            for text_line in lines:
                whole = f"{whole}\n{text_line}"
                if text_line == end[1]:
                    break
        if whole.strip():
            yield whole


def words_of(command: str) -> list[str]:
    """Part a command into words; a comment and a text given in place are none."""
    return shlex.split(command.split("\n", maxsplit=1)[0] if _HEREDOC.search(command) else command, comments=True)
