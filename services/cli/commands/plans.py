"""The commands of `tonghop` about targets, declared figures, and units that declared nothing."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.language import either
from services.cli.options import (
    DATA,
    Api,
    Basis,
    BasisOption,
    Cursor,
    DataDir,
    From,
    Level,
    Limit,
    On,
    Plain,
    PlainOption,
    To,
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
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show indicators."""
    from services.cli.views import plans as indicators

    show(api, data_dir, format_, indicators.indicators, "v1", "units", unit, "indicators", on=on, basis=basis)


@app.says("Chỉ tiêu của đơn vị bên cạnh chỉ tiêu giao xuống.", "A unit's targets beside those of its children.")
def targets(
    unit: Unit,
    *,
    on: On = None,
    basis: BasisOption = Basis.AS_WAS,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show targets."""
    from services.cli.views import plans as indicators

    show(api, data_dir, format_, indicators.targets, "v1", "units", unit, "targets", on=on, basis=basis, by="child")


@app.says(
    "Đơn vị nào chưa báo cáo, đơn vị nào báo không phát sinh.",
    "Which units said nothing, and which said that there was nothing.",
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
            + "silent | declared_zero | differing | admitted_nobody.",
        ),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show who is silent."""
    from services.cli.views import silence

    asked = {"from_": from_, "to": to, "level": level, "list": only, "limit": limit, "cursor": cursor}
    show(api, data_dir, format_, silence.silence, "v1", "units", unit, "silence", **asked)
