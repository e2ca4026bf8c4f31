"""The commands of `tonghop` about units through time."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.options import DATA, Api, DataDir, Plain, PlainOption

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
