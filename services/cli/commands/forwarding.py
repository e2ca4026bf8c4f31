"""The command of `tonghop` that sends on what a leaf has stored."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.errors import CommandError
from services.cli.options import settings
from services.cli.usage import Commands
from services.language import chosen, either

app = Commands()


@app.says(
    "Chuyển sự kiện từ trạm (đường truyền kém) lên bus trung tâm, theo thứ tự; xóa ở trạm chỉ khi trung tâm đã nhận."
    "\n\nMã thoát 1 với --once khi còn sự kiện trung tâm không nhận.",
    "Send what a leaf (on a poor line) has stored on to the hub, in order; it is taken away only once the hub has it."
    "\n\nExit code 1 with --once when something is left that the hub does not take.",
)
def forward(
    *,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help=either("Chuyển hết những gì đang có rồi dừng.", "Send on what there is, and end."),
        ),
    ] = False,
) -> None:
    """Forward."""
    from services import logs
    from services.connecting.failures import described
    from services.forwarding.serving import FAILS, serve

    set_ = settings()
    logs.gather()
    try:
        code = serve(set_, once=once)
    except FAILS as error:
        raise CommandError(chosen(described(error))) from error
    raise typer.Exit(code)
