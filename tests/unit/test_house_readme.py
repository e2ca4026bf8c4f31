"""The README's commands exist, with their options; the files that it names are there."""

import re
from pathlib import Path

import pytest
import typer

from services.cli.app import app
from tests.documented import blocks, words_of

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
LINES = [command for block in blocks() for command in block.commands]
OPTIONS = {
    name: {option for parameter in command.params for option in parameter.opts}
    for name, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]
}
TARGETS = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))


def test_there_are_commands() -> None:
    assert len(LINES) > 15


@pytest.mark.parametrize("line", LINES)
def test_a_command_exists(line: str) -> None:
    program, *arguments = words_of(line)
    match Path(program).name:
        case "tonghop":
            assert arguments[0] in OPTIONS
            assert {word for word in arguments if word.startswith("--")} <= OPTIONS[arguments[0]]
        case "make":
            assert arguments[0] in TARGETS
        case "curl" | "cat" | "openssl" | "python":
            pass
        case "export":
            assert arguments[0].partition("=")[0] in (TOP / "services/settings.py").read_text()
        case _:
            assert (TOP / program).exists()


FOLDERS_OF_A_SERVICE = ("data/", "DIR/")
NAMED = {name for name in re.findall(r"`((?:\w+/)+[\w.-]*)`", README) if not name.startswith(FOLDERS_OF_A_SERVICE)}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_file_is_there(name: str) -> None:
    assert (TOP / name).exists()


def test_every_command_is_in_the_changelog_or_the_readme() -> None:
    told = README + (TOP / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in OPTIONS if f"`{name}`" not in told and f"tonghop {name}" not in told] == []
