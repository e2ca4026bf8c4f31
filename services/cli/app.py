"""The commands of `tonghop` and their options; what they do is imported only when one is run, so that help is quick."""
# ruff: noqa: PLC0415

import asyncio
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from services.cli.asking import ask, failures, print_rendered, show
from services.cli.commands import init, operations, past, plans, proofs, recovery, signing, single_events, statement
from services.cli.language import either
from services.cli.options import (
    BY_HELP,
    DATA,
    Api,
    Basis,
    BasisOption,
    Cursor,
    DataDir,
    Format,
    From,
    Level,
    Limit,
    Measures,
    Mode,
    Nats,
    Plain,
    PlainOption,
    To,
    Unit,
    settings,
)
from services.cli.running import run
from services.cli.usage import Commands

app = Commands(
    name="tonghop",
    help=either(
        "Tổng hợp số liệu phát triển đảng viên qua các cấp.", "Consolidated figures of a hierarchy, at every level."
    ),
    epilog=either(
        "Ngôn ngữ theo LANG, hoặc TONGHOP_LANG=vi|en. Lỗi ngoài dự kiến: TONGHOP_DEBUG=1 cho xem chi tiết.",
        "The language is that of LANG, or TONGHOP_LANG=vi|en. TONGHOP_DEBUG=1 shows where an error comes from.",
    ),
    no_args_is_help=True,
)


def main() -> None:
    """Run `tonghop`; ends the process.

    0 done, 1 it can't be done, 2 it was asked for wrongly, 3 something differs, 130 interrupted, 141 nobody reads.
    """
    sys.exit(run(app, sys.argv[1:]))


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"tonghop {installed_version('tonghop')}")
        except PackageNotFoundError:
            typer.echo(either("tonghop, chưa cài đặt", "tonghop, not installed"))
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=either("Phiên bản.", "Show the version.")),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


@app.says("Chạy toàn bộ dịch vụ trên một máy.", "Run the whole service on one machine.")
def up(
    data_dir: DataDir = DATA,
    http: Annotated[
        str, typer.Option(help=either("API nghe ở HOST:PORT.", "Where the API listens, HOST:PORT."))
    ] = "127.0.0.1:8080",
    nats: Annotated[
        str, typer.Option(help=either("NATS nghe ở HOST:PORT.", "Where NATS listens, HOST:PORT."))
    ] = "127.0.0.1:4222",
    demo: Annotated[
        bool, typer.Option("--demo", help=either("Nạp số liệu minh họa Gia Bình.", "With the demonstration."))
    ] = False,
) -> None:
    """Run everything."""
    from services.up import run

    raise typer.Exit(run(data_dir, http, nats, demo))


@app.says("Tạo luồng và lược đồ dữ liệu.", "Make the stream and the schema.")
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

    raise typer.Exit(serve(settings()))


@app.says("Chạy API đọc số liệu.", "Run the API that reads the figures.")
def api() -> None:
    """Run the API."""
    from services.api.serve import serve

    serve(settings())


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
        Mode, typer.Option(help=either("Gửi theo lô nguyên tử, hay từng cái.", "In atomic batches, or singly."))
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
        str, typer.Option(help=either("Tiền tố nhận trả lời.", "The prefix of replies."))
    ] = "_INBOX",
    data_dir: DataDir = DATA,
) -> None:
    """Publish events."""
    from services.cli.client import nats_address
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
        credentials=credentials,
        inbox_prefix=inbox_prefix,
        out=console(),
        err=console(stderr=True),
    )
    raise typer.Exit(code)


@app.says("Báo cáo tổng hợp của một đơn vị.", "The consolidated report of a unit.")
def report(
    unit: Unit,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    by: Annotated[str, typer.Option(help=BY_HELP)] = "child",
    measures: Measures = None,
    format_: Annotated[
        Format, typer.Option("--format", help=either("Cách trình bày.", "How it is written."))
    ] = Format.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show a report."""
    from services.cli.screen import json_shown
    from services.cli.views.reports import as_csv, as_table

    path = ("v1", "units", unit, "report")
    asked = {"from_": from_, "to": to, "basis": basis, "by": by, "measures": measures}
    address, (text, answer) = ask(api, data_dir, *path, **asked)
    match format_:
        case Format.JSON:
            typer.echo(json_shown(text))
        case Format.CSV:
            typer.echo(as_csv(answer).encode(), nl=False)
        case Format.TABLE:
            print_rendered(address, lambda: as_table(answer))


@app.says("Tìm đơn vị theo mã hoặc tên.", "Find units by id or name.")
def units(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar=either("CHỮ", "TEXT"),
            help=either(
                "Một phần mã hoặc tên, có dấu hoặc không.", "A part of an id or a name, with or without diacritics."
            ),
        ),
    ] = None,
    *,
    level: Level = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Find units."""
    from services.cli.views import shared

    show(api, data_dir, format_, shared.units, "v1", "units", q=text, level=level, limit=limit, cursor=cursor)


for part in (init, single_events, past, operations, plans, proofs, recovery, signing, statement):
    app.add_typer(part.app)
