"""The commands of `tonghop` about units through time."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.options import DATA, Api, Basis, BasisOption, DataDir, From, Limit, Plain, PlainOption, To

app = typer.Typer()


@app.command()
def tree(
    unit: str,
    *,
    on: Annotated[str | None, typer.Option(help="Ngày, YYYY-MM-DD, mặc định hôm nay. / The day.")] = None,
    depth: Annotated[int, typer.Option(min=1, max=20, help="Số bậc. / Steps down.")] = 2,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Vẽ cây tổ chức dưới một đơn vị vào một ngày. / Draw what is below a unit on a day."""
    from services.cli import history

    show(api, data_dir, format_, history.tree, "v1", "units", unit, "tree", on=on, depth=depth)


@app.command("history")
def history_(unit: str, format_: PlainOption = Plain.TABLE, api: Api = None, data_dir: DataDir = DATA) -> None:
    """Lịch sử một đơn vị: tên, cấp, trực thuộc, trước và sau nó. / A unit through time, and who said so."""
    from services.cli import history

    show(api, data_dir, format_, history.history, "v1", "units", unit, "history")


@app.command()
def why_changed(
    unit: str,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    against: Annotated[Basis | None, typer.Option(help="So với cơ sở kia. / Against the other basis.")] = None,
    position: Annotated[int | None, typer.Option(min=0, help="Như đã biết ở vị trí này. / As known then.")] = None,
    against_position: Annotated[
        int | None, typer.Option(min=0, help="So với vị trí sau này, mặc định hiện tại. / Against this later one.")
    ] = None,
    measures: Annotated[str | None, typer.Option(help="Các chỉ tiêu, cách nhau dấu phẩy. / Measures.")] = None,
    limit: Limit = 100,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Vì sao hai số tổng khác nhau, đối chiếu tới từng sự kiện. / Why two totals differ, reconciled."""
    from services.cli import differences

    show(
        api,
        data_dir,
        format_,
        differences.difference,
        *("v1", "units", unit, "difference"),
        from_=from_,
        to=to,
        basis=basis,
        against=against,
        position=position,
        against_position=against_position,
        measures=measures,
        limit=limit,
    )
