"""The commands of `tonghop` that sign a position of the log, and check what was signed."""
# ruff: noqa: PLC0415

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import DATA, DataDir, settings
from services.cli.usage import Commands
from services.language import either

app = Commands()

Position = Annotated[
    int | None, typer.Option(min=1, help=either("Vị trí, mặc định là cuối.", "The position; the last if not given."))
]


@app.says(
    "Ký xác nhận sổ cái tới một vị trí, in ra JSON.\n\nTạo khóa: openssl genpkey -algorithm ed25519 -out khoa.pem",
    "Sign a position of the log, and print the signed position as JSON.\n\n"
    "To make a key: openssl genpkey -algorithm ed25519 -out khoa.pem",
)
def sign_position(
    *,
    key: Annotated[
        Path, typer.Option(metavar="FILE", help=either("Khóa riêng Ed25519 (PEM).", "The Ed25519 private key (PEM)."))
    ],
    position: Position = None,
    data_dir: DataDir = DATA,
) -> None:
    """Sign a position."""
    from services.cli.client import servers
    from services.cli.commands.hash_chain import sign_position

    typer.echo(sign_position(settings(servers(data_dir)), key, position))


@app.says(
    "Kiểm tra chữ ký, và sổ cái còn đúng như đã ký không.\n\nMã thoát 1 khi không kiểm tra được, 3 khi không đúng.",
    "Check a signed position, and that the ledger still is what was signed.\n\n"
    "Exit code 1 when it can't be told, 3 where it is not.",
)
def verify_position(
    file: Annotated[
        Path, typer.Argument(metavar=either("TỆP", "FILE"), help=either("Bản xác nhận.", "The signed position."))
    ],
    *,
    public_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=either("Khóa công khai phải là khóa đã ký (PEM).", "The public key that must have signed it (PEM)."),
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help=either("Tin các mắt xích đã lưu.", "Begin at the last stored link of the chain, and trust it."),
        ),
    ] = False,
    data_dir: DataDir = DATA,
) -> None:
    """Check a signed position."""
    from services.cli.client import servers
    from services.cli.commands.hash_chain import verify_position

    typer.echo(verify_position(settings(servers(data_dir)), file, public_key, quick=quick))
