"""The commands of `tonghop` about units through time."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.options import (
    DATA,
    AnswerFormat,
    AnyLimit,
    Api,
    Basis,
    BasisOption,
    DataDir,
    DialectOption,
    FormatOption,
    From,
    Measures,
    On,
    OutOption,
    Plain,
    PlainOption,
    To,
    Unit,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says("Vẽ cây tổ chức dưới một đơn vị vào một ngày.", "Draw what is below a unit on a day.")
def tree(
    unit: Unit,
    *,
    on: On = None,
    depth: Annotated[int, typer.Option(min=1, max=20, help=either("Số bậc.", "Steps down."))] = 2,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Draw a tree."""
    from services.cli.views import past

    show(api, data_dir, format_, past.tree, "v1", "units", unit, "tree", on=on, depth=depth)


@app.says(
    "Lịch sử một đơn vị: tên, cấp, trực thuộc, trước và sau nó.",
    "A unit through time: names, levels, parents, what came before and after it.",
    name="history",
)
def history_(
    unit: Unit,
    *,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Tell a unit's history."""
    from services.cli.views import past

    show(api, data_dir, format_, past.history, "v1", "units", unit, "history", dialect=dialect, out=out)


@app.says(
    "Vì sao hai số tổng khác nhau, đối chiếu tới từng sự kiện.", "Why two totals differ, explained to the last event."
)
def why_changed(
    unit: Unit,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    against: Annotated[Basis | None, typer.Option(help=either("So với cơ sở kia.", "Against the other basis."))] = None,
    position: Annotated[
        int | None, typer.Option(min=0, help=either("Như đã biết ở vị trí này.", "As it was known at this position."))
    ] = None,
    against_position: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=either("So với vị trí sau này, mặc định hiện tại.", "Against this later one; the last if not given."),
        ),
    ] = None,
    measures: Measures = None,
    limit: AnyLimit = None,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Reconcile two totals."""
    from services.cli.views import past

    show(
        api,
        data_dir,
        format_,
        past.difference,
        *("v1", "units", unit, "difference"),
        from_=from_,
        to=to,
        basis=basis,
        against=against,
        position=position,
        against_position=against_position,
        measures=measures,
        limit=limit,
        dialect=dialect,
        out=out,
    )
