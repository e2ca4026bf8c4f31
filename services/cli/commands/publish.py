"""The command of `tonghop` that publishes events from a file."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.options import (
    DATA,
    DataDir,
    Mode,
    Nats,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says(
    "Gửi sự kiện và cho biết kết quả từng cái.\n\nMã thoát 1 khi có sự kiện đang chờ, bị từ chối hoặc không gửi được, "
    "130 khi bị ngắt.",
    "Publish events and tell what became of each.\n\nExit code 1 when something is parked, rejected or not sent, "
    "130 when interrupted.",
)
def publish(
    file: Annotated[
        str,
        typer.Argument(
            metavar=either("TỆP", "FILE"),
            help=either("Tệp JSON lines, hoặc - để đọc từ stdin.", "A file of JSON lines, or - for standard input."),
        ),
    ],
    *,
    nats: Nats = None,
    mode: Annotated[
        Mode,
        typer.Option(
            help=either(
                "batch: theo lô nguyên tử; pipelined: từng cái.", "batch: in atomic batches; pipelined: one by one."
            )
        ),
    ] = Mode.BATCH,
    show_all: Annotated[
        bool, typer.Option("--all", help=either("In kết quả của từng sự kiện.", "Print every outcome."))
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help=either("Chỉ gửi, không hỏi kết quả.", "Only publish, ask for no outcome."))
    ] = False,
    wait: Annotated[
        float | None,
        typer.Option(
            min=0,
            help=either(
                "Số giây chờ kết quả khi bộ tổng hợp đứng yên; mặc định 60, và 5 khi nó tạm dừng hay không chạy.",
                "Seconds to wait for outcomes while the projector stands still; 60, and 5 where it is paused or away.",
            ),
        ),
    ] = None,
    patience: Annotated[
        float,
        typer.Option(
            min=0,
            help=either(
                "Số giây thử lại khi bus không trả lời hoặc đã đầy; inf là mãi mãi.",
                "Seconds to try again while the bus is away or full; inf for ever.",
            ),
        ),
    ] = 30.0,
    credentials: Annotated[
        str | None, typer.Option(help=either("Tệp .creds của NATS.", "A NATS credentials file."))
    ] = None,
    inbox_prefix: Annotated[
        str | None,
        typer.Option(
            help=either(
                "Tiền tố địa chỉ nhận trả lời; nếu không nêu: theo tệp .creds của đơn vị, hoặc _INBOX.",
                "What the addresses of replies begin with; else as a unit's credentials file has it, or _INBOX.",
            )
        ),
    ] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Publish events."""
    from services.cli.client import nats_address, own_credentials
    from services.cli.screen import console
    from services.cli.views.publish import publish
    from services.publishing.outcomes import Patience

    outcomes = Patience(60.0, standing=5.0) if wait is None else Patience(wait)
    code = publish(
        file,
        nats=nats_address(nats, data_dir),
        batches=mode is Mode.BATCH,
        patience=patience,
        outcomes=None if no_wait else outcomes,
        show_all=show_all,
        credentials=own_credentials(credentials, nats, data_dir),
        inbox_prefix=inbox_prefix,
        out=console(),
        err=console(stderr=True),
    )
    raise typer.Exit(code)
