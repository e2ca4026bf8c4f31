"""The options that commands of `tonghop` share, each said once."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from services.settings import Settings, SettingsError


class Basis(StrEnum):
    """Which hierarchy a report follows (contract, section 4)."""

    AS_WAS = "as-was"
    AS_NOW = "as-now"


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Plain(StrEnum):
    """How any other answer is written."""

    TABLE = "table"
    JSON = "json"


class Mode(StrEnum):
    """How events are put into the log."""

    BATCH = "batch"
    PIPELINED = "pipelined"


DataDir = Annotated[Path, typer.Option(help="Thư mục dữ liệu của dịch vụ. / The service's data folder.")]
Api = Annotated[str | None, typer.Option(help="Địa chỉ API, mặc định TONGHOP_API_URL. / Where the API is.")]
Nats = Annotated[str | None, typer.Option(help="Địa chỉ NATS, mặc định TONGHOP_NATS_URL. / Where the bus is.")]
From = Annotated[str | None, typer.Option("--from", help="Từ ngày, YYYY-MM-DD. / First day.")]
To = Annotated[str | None, typer.Option(help="Đến hết ngày, YYYY-MM-DD. / Last day.")]
Cursor = Annotated[str | None, typer.Option(help="Xem tiếp từ đây. / Go on from here.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Số dòng nhiều nhất. / Rows at most.")]
BasisOption = Annotated[Basis, typer.Option(help="Theo tổ chức tại thời điểm, hay hiện nay. / Which hierarchy.")]
PlainOption = Annotated[Plain, typer.Option("--format", help="Cách trình bày. / How it is written.")]

DATA: Final = Path("data")


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the environment; ends the command where one can't be used."""
    try:
        return Settings.from_environment(environ)
    except SettingsError as error:
        typer.echo(f"Cấu hình sai / bad setting: {error}", err=True)
        raise typer.Exit(2) from error
