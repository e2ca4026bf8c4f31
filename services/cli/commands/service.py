"""The commands of `tonghop` that run the service, as a whole or one part of it."""
# ruff: noqa: PLC0415

import asyncio
import os
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from services.cli.asking import failures
from services.cli.options import (
    DATA,
    DataDir,
    settings,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


class AccessMode(StrEnum):
    """Who may use the service."""

    OPEN = "open"
    REQUIRED = "required"


@app.says("Chạy toàn bộ dịch vụ trên một máy.", "Run the whole service on one machine.")
def up(
    data_dir: DataDir = DATA,
    http: Annotated[
        str, typer.Option(help=either("API nghe ở HOST:PORT.", "Where the API listens, HOST:PORT."))
    ] = "127.0.0.1:8080",
    nats: Annotated[
        str, typer.Option(help=either("NATS nghe ở HOST:PORT.", "Where NATS listens, HOST:PORT."))
    ] = "127.0.0.1:4222",
    access: Annotated[
        AccessMode | None,
        typer.Option(
            help=either(
                "required: phải có tài khoản để xem và thẻ (tonghop credential) để gửi; open: ai trên máy này cũng xem "
                "được tất cả và gửi được như mọi đơn vị. Mặc định: TONGHOP_ACCESS, rồi required; với --demo: open.",
                "required: it takes an account to read, and a credential (tonghop credential) to send; open: anybody "
                "on this machine reads everything and speaks as any unit. By default TONGHOP_ACCESS, then required; "
                "with --demo open.",
            )
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help=either("Nạp số liệu minh họa Gia Bình.", "Load the demonstration."))
    ] = False,
) -> None:
    """Run everything."""
    from services.up import Showing, run

    demonstration: Showing | None = None
    if demo:
        from services.cli.commands.demonstration import run as show

        demonstration = partial(show, data_dir=data_dir)
    asked = (
        os.environ.get("TONGHOP_ACCESS", "").strip().lower() or (AccessMode.OPEN if demo else AccessMode.REQUIRED).value
    )
    raise typer.Exit(run(data_dir, http, nats, demonstration, access=asked if access is None else access.value))


@app.says("Tạo luồng và các bảng, hoặc nâng cấp chúng.", "Create the stream and the tables, or bring them up to date.")
def migrate() -> None:
    """Make stream and schema."""
    from projections.store.schema.migrate import SchemaError
    from services.migration import MigrationError, migrate

    with failures(MigrationError, SchemaError):
        asyncio.run(migrate(settings()))


@app.says("Chạy bộ tổng hợp: từ nhật ký ra số liệu.", "Run the projector: from the log to figures.")
def projector() -> None:
    """Run the projector."""
    from services.projector import serve
    from services.tracing.switching import traced

    found = settings()
    with traced(found, "tonghop-projector"):
        code = serve(found)
    raise typer.Exit(code)


@app.says("Chạy API đọc số liệu.", "Run the API that reads the figures.")
def api() -> None:
    """Run the API."""
    from services.api.serve import serve
    from services.pages.mounting import mount
    from services.tracing.switching import traced

    found = settings()
    with traced(found, "tonghop-api"):
        serve(found, pages=mount)
