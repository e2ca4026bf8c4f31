"""The command of `tonghop` that shows a report."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from events.catalogue import DIMENSIONS
from services.cli.asking import show
from services.cli.options import (
    BY_HELP,
    DATA,
    AnswerFormat,
    Api,
    Basis,
    BasisOption,
    Cells,
    Compare,
    DataDir,
    DialectOption,
    FormatOption,
    From,
    Measures,
    OutOption,
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
    compare: Annotated[
        Compare | None,
        typer.Option(
            help=either(
                "last-year: cạnh mỗi số, số cùng kỳ năm trước và tăng, giảm.",
                "last-year: beside each number that of the same days a year before, and the change.",
            )
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help=either(
                f"Mỗi dòng và tổng cộng trong đó theo các chiều, cách nhau dấu phẩy: {', '.join(DIMENSIONS)}.",
                f"Each row and the total by the codes of dimensions, with commas: {', '.join(DIMENSIONS)}.",
            )
        ),
    ] = None,
    position: Annotated[
        int | None, typer.Option(min=0, help=either("Như đã biết ở vị trí này.", "As it was known at this position."))
    ] = None,
    cells: Annotated[
        Cells | None,
        typer.Option(
            help=either(
                "all: hiện cả các ô ít người; chỉ dành cho officer, và được ghi lại.",
                "all: show small cells too; for officers alone, and it is recorded.",
            )
        ),
    ] = None,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show a report."""
    from services.cli.views.reports import as_table

    show(
        api,
        data_dir,
        format_,
        as_table,
        *("v1", "units", unit, "report"),
        dialect=dialect,
        out=out,
        from_=from_,
        to=to,
        basis=basis,
        by=by,
        measures=measures,
        compare=compare,
        split=split,
        position=position,
        cells=cells,
    )
