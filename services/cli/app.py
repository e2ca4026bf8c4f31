"""The commands of `tonghop` and their options; what they do is imported only when one is run, so that help is quick."""
# ruff: noqa: PLC0415

import asyncio
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from services.cli import operations, past, planning, proofs, recovery, signing, statement
from services.cli.asking import failures, show
from services.cli.options import (
    DATA,
    Api,
    Basis,
    BasisOption,
    Cursor,
    DataDir,
    Format,
    From,
    Limit,
    Mode,
    Nats,
    Plain,
    PlainOption,
    To,
    settings,
)

app = typer.Typer(
    name="tonghop",
    help="Tổng hợp số liệu phát triển đảng viên qua các cấp. / Consolidated figures of a hierarchy, at every level.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run `tonghop`; ends the process: 0 done, 1 it can't be done, 2 it was asked for wrongly, 130 interrupted."""
    app()


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"tonghop {installed_version('tonghop')}")
        except PackageNotFoundError:
            typer.echo("tonghop, chưa cài đặt / not installed")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Phiên bản. / Show the version.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


@app.command()
def up(
    data_dir: DataDir = DATA,
    http: Annotated[str, typer.Option(help="API nghe ở HOST:PORT. / Where the API listens.")] = "127.0.0.1:8080",
    nats: Annotated[str, typer.Option(help="NATS nghe ở HOST:PORT. / Where NATS listens.")] = "127.0.0.1:4222",
    demo: Annotated[
        bool, typer.Option("--demo", help="Nạp số liệu minh họa Gia Bình. / With the demonstration.")
    ] = False,
) -> None:
    """Chạy toàn bộ dịch vụ trên một máy. / Run the whole service on one machine."""
    from services.up import run

    raise typer.Exit(run(data_dir, http, nats, demo))


@app.command()
def migrate() -> None:
    """Tạo luồng và lược đồ dữ liệu. / Make the stream and the schema."""
    from projections.store.migrate import SchemaError
    from services.migration import MigrationError, migrate

    with failures(MigrationError, SchemaError):
        asyncio.run(migrate(settings()))


@app.command()
def projector() -> None:
    """Chạy bộ tổng hợp: từ nhật ký ra số liệu. / Run the projector: from the log to figures."""
    from services.projector import serve

    with failures():
        raise typer.Exit(serve(settings()))


@app.command()
def api() -> None:
    """Chạy API đọc số liệu. / Run the API that reads the figures."""
    from services.api.serve import serve

    with failures():
        serve(settings())


@app.command()
def publish(
    file: Annotated[str, typer.Argument(help="Tệp JSON lines, hoặc - để đọc từ stdin. / A file, or - for stdin.")],
    *,
    nats: Nats = None,
    mode: Annotated[
        Mode, typer.Option(help="Gửi theo lô nguyên tử, hay từng cái. / Atomic batches, or singly.")
    ] = Mode.BATCH,
    show_all: Annotated[
        bool, typer.Option("--all", help="In kết quả của từng sự kiện. / Print every outcome.")
    ] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Chỉ gửi, không hỏi kết quả. / Only publish.")] = False,
    wait: Annotated[
        float, typer.Option(min=1, help="Số giây chờ khi bộ tổng hợp đứng yên. / Seconds of patience.")
    ] = 60.0,
    credentials: Annotated[str | None, typer.Option(help="Tệp .creds của NATS. / A NATS credentials file.")] = None,
    inbox_prefix: Annotated[str, typer.Option(help="Tiền tố nhận trả lời. / The prefix of replies.")] = "_INBOX",
    data_dir: DataDir = DATA,
) -> None:
    """Gửi sự kiện và cho biết kết quả từng cái. / Publish events and tell what became of each.

    Mã thoát 1 khi có sự kiện đang chờ, bị từ chối hoặc không gửi được. / Exit code 1 when something isn't counted.
    """
    with failures():
        from services.cli.client import nats_address
        from services.cli.publish import publish
        from services.cli.reports import console

        good = publish(
            file,
            nats=nats_address(nats, data_dir),
            batches=mode is Mode.BATCH,
            patience=None if no_wait else wait,
            show_all=show_all,
            credentials=credentials,
            inbox_prefix=inbox_prefix,
            out=console(),
            err=console(stderr=True),
        )
        raise typer.Exit(0 if good else 1)


@app.command()
def report(
    unit: str,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    by: Annotated[
        str,
        typer.Option(
            help="child | month | year | level:LEVEL | facet:DIMENSION[,DIMENSION] | none. Dòng là gì. / Rows."
        ),
    ] = "child",
    measures: Annotated[str | None, typer.Option(help="Các chỉ tiêu, cách nhau dấu phẩy. / Measures.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="Cách trình bày. / How it is written.")] = Format.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Báo cáo tổng hợp của một đơn vị. / The consolidated report of a unit."""
    with failures():
        from services.cli.client import api_address, get
        from services.cli.reports import as_csv, as_table, console

        address = api_address(api, data_dir)
        text, answer = get(
            address, "v1", "units", unit, "report", from_=from_, to=to, basis=basis, by=by, measures=measures
        )
        match format_:
            case Format.JSON:
                typer.echo(text)
            case Format.CSV:
                typer.echo(as_csv(answer).encode(), nl=False)
            case Format.TABLE:
                console().print(as_table(answer))


@app.command()
def status(format_: PlainOption = Plain.TABLE, api: Api = None, data_dir: DataDir = DATA) -> None:
    """Số liệu đã tới đâu, còn gì đang chờ. / How far the figures are, and what waits."""
    from services.cli import answers

    show(api, data_dir, format_, answers.status, "v1", "status")


@app.command()
def events(
    unit: str,
    *,
    measure: Annotated[str | None, typer.Option(help="Một chỉ tiêu. / One measure.")] = None,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Các sự kiện dưới một con số. / The events under a number."""
    from services.cli import answers

    asked = {"measure": measure, "from_": from_, "to": to, "basis": basis, "limit": limit, "cursor": cursor}
    show(api, data_dir, format_, answers.events, "v1", "units", unit, "events", **asked)


@app.command()
def why(
    publisher: str,
    event_id: Annotated[str, typer.Argument(metavar="ID")],
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Kết quả của một sự kiện và lý do. / What became of an event, and why."""
    from services.cli import answers

    show(api, data_dir, format_, answers.why, "v1", "events", publisher, event_id)


@app.command()
def units(
    text: Annotated[str | None, typer.Argument(help="Một phần tên, có dấu hoặc không. / Part of a name.")] = None,
    *,
    level: Annotated[str | None, typer.Option(help="Chỉ một cấp. / One level only.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Tìm đơn vị theo tên. / Find units by name."""
    from services.cli import answers

    show(api, data_dir, format_, answers.units, "v1", "units", q=text, level=level, limit=limit, cursor=cursor)


app.add_typer(past.app)
app.add_typer(operations.app)
app.add_typer(planning.app)
app.add_typer(proofs.app)
app.add_typer(recovery.app)
app.add_typer(signing.app)
app.add_typer(statement.app)
