"""The command of `tonghop` about suspicious facts of the log."""
# ruff: noqa: PLC0415

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from projections.answers.words.suspicion_words import SUSPICIONS
from services.cli.asking import Answered, ask, print_rendered, understood
from services.cli.options import DATA, FORMAT, Api, Cursor, DataDir, Format, From, Limit, To, Unit
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says(
    "Các sự kiện đáng ngờ: kết nạp hai lần, chính thức quá sớm…",
    "Suspicious events: admitted twice, confirmed early…",
    name="findings",
)
def findings_(
    unit: Unit,
    *,
    from_: From = None,
    to: To = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help=either("Chỉ các loại này, cách nhau bằng dấu phẩy: ", "These kinds only, with commas between them: ")
            + f"{', '.join(SUSPICIONS)}."
        ),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: Annotated[Format, FORMAT] = Format.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show what is suspicious."""
    from services.cli.client import api_address
    from services.cli.screen import json_shown
    from services.cli.views import findings

    asked = {"from_": from_, "to": to, "kind": kind, "limit": limit, "cursor": cursor}
    address = api_address(api, data_dir)
    pages = _pages(address, data_dir, unit, asked)
    match format_:
        case Format.JSON:
            text, _ = next(pages)
            typer.echo(json_shown(text))
        case Format.CSV:
            with understood(address):
                lines = findings.as_csv(row for _, answer in pages for row in answer["findings"])
            typer.echo(lines.encode(), nl=False)
        case Format.TABLE:
            with understood(address):
                answer = next(answer for _, answer in pages if answer["findings"] or not answer["next"])
            print_rendered(address, lambda: findings.as_table(answer))


def _pages(address: str, data_dir: Path, unit: str, asked: dict[str, str | int | None]) -> Iterator[Answered]:
    """Ask for one page after the other, as they are taken."""
    while True:
        _, answered = ask(address, data_dir, "v1", "units", unit, "findings", **asked)
        yield answered
        following: Any = answered[1]["next"]
        if following is None:
            return
        asked = asked | {"cursor": following}
