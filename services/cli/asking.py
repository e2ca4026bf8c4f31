"""Ask the service a question for a command, show the answer, and put plainly what can't be done."""
# ruff: noqa: PLC0415

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from services.cli.errors import CommandError
from services.cli.options import AnswerFormat, Dialect, Plain
from services.language import chosen, either

if TYPE_CHECKING:
    from rich.console import RenderableType

Answered = tuple[str, dict[str, Any]]


def show(
    api: str | None,
    data_dir: Path,
    format_: Plain | AnswerFormat,
    render: "Callable[[dict[str, Any]], RenderableType]",
    *path: str,
    dialect: Dialect | None = None,
    out: Path | None = None,
    **parameters: str | int | None,
) -> None:
    """Ask for a path made of these parts and write the answer: rendered, as it came, or as a file."""
    if isinstance(format_, AnswerFormat) and format_ not in {AnswerFormat.TABLE, AnswerFormat.JSON}:
        write_file(api, data_dir, format_, out, *path, dialect=dialect, **parameters)
        return
    require_no_file(dialect, out)
    write(Plain(format_.value), render, *ask(api, data_dir, *path, **parameters))


def require_no_file(dialect: Dialect | None, out: Path | None) -> None:
    """Raise CommandError where a dialect or a file is asked for of what is none."""
    if dialect is not None:
        raise CommandError(either("--dialect chỉ dùng với --format csv.", "--dialect takes --format csv."))
    if out is not None:
        raise CommandError(
            either("--out chỉ dùng với --format csv, xlsx, docx, pdf.", "--out takes --format csv, xlsx, docx or pdf.")
        )


def write_file(
    api: str | None,
    data_dir: Path,
    form: AnswerFormat,
    out: Path | None,
    *path: str,
    dialect: Dialect | None = None,
    **parameters: str | int | None,
) -> None:
    """Ask for a file and write it as it comes, into a new file or to standard output.

    To a terminal CSV is written such that nothing in it does harm, and what is no text isn't written.
    """
    from services.cli.client import api_address, file
    from services.cli.new_file import new_bytes
    from services.cli.own_token import own_token
    from services.files.forms import FILES

    if dialect is not None and form is not AnswerFormat.CSV:
        require_no_file(dialect, None)
    into = None if out in {None, Path("-")} else out
    shown = into is None and sys.stdout.isatty()
    if shown and form is not AnswerFormat.CSV:
        raise CommandError(
            either(
                f"Tệp {form} không phải văn bản nên không in ra màn hình: hãy thêm --out TÊN.{form}.",
                f"A file of {form} is no text, so it isn't written to a terminal: add --out NAME.{form}.",
            )
        )
    address = api_address(api, data_dir)
    asked = {**parameters, "format": str(form), "dialect": dialect}
    with (
        _on_empty(address, own_token(address, data_dir)) as token,
        file(address, FILES[form].name, *path, token=token, **asked) as pieces,
    ):
        if shown:
            _show_lines(pieces)
            return
        with new_bytes(into) as put:
            for piece in pieces:
                put(piece)


def _show_lines(pieces: Iterator[bytes]) -> None:
    from events.names import harmless

    text = b"".join(pieces).decode(errors="replace").replace("\r\n", "\n")
    typer.echo(harmless(text, lines=True), nl=False)


def write(
    format_: Plain, render: "Callable[[dict[str, Any]], RenderableType]", address: str, answered: Answered
) -> None:
    """Write what an address answered, rendered or as it came."""
    from services.cli.screen import json_shown

    text, answer = answered
    if format_ is Plain.JSON:
        typer.echo(json_shown(text))
    else:
        print_rendered(address, lambda: render(answer))


def ask(api: str | None, data_dir: Path, *path: str, **parameters: str | int | None) -> tuple[str, Answered]:
    """Ask, and return the address that answered, the answer as text and as read.

    Raises CommandError; where a unit isn't found because there are none at all yet, it says how to begin.
    """
    from services.cli.client import api_address, get
    from services.cli.own_token import own_token

    address = api_address(api, data_dir)
    with _on_empty(address, own_token(address, data_dir)) as token:
        return address, get(address, *path, token=token, **parameters)


@contextmanager
def _on_empty(address: str, token: str | None) -> Iterator[str | None]:
    """Say how to begin where something isn't found because there is nothing at all yet."""
    try:
        yield token
    except CommandError as error:
        if error.status == HTTPStatus.NOT_FOUND and _is_empty(address, token):
            raise CommandError(empty_service(), error.status) from error
        raise


def print_rendered(address: str, render: "Callable[[], RenderableType]") -> None:
    """Lay an answer out and print it; an answer that lacks what it should have is said to be a stranger's."""
    from services.cli.screen import console

    with understood(address):
        laid_out = render()
    console().print(laid_out, crop=False)


@contextmanager
def understood(address: str) -> Iterator[None]:
    """Read what an address answered; an answer that lacks what it should have is said to be a stranger's."""
    from services.cli.client import strange

    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CommandError(strange(address, f"{type(error).__name__}: {error}")) from error


def empty_service() -> str:
    """Say that nobody has established a unit yet, and how that is done."""
    return either(
        "Dịch vụ còn trống: chưa có đơn vị nào. Hãy bắt đầu bằng\n"
        '  tonghop init --root MÃ --name "TÊN"        (đơn vị gốc), hoặc\n'
        "  tonghop init --units TỆP.csv               (cả cây tổ chức: id,name,level,parent,since)",
        "The service is empty: it has no unit yet. Begin with\n"
        '  tonghop init --root ID --name "NAME"       (the root), or\n'
        "  tonghop init --units FILE.csv              (a whole hierarchy: id,name,level,parent,since)",
    )


def _is_empty(address: str, token: str | None) -> bool:
    from services.cli.client import get

    try:
        _, found = get(address, "v1", "units", token=token, limit=1)
    except CommandError:
        return False
    return found.get("units") == []


@contextmanager
def failures(*expected: type[Exception]) -> Iterator[None]:
    """Tell `expected` to the user in their own words, as a command that can't be done; `running` tells all others."""
    from services.cli.streams import OutputError

    try:
        yield
    except (CommandError, OutputError):
        raise
    except expected as failure:
        raise CommandError(chosen(failure)) from failure
