"""`tonghop retract`: an event is taken back over HTTP, by whoever may speak as its publisher."""
# ruff: noqa: PLC0415

from typing import Annotated

import typer

from services.cli.options import DATA, Api, DataDir, Plain, PlainOption, TokenFile
from services.cli.usage import Commands
from services.language import either

WAITED = 10
"""Seconds."""

app = Commands()


@app.says(
    "Thu hồi một sự kiện đã gửi, và nói vì sao.\n\n"
    "Cần vai trò clerk tại đơn vị đã gửi hoặc cấp trên. Lặp lại không hại gì. "
    "Mã thoát 1 khi chưa có kết quả, hoặc nhật ký không nhận.",
    "Take back an event that was sent, and say why.\n\n"
    "It takes the role clerk at the unit that sent it or above. To repeat it is harmless. "
    "Exit code 1 where the outcome is not known yet, or the log rejects it.",
)
def retract(
    publisher: Annotated[
        str, typer.Argument(metavar=either("ĐƠN_VỊ", "PUBLISHER"), help=either("Đơn vị đã gửi.", "Who sent it."))
    ],
    event_id: Annotated[str, typer.Argument(metavar="ID", help=either("Mã sự kiện.", "The event's id."))],
    *,
    reason: Annotated[str, typer.Option("--reason", help=either("Vì sao.", "Why."))],
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Take an event back."""
    from services.cli.access import AskedService
    from services.cli.asking import understood, write
    from services.cli.views import corrections

    service = AskedService(api, data_dir, token_file)
    body = {"reason": reason}
    answered = service.ordered(WAITED, "POST", "events", publisher, event_id, "retraction", body=body)
    write(format_, lambda answer: corrections.retracted(answer, publisher, event_id), service.address, answered)
    with understood(service.address):
        applied = answered[1]["items"][0].get("outcome") == "applied"
    if not applied:
        raise typer.Exit(1)
