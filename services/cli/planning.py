"""The commands of `tonghop` about targets, declared figures, and units that declared nothing."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.options import DATA, Api, Basis, BasisOption, Cursor, DataDir, From, Limit, Plain, PlainOption, To

app = typer.Typer()

On = Annotated[str | None, typer.Option(help="Ngày, YYYY-MM-DD, mặc định hôm nay. / The day.")]


@app.command()
def indicators(
    unit: str,
    *,
    on: On = None,
    basis: BasisOption = Basis.AS_WAS,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Chỉ tiêu, số khai báo, tỷ lệ của một đơn vị đến một ngày. / Targets, declared figures and rates as of a day."""
    from services.cli import indicators

    show(api, data_dir, format_, indicators.indicators, "v1", "units", unit, "indicators", on=on, basis=basis)


@app.command()
def targets(
    unit: str,
    *,
    on: On = None,
    basis: BasisOption = Basis.AS_WAS,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Chỉ tiêu của đơn vị bên cạnh chỉ tiêu giao xuống. / A unit's targets beside those of its children."""
    from services.cli import indicators

    show(api, data_dir, format_, indicators.targets, "v1", "units", unit, "targets", on=on, basis=basis, by="child")


@app.command("silence")
def silence_(
    unit: str,
    *,
    from_: From = None,
    to: To = None,
    level: Annotated[str | None, typer.Option(help="Chỉ một cấp. / One level only.")] = None,
    only: Annotated[
        str | None,
        typer.Option("--list", help="silent | declared_zero | differing | admitted_nobody. Chỉ một danh sách. / One."),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Đơn vị nào chưa báo cáo, đơn vị nào báo không phát sinh. / Who said nothing, and who said zero."""
    from services.cli import silence

    asked = {"from_": from_, "to": to, "level": level, "list": only, "limit": limit, "cursor": cursor}
    show(api, data_dir, format_, silence.silence, "v1", "units", unit, "silence", **asked)
