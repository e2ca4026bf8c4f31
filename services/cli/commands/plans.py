"""The commands of `tonghop` about targets, declared figures and rates."""
# ruff: noqa: PLC0415

from services.cli.asking import show
from services.cli.options import (
    DATA,
    AnswerFormat,
    Api,
    Basis,
    BasisOption,
    DataDir,
    DialectOption,
    FormatOption,
    On,
    OutOption,
    Unit,
)
from services.cli.usage import Commands

app = Commands()


@app.says(
    "Chỉ tiêu, số khai báo, tỷ lệ của một đơn vị đến một ngày.",
    "Targets, declared figures and rates of a unit up to a day.",
)
def indicators(
    unit: Unit,
    *,
    on: On = None,
    basis: BasisOption = Basis.AS_WAS,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show indicators."""
    from services.cli.views import plans

    show(
        api,
        data_dir,
        format_,
        plans.indicators,
        "v1",
        "units",
        unit,
        "indicators",
        on=on,
        basis=basis,
        dialect=dialect,
        out=out,
    )


@app.says("Chỉ tiêu của đơn vị bên cạnh chỉ tiêu giao xuống.", "A unit's targets beside those of its children.")
def targets(
    unit: Unit,
    *,
    on: On = None,
    basis: BasisOption = Basis.AS_WAS,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show targets."""
    from services.cli.views import plans

    show(
        api,
        data_dir,
        format_,
        plans.targets,
        "v1",
        "units",
        unit,
        "targets",
        on=on,
        basis=basis,
        by="child",
        dialect=dialect,
        out=out,
    )
