"""The commands of `tonghop` for those who keep it running: its state, rejects, going on after a pause."""
# ruff: noqa: PLC0415

import getpass
import socket
from typing import Annotated

import typer

from services.cli.asking import show
from services.cli.errors import CommandError
from services.cli.options import DATA, Api, Cursor, DataDir, Limit, Plain, PlainOption, settings
from services.cli.usage import Commands
from services.language import either

app = Commands()

DecidedBy = Annotated[
    str | None,
    typer.Option(help=either("Ai quyết định, mặc định người@máy.", "Who decides; user@machine if not given.")),
]


@app.says("Số liệu đã tới đâu, còn gì đang chờ.", "How far the figures are, and what waits.")
def status(format_: PlainOption = Plain.TABLE, api: Api = None, data_dir: DataDir = DATA) -> None:
    """Show the state."""
    from services.cli.views import operations

    show(api, data_dir, format_, operations.status, "v1", "status")


@app.says("Đơn vị nào bị từ chối nhiều nhất, vì sao.", "Whose events are rejected, most first, and why.")
def rejects(
    *,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Count rejects by publisher."""
    from services.cli.views import operations

    show(api, data_dir, format_, operations.rejects, "v1", "rejects", limit=limit, cursor=cursor)


@app.says(
    "Cho bộ tổng hợp chạy tiếp sau khi tạm dừng.\n\n"
    "Mọi sự kiện đã có trong nhật ký được cho qua; giới hạn được tính lại từ sau đó.",
    "Let a paused projector go on.\n\nEverything in the log so far passes; the limit counts again after it.",
)
def resume(
    *,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help=either(
                "Chỉ cho qua sự kiện đang vướng, rồi xét lại từ đầu.", "Let one event pass, then check the limit again."
            ),
        ),
    ] = False,
    by: DecidedBy = None,
    data_dir: DataDir = DATA,
) -> None:
    """End a pause."""
    from projections.store.live.pausing import resume
    from services.cli.client import servers
    from services.cli.database import on_database

    who = decided_by(by)
    ended = on_database(settings(servers(data_dir)), lambda connection: resume(connection, who, once=once))
    if ended is None:
        raise CommandError(either("Bộ tổng hợp không tạm dừng.", "The projector is not paused."))
    typer.echo(
        either(
            f"Chạy tiếp từ vị trí {ended.position}; giới hạn được tính lại sau vị trí {ended.passed}.",
            f"Resumed at position {ended.position}; the limit begins anew after position {ended.passed}.",
        )
    )


@app.says(
    "Chặn ngay một đơn vị gửi sự kiện, hoặc cho gửi lại.\n\n"
    "Không có UNIT: liệt kê các đơn vị đang bị chặn. Nhật ký vẫn giữ mọi sự kiện đã nhận; đơn vị bị chặn vẫn hỏi được "
    "kết quả của mình.",
    "Shut a publisher out of the bus at once, or let it in again.\n\n"
    "Without UNIT, list who is shut out. Events already in the log stay; who is shut out may still ask for its "
    "receipts.",
)
def shut_out(
    unit: Annotated[str | None, typer.Argument(help=either("Mã đơn vị gửi.", "The publisher's id."))] = None,
    *,
    end: Annotated[bool, typer.Option("--end", help=either("Cho gửi lại.", "Let it in again."))] = False,
    by: DecidedBy = None,
    data_dir: DataDir = DATA,
) -> None:
    """Change who may publish."""
    from services.cli.commands import shutting_out

    who = decided_by(by)
    bus = shutting_out.find(settings(), data_dir)
    for line in shutting_out.listed(bus) if unit is None else shutting_out.change(bus, unit, who, end=end):
        typer.echo(line)


def decided_by(by: str | None) -> str:
    """Say who decides: as given, or who runs the command. Raises CommandError."""
    who = by or f"{_user()}@{socket.gethostname()}"
    if not who.isprintable():
        raise CommandError(either("--by: cần chữ in được.", "--by: printable text is needed."))
    return who


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an id without a name, and no variable that gives one
        return "?"
