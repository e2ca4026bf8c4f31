"""The command of `tonghop` about units that said nothing, kept apart from those that declared zero."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.options import (
    DATA,
    AnswerFormat,
    AnyLimit,
    Api,
    Cursor,
    DataDir,
    DialectOption,
    FormatOption,
    From,
    Level,
    OutOption,
    To,
    Unit,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says(
    "Đơn vị nào chưa báo cáo, đơn vị nào báo không phát sinh.",
    "Which units reported nothing, and which declared zero.",
    name="silence",
)
def silence_(
    unit: Unit,
    *,
    from_: From = None,
    to: To = None,
    level: Level = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--list",
            help=either("Chỉ một danh sách: ", "One list only: ")
            + "silent | only_zero | declared_zero | differing | admitted_nobody.",
        ),
    ] = None,
    limit: AnyLimit = None,
    cursor: Cursor = None,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show who is silent."""
    from services.cli.views import silence

    asked = {"from_": from_, "to": to, "level": level, "list": only, "limit": limit, "cursor": cursor}
    show(api, data_dir, format_, silence.silence, "v1", "units", unit, "silence", **asked, dialect=dialect, out=out)
