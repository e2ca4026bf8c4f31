"""`tonghop template` and `tonghop import`: sheets from a terminal, over HTTP."""
# ruff: noqa: PLC0415

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from events.catalogue import FACTS
from services.cli.errors import CommandError
from services.cli.options import DATA, Api, DataDir, Plain, PlainOption, TokenFile, Unit
from services.cli.usage import Commands
from services.language import either

if TYPE_CHECKING:
    from services.cli.access import AskedService

WAITED: Final = 30
"""Seconds for outcomes."""
_TYPES: Final = " | ".join(row.type for row in FACTS)
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IMPORT: Final = re.compile(r"i-[0-9a-f]{32}").fullmatch
_KINDS: Final = {
    ".xlsx": _SHEET,
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}
_TYPE_HELP: Final = either(f"Loại sự việc: {_TYPES}.", f"A type of fact: {_TYPES}.")

app = Commands()


@app.says(
    "Tải bảng mẫu của một loại sự việc để điền.\n\nCần vai trò clerk tại đơn vị hoặc cấp trên.",
    "Get the sheet of a type of fact, to be filled in.\n\nIt takes the role clerk at the unit or above.",
)
def template(
    unit: Unit,
    type_: Annotated[str, typer.Argument(metavar=either("LOẠI", "TYPE"), help=_TYPE_HELP)],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar=either("TỆP", "FILE"),
            help=either("Tệp mới; mặc định LOẠI.xlsx.", "A new file; TYPE.xlsx if not given."),
        ),
    ] = None,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Get a template."""
    from services.cli.access import AskedService
    from services.cli.screen import shown

    made = AskedService(api, data_dir, token_file).download(_SHEET, "units", unit, "templates", f"{type_}.xlsx")
    file = out or Path(f"{type_}.xlsx")
    _write_new(file, made)
    typer.echo(either(f"Bảng mẫu: {shown(file)}", f"The sheet: {shown(file)}"))


@app.says(
    "Xem trước một bảng (.xlsx, .xls, .ods, .csv, .tsv), và với --send thì gửi.\n\n"
    "Không có gì được gửi nếu không có --send. Gửi lại cùng một bảng không bao giờ tính hai lần. "
    "Mã thoát 1 khi có hàng không nhận được, phải chờ, hoặc chưa có kết quả.",
    "Look at a sheet (.xlsx, .xls, .ods, .csv, .tsv) before it is sent, and with --send send it.\n\n"
    "Nothing is sent without --send. The same sheet sent again never counts twice. "
    "Exit code 1 when a row is not taken, has to wait, or has no outcome yet.",
    name="import",
)
def import_(
    sheet: Annotated[
        str,
        typer.Argument(
            metavar=either("BẢNG", "SHEET"),
            help=either("Tệp, hoặc mã i-… của bảng đã xem trước.", "A file, or the id i-… of one that was looked at."),
        ),
    ],
    *,
    unit: Annotated[
        str | None,
        typer.Option(
            metavar=either("ĐƠN_VỊ", "UNIT"),
            help=either("Đơn vị; hàng có thể của nó và cấp dưới.", "The unit; rows may be of it and those below."),
        ),
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", metavar=either("LOẠI", "TYPE"), help=_TYPE_HELP)] = None,
    send: Annotated[bool, typer.Option("--send", help=either("Gửi các hàng gửi được.", "Send what can be."))] = False,
    again: Annotated[
        list[int] | None,
        typer.Option(
            metavar=either("HÀNG", "ROW"),
            help=either("Gửi lại hàng này dù đã thu hồi (lặp lại được).", "Send this row though it was taken back."),
        ),
    ] = None,
    replace: Annotated[
        list[int] | None,
        typer.Option(
            metavar=either("HÀNG", "ROW"),
            help=either("Cho hàng này thay sự kiện đã gửi (lặp lại được).", "Let this row replace what was sent."),
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar=either("TỆP", "FILE"),
            help=either("Ghi bảng kết quả (.xlsx) ra tệp mới này.", "Write the sheet with results to this new file."),
        ),
    ] = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Look at a sheet, and send it."""
    from services.cli.access import AskedService
    from services.cli.asking import print_rendered, understood
    from services.cli.screen import json_shown
    from services.cli.views import sheets

    service = AskedService(api, data_dir, token_file)
    with understood(service.address):
        made = _looked_at(service, sheet, unit, type_)
        import_id = str(made["import"])
        for field, rows in (("again", again), ("replace", replace)):
            for row in rows or ():
                service.ask("PATCH", "imports", import_id, "rows", str(row), body={field: True})
        if again or replace:
            _, made = service.ask("GET", "imports", import_id)
        answer = _sent(service, import_id) if send else _whole(service, made)
        good = sheets.is_sent(answer) if send else sheets.is_good(answer)
    if results is not None:
        _write_new(results, service.download(_SHEET, "imports", f"{import_id}.xlsx"))
    if format_ is Plain.JSON:
        import json

        typer.echo(json_shown(json.dumps(answer, ensure_ascii=False)))
    else:
        print_rendered(service.address, lambda: sheets.sent(answer, made) if send else sheets.looked_at(answer))
    if not good:
        raise typer.Exit(1)


def _looked_at(service: "AskedService", sheet: str, unit: str | None, type_: str | None) -> dict[str, Any]:
    if _IMPORT(sheet):
        _, found = service.ask("GET", "imports", sheet)
        return dict(found)
    if unit is None or type_ is None:
        raise CommandError(either("Cần --unit và --type.", "--unit and --type are needed."))
    try:
        content = Path(sheet).read_bytes()
    except OSError as error:
        raise CommandError(
            either(f"Không đọc được {sheet}: {error.strerror}", f"{sheet} can't be read: {error.strerror}")
        ) from error
    kind = _KINDS.get(Path(sheet).suffix.lower(), "application/octet-stream")
    return service.upload(content, kind, "units", unit, "imports", type=type_)


def _whole(service: "AskedService", made: dict[str, Any]) -> dict[str, Any]:
    """Give all rows of a sheet, page by page."""
    answer = {**made, "rows": [*made["rows"]]}
    while answer["next"] is not None:
        _, page = service.ask("GET", "imports", str(made["import"]), cursor=answer["next"])
        answer |= {"rows": [*answer["rows"], *page["rows"]], "next": page["next"]}
    return answer


def _sent(service: "AskedService", import_id: str) -> dict[str, Any]:
    """Send a sheet, and give what became of all its rows."""
    _, said = service.ordered(WAITED, "POST", "imports", import_id, "send", body=None)
    answer: dict[str, Any] = {**said, "import": import_id, "items": [*said["items"]]}
    while answer.get("next"):
        _, page = service.ask("GET", "receipts", str(answer["receipt"]), cursor=answer["next"])
        answer |= {"items": [*answer["items"], *page["items"]], "next": page["next"]}
    return answer


def _write_new(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except OSError as error:
        raise CommandError(
            either(f"Không tạo được tệp {file}: {error.strerror}", f"{file} can't be made: {error.strerror}")
        ) from error
