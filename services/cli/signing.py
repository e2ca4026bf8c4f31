"""The commands of `tonghop` that sign a position of the log, and check what was signed."""
# ruff: noqa: PLC0415

from pathlib import Path
from typing import Annotated

import typer

from services.cli.asking import failures
from services.cli.options import DATA, DataDir, settings

app = typer.Typer()

Position = Annotated[int | None, typer.Option(min=1, help="Vị trí, mặc định là cuối. / The position; the end.")]


@app.command()
def sign_position(
    *,
    key: Annotated[Path, typer.Option(help="Khóa riêng Ed25519 (PEM). / The private key.")],
    position: Position = None,
    data_dir: DataDir = DATA,
) -> None:
    """Ký xác nhận nhật ký tới một vị trí, in ra JSON. / Sign a statement of the log up to a position.

    Tạo khóa / make a key: openssl genpkey -algorithm ed25519 -out khoa.pem
    """
    with failures():
        from services.cli.chaining import sign_position
        from services.cli.client import servers

        typer.echo(sign_position(settings(servers(data_dir)), key, position))


@app.command()
def verify_position(
    file: Annotated[Path, typer.Argument(help="Bản xác nhận. / The statement.")],
    *,
    public_key: Annotated[
        Path | None, typer.Option(help="Khóa công khai phải là khóa đã ký (PEM). / Whose signature it must be.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tin các mắt xích đã lưu. / Take the links that are kept as right.")
    ] = False,
    data_dir: DataDir = DATA,
) -> None:
    """Kiểm tra chữ ký, và sổ cái còn đúng như đã ký không. / Check a statement, and that the ledger still is so.

    Mã thoát 1 khi không kiểm tra được, 3 khi không đúng. / Exit code 1 when it can't be told, 3 where it is not.
    """
    with failures():
        from services.cli.chaining import verify_position
        from services.cli.client import servers

        typer.echo(verify_position(settings(servers(data_dir)), file, public_key, quick=quick))
