"""The command of `tonghop` that finds units."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.options import (
    DATA,
    Api,
    Cursor,
    DataDir,
    Level,
    Limit,
    Plain,
    PlainOption,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says("Tìm đơn vị theo mã hoặc tên.", "Find units by id or name.")
def units(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar=either("CHỮ", "TEXT"),
            help=either(
                "Một phần mã hoặc tên, có dấu hoặc không.", "A part of an id or a name, with or without diacritics."
            ),
        ),
    ] = None,
    *,
    level: Level = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Find units."""
    from services.cli.views import units as views

    show(api, data_dir, format_, views.units, "v1", "units", q=text, level=level, limit=limit, cursor=cursor)
