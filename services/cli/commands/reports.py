"""The command of `tonghop` that shows a report."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import ask, print_rendered
from services.cli.options import (
    BY_HELP,
    DATA,
    FORMAT,
    Api,
    Basis,
    BasisOption,
    Cells,
    DataDir,
    Format,
    From,
    Measures,
    To,
    Unit,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says("Báo cáo tổng hợp của một đơn vị.", "The consolidated report of a unit.")
def report(
    unit: Unit,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    by: Annotated[str, typer.Option(help=BY_HELP)] = "child",
    measures: Measures = None,
    cells: Annotated[
        Cells | None,
        typer.Option(
            help=either(
                "all: hiện cả các ô ít người; chỉ dành cho officer, và được ghi lại.",
                "all: show small cells too; for officers alone, and it is recorded.",
            )
        ),
    ] = None,
    format_: Annotated[Format, FORMAT] = Format.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show a report."""
    from services.cli.screen import json_shown
    from services.cli.views.reports import as_csv, as_table

    path = ("v1", "units", unit, "report")
    asked = {"from_": from_, "to": to, "basis": basis, "by": by, "measures": measures, "cells": cells}
    address, (text, answer) = ask(api, data_dir, *path, **asked)
    match format_:
        case Format.JSON:
            typer.echo(json_shown(text))
        case Format.CSV:
            typer.echo(as_csv(answer).encode(), nl=False)
        case Format.TABLE:
            print_rendered(address, lambda: as_table(answer))
