"""The options that commands of `tonghop` share, each said once."""

import datetime as dt
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from events.catalogue import DIMENSIONS, MEASURES
from events.vocabulary import LEVELS
from services.language import either
from services.settings import Settings


class Basis(StrEnum):
    """Which hierarchy a report follows (contract, section 4)."""

    AS_WAS = "as-was"
    AS_NOW = "as-now"


class Format(StrEnum):
    """How a list is written that can be a file of CSV too."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class AnswerFormat(StrEnum):
    """How an answer is written that can be a file of any form too."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    DOCX = "docx"
    PDF = "pdf"


class Dialect(StrEnum):
    """Who is to open a file of CSV."""

    EXCEL_VI = "excel-vi"


class Compare(StrEnum):
    """With what a report is compared."""

    LAST_YEAR = "last-year"


class Cells(StrEnum):
    """Which cells of a breakdown are shown, beside those that may be."""

    ALL = "all"


class Plain(StrEnum):
    """How any other answer is written."""

    TABLE = "table"
    JSON = "json"


class Mode(StrEnum):
    """How events are put into the log."""

    BATCH = "batch"
    PIPELINED = "pipelined"


_written = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})").fullmatch
_iso = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


def iso_day(text: str) -> str:
    """Read a day as it is written in Vietnam, 28/11/2023, or as in data, 2023-11-28; ValueError for anything else."""
    if found := _written(text.strip()):
        return dt.date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    if _iso(text.strip()):
        return dt.date.fromisoformat(text.strip()).isoformat()
    raise ValueError(text)


def a_day(text: str) -> str:
    """Read a day that was given to a command."""
    try:
        return iso_day(text)
    except ValueError:
        raise typer.BadParameter(
            either(
                f"{text!r} không phải là ngày; hãy viết 28/11/2023 hoặc 2023-11-28.",
                f"{text!r} is not a day; write 28/11/2023 or 2023-11-28.",
            )
        ) from None


def day_option(vietnamese: str, english: str, *names: str) -> typer.models.OptionInfo:
    """Make an option that takes a day."""
    how = either(" dd/mm/yyyy hoặc yyyy-mm-dd.", " dd/mm/yyyy or yyyy-mm-dd.")
    option: typer.models.OptionInfo = typer.Option(
        *names, parser=a_day, metavar=either("NGÀY", "DAY"), help=either(vietnamese, english) + how
    )
    return option


_LEVELS: Final = " | ".join(LEVELS)
_MEASURES: Final = ", ".join(MEASURES)
BY_HELP: Final = either(
    f"Mỗi dòng là gì: child (đơn vị trực thuộc) | month | quarter | year | level:CẤP ({_LEVELS}) | "
    f"facet:CHIỀU[,CHIỀU] ({', '.join(DIMENSIONS)}) | none.",
    f"What a row is: child | month | quarter | year | level:LEVEL ({_LEVELS}) | "
    f"facet:DIMENSION[,DIMENSION] ({', '.join(DIMENSIONS)}) | none.",
)

DataDir = Annotated[
    Path, typer.Option(metavar="DIR", help=either("Thư mục dữ liệu của `tonghop up`.", "The folder of `tonghop up`."))
]
Api = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help=either(
            "Địa chỉ API; nếu không nêu: TONGHOP_API_URL, rồi dịch vụ của --data-dir.",
            "Where the API is; else TONGHOP_API_URL, then the service of --data-dir.",
        ),
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=either(
            "Tệp có token; nếu không nêu: TONGHOP_TOKEN, rồi secrets/admin.token của --data-dir.",
            "A file with the token; else TONGHOP_TOKEN, then secrets/admin.token of --data-dir.",
        ),
    ),
]
Nats = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help=either(
            "Địa chỉ NATS; nếu không nêu: TONGHOP_NATS_URL, rồi dịch vụ của --data-dir.",
            "Where NATS is; else TONGHOP_NATS_URL, then the service of --data-dir.",
        ),
    ),
]
From = Annotated[str | None, day_option("Từ ngày,", "First day,", "--from")]
To = Annotated[str | None, day_option("Đến hết ngày,", "Last day,", "--to")]
On = Annotated[str | None, day_option("Vào ngày (mặc định hôm nay),", "The day (today if not given),", "--on")]
Cursor = Annotated[
    str | None,
    typer.Option(
        help=either(
            "Xem tiếp từ dấu trang này, in ở cuối trang trước.",
            "Continue from this cursor, printed after the page before.",
        )
    ),
]
Limit = Annotated[
    int, typer.Option(min=1, max=1000, help=either("Nhiều nhất bao nhiêu dòng.", "The most rows to show."))
]
AnyLimit = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1000,
        help=either(
            "Nhiều nhất bao nhiêu dòng: 100, trong tệp (--format csv, xlsx, docx, pdf) là tất cả.",
            "The most rows to show: 100, in a file (--format csv, xlsx, docx, pdf) all of them.",
        ),
    ),
]
BasisOption = Annotated[
    Basis,
    typer.Option(
        help=either(
            "as-was: theo tổ chức tại thời điểm; as-now: theo tổ chức hiện nay.",
            "as-was: the hierarchy of each fact's day; as-now: the last known hierarchy.",
        )
    ),
]
FORMAT: Final = typer.Option("--format", help=either("Cách trình bày.", "The form of the output."))
PlainOption = Annotated[Plain, FORMAT]
FormatOption = Annotated[AnswerFormat, FORMAT]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar=either("TỆP", "FILE"),
        help=either(
            "Với --format csv, xlsx, docx, pdf: tệp mới để ghi vào; “-”, hay không nêu, là đầu ra chuẩn.",
            "With --format csv, xlsx, docx, pdf: a new file to write into; “-”, or nothing, is standard output.",
        ),
    ),
]
DialectOption = Annotated[
    Dialect | None,
    typer.Option(
        help=either(
            "Với --format csv: để Excel tiếng Việt mở (dấu chấm phẩy, tiêu đề tiếng Việt, dấu phẩy thập phân).",
            "With --format csv: for Excel in Vietnamese (semicolons, Vietnamese heads, decimal commas).",
        )
    ),
]
Level = Annotated[str | None, typer.Option(help=either(f"Chỉ một cấp: {_LEVELS}.", f"One level only: {_LEVELS}."))]
Measures = Annotated[
    str | None,
    typer.Option(
        help=either(
            f"Các nội dung thống kê, cách nhau dấu phẩy: {_MEASURES}. Mặc định ba nội dung đầu.",
            f"Measures with commas between them: {_MEASURES}. The first three if not given.",
        )
    ),
]
Measure = Annotated[
    str | None, typer.Option(help=either(f"Một nội dung thống kê: {_MEASURES}.", f"One measure: {_MEASURES}."))
]
Unit = Annotated[str, typer.Argument(metavar=either("ĐƠN_VỊ", "UNIT"), help=either("Mã đơn vị.", "The unit's id."))]

DATA: Final = Path("data")


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the environment, and log as they say; raises SettingsError, it ends the command."""
    from services.logs import configure  # noqa: PLC0415 - what only asks the API logs nothing

    found = Settings.from_environment(environ)
    configure(found.log_level, found.log_format)
    return found
