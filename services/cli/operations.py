"""The commands of `tonghop` for those who keep it running: whose events are rejected, and going on after a pause."""
# ruff: noqa: PLC0415

import getpass
import socket
from typing import Annotated

import typer

from services.cli.asking import failures, show
from services.cli.options import DATA, Api, Cursor, DataDir, Limit, Plain, PlainOption, settings

app = typer.Typer()


@app.command()
def rejects(
    *,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Đơn vị nào bị từ chối nhiều nhất, vì sao. / Whose events are rejected, most first, and why."""
    from services.cli import answers

    show(api, data_dir, format_, answers.rejects, "v1", "rejects", limit=limit, cursor=cursor)


@app.command()
def resume(
    *,
    once: Annotated[
        bool,
        typer.Option("--once", help="Chỉ cho qua sự kiện đang vướng, rồi xét lại từ đầu. / Pass one event only."),
    ] = False,
    by: Annotated[str | None, typer.Option(help="Ai cho chạy tiếp, mặc định người@máy. / Who decides.")] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Cho bộ tổng hợp chạy tiếp sau khi tạm dừng. / Let a paused projector go on.

    Mọi sự kiện đã có trong nhật ký được cho qua; giới hạn được tính lại từ sau đó. / What is in the log passes.
    """
    with failures():
        from services.cli.client import CommandError, servers
        from services.cli.database import on_database

        if not (decided_by := by or f"{getpass.getuser()}@{socket.gethostname()}").isprintable():
            raise CommandError("--by: cần chữ in được / printable text is needed")
        from projections.store.pausing import resume

        ended = on_database(settings(servers(data_dir)), lambda connection: resume(connection, decided_by, once=once))
        if ended is None:
            raise CommandError("Bộ tổng hợp không tạm dừng. / The projector is not paused.")
        typer.echo(
            f"Chạy tiếp từ vị trí {ended.position}; giới hạn được tính lại sau vị trí {ended.passed}. / "
            f"Resumed at position {ended.position}; the limit begins anew after position {ended.passed}."
        )
