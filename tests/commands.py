"""All commands of `tonghop`, for the tests and for the reference that is made from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from services.cli.app import app


def all_commands() -> dict[str, Any]:
    """Return all commands by their names, those of a group by both words."""
    return dict(_commands(typer.main.get_command(app)))


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Give all commands with their names, those of a group by both words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command
