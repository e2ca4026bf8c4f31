"""`tonghop audit`: who did what; whole as JSON lines, and what is too old taken away."""
# ruff: noqa: PLC0415

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DATA, FORMAT, Api, Cursor, DataDir, From, Limit, Plain, To, TokenFile, settings
from services.cli.usage import Commands
from services.language import either

if TYPE_CHECKING:
    from services.cli.access import AskedService

app = Commands()


class AuditFormat(StrEnum):
    """How the audit log is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


@app.says(
    "Ai đã làm gì, lúc nào, cho đơn vị nào, từ đâu.\n\n"
    "--format jsonl xuất tất cả, mỗi dòng một mục, mới nhất trước. --prune bỏ những mục quá TONGHOP_KEEP_AUDIT ngày, "
    "bằng chủ sở hữu cơ sở dữ liệu.",
    "Who did what, when, for which unit, from where.\n\n"
    "--format jsonl exports all of it, an entry a line, the newest first. --prune takes away what is older than "
    "TONGHOP_KEEP_AUDIT days, as the owner of the database.",
)
def audit(
    *,
    account: Annotated[str | None, typer.Option(help=either("Của tài khoản này.", "By this account."))] = None,
    unit: Annotated[str | None, typer.Option(help=either("Cho đơn vị này.", "For this unit."))] = None,
    what: Annotated[str | None, typer.Option(help=either("Chỉ một loại việc.", "One kind of entry."))] = None,
    from_: From = None,
    to: To = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: Annotated[AuditFormat, FORMAT] = AuditFormat.TABLE,
    prune: Annotated[
        bool, typer.Option("--prune", help=either("Bỏ mục quá cũ.", "Take away what is too old."))
    ] = False,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Show, export or prune the audit log."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    if prune:
        _prune(data_dir)
        return
    service = AskedService(api, data_dir, token_file)
    by = None if account is None else service.account(account)
    asked = {"account": by, "unit": unit, "what": what, "from": from_, "to": to}
    if format_ is AuditFormat.JSONL:
        _export(service, asked)
        return
    plain = Plain.JSON if format_ is AuditFormat.JSON else Plain.TABLE
    service.show(plain, accounts.audit, "GET", "audit", limit=limit, cursor=cursor, **asked)


def _export(service: "AskedService", asked: dict[str, str | None]) -> None:
    """Write page after page as it comes: an entry is written once, whatever is added meanwhile."""
    import msgspec

    from services.cli.asking import understood
    from services.cli.screen import json_shown

    cursor = None
    while True:
        _, page = service.ask("GET", "audit", limit=1000, cursor=cursor, **asked)
        with understood(service.address):
            entries, cursor = list(page["entries"]), page["next"]
        for entry in entries:
            typer.echo(json_shown(msgspec.json.encode(entry).decode()))
        if cursor is None:
            return


def _prune(data_dir: Path) -> None:
    from services.access import audit
    from services.cli.client import servers
    from services.cli.database import on_database

    found = settings(servers(data_dir))
    pruned = on_database(found, lambda connection: audit.prune(connection, found.keep_audit))
    typer.echo(
        either(
            f"Đã bỏ {pruned} mục cũ hơn {found.keep_audit} ngày.",
            f"{pruned} entries older than {found.keep_audit} days are taken away.",
        )
    )
