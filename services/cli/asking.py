"""Ask the service a question for a command, show the answer, and put plainly what can't be done."""
# ruff: noqa: PLC0415

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from services.cli.options import Plain

if TYPE_CHECKING:
    from rich.console import RenderableType


def show(
    api: str | None,
    data_dir: Path,
    format_: Plain,
    render: "Callable[[dict[str, Any]], RenderableType]",
    *path: str,
    **parameters: str | int | None,
) -> None:
    """Ask for a path made of these parts and write the answer, rendered or as it came."""
    with failures():
        from services.cli.client import api_address, get
        from services.cli.reports import console

        text, answer = get(api_address(api, data_dir), *path, **parameters)
        if format_ is Plain.JSON:
            typer.echo(text)
        else:
            console().print(render(answer))


@contextmanager
def failures(*expected: type[Exception]) -> Iterator[None]:
    """End the command with a plain message where it can't be done; `expected` are told so besides CommandError."""
    from services.cli.client import CommandError

    kinds: tuple[type[Exception], ...] = (CommandError, *expected)
    try:
        yield
    except kinds as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(failure.code if isinstance(failure, CommandError) else 1) from failure
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
