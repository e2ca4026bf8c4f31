"""The command `tonghop init`: one's own hierarchy into a service that has none, or that lacks these units."""
# ruff: noqa: PLC0415

import datetime as dt
import json
import sys
import tempfile
import unicodedata
import uuid
from collections.abc import Collection, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import IO, Annotated

import typer

from events.vocabulary import LEVELS
from services.cli.errors import CommandError
from services.cli.hierarchy_file import FOUNDING, HierarchyError, NewUnit, ordered, read
from services.cli.options import DATA, Api, DataDir, Nats, day_option
from services.cli.usage import Commands
from services.language import either

app = Commands()

PATIENCE = 60.0
PAGE = 1000


@app.says(
    "Bắt đầu với số liệu của mình: thành lập đơn vị gốc, hoặc cả cây tổ chức từ một tệp.\n\n"
    "Tệp là CSV có dòng đầu id,name,level,parent,since, hoặc mỗi dòng một đối tượng JSON với các trường đó. "
    "Chạy lại không hại gì: đơn vị đã có thì bỏ qua.",
    "Begin with one's own data: establish the root, or a whole hierarchy from a file.\n\n"
    "The file is CSV with the heading id,name,level,parent,since, or an object with these fields a line. "
    "It can be run again: units that are there already are passed over.",
)
def init(
    *,
    root: Annotated[
        str | None, typer.Option(metavar="ID", help=either("Mã đơn vị gốc.", "The id of the root."))
    ] = None,
    name: Annotated[str | None, typer.Option(help=either("Tên đơn vị gốc.", "The name of the root."))] = None,
    level: Annotated[
        str, typer.Option(help=either("Cấp của đơn vị gốc: ", "The root's level: ") + " | ".join(LEVELS) + ".")
    ] = "central",
    since: Annotated[
        str,
        day_option(
            "Hoạt động từ ngày, nếu tệp không nói khác;", "Active since, where the file says no other;", "--since"
        ),
    ] = FOUNDING,
    units: Annotated[
        str | None,
        typer.Option(
            metavar=either("TỆP", "FILE"),
            help=either("Cây tổ chức, CSV hoặc JSON lines; - là stdin.", "A hierarchy, CSV or JSON lines; - is stdin."),
        ),
    ] = None,
    nats: Nats = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Establish a hierarchy."""
    from services.cli.client import api_address, nats_address, own_credentials, service_file
    from services.cli.own_token import own_token

    if (root is None) != (name is None) or (root is None and units is None):
        raise typer.BadParameter(
            either("cần --root cùng --name, hoặc --units, hoặc cả hai.", "--root with --name, or --units, or both.")
        )
    try:
        rows = _root_row(root, name, level, since) if root and name else []
        rows += read(_text(units), since) if units else []
        address = api_address(api, data_dir)
        token = own_token(address, data_dir)
        there = _known(address, token)
        wanted = ordered([row for row in rows if row.id not in there], there)
        of = _root(address, token, rows, wanted)
    except HierarchyError as error:
        raise CommandError(str(error)) from error
    _require_root(of, service_file(data_dir).get("root"))
    if not wanted:
        typer.echo(either("Mọi đơn vị đã có, không phải gửi gì.", "All of these units are there: nothing to send."))
        return
    _establish(wanted, of, nats_address(nats, data_dir), own_credentials(None, nats, data_dir))


def _establish(wanted: list[NewUnit], root: str, nats: str, credentials: str | None) -> None:
    from services.cli.screen import console
    from services.cli.views.publish import publish
    from services.publishing.outcomes import Patience

    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".jsonl") as file:
        _write(wanted, root, file)
        code = publish(
            file.name,
            nats=nats,
            batches=True,
            patience=PATIENCE,
            outcomes=Patience(PATIENCE),
            show_all=False,
            credentials=credentials,
            inbox_prefix=None,
            out=console(),
            err=console(stderr=True),
        )
    if code > 128:  # noqa: PLR2004 a signal ended it
        raise typer.Exit(code)
    if code:
        raise CommandError(
            either(
                f"Không phải đơn vị nào cũng được thành lập. Nếu bị từ chối ở data.parent thì dịch vụ có đơn vị gốc "
                f"khác: hãy chạy lại nó với TONGHOP_ROOT={root}. Sau đó chạy lại lệnh này.",
                f"Not every unit was established. If data.parent was rejected, the service has another root: start it "
                f"again with TONGHOP_ROOT={root}. Then run this command again.",
            )
        )
    typer.echo(
        either(
            f"Đã thành lập {len(wanted)} đơn vị. Xem: tonghop tree {root}",
            f"{len(wanted)} units are established. See: tonghop tree {root}",
        )
    )


def _write(wanted: list[NewUnit], root: str, file: IO[str]) -> None:
    from projections.answers.words.vietnamese_format import VIETNAM

    now = dt.datetime.now(VIETNAM).isoformat(timespec="seconds")
    for row in wanted:
        data = {"parent": row.parent, "name": row.name, "level": row.level, "since": row.since}
        event = {
            "specversion": "1.0",
            "id": f"init-{uuid.uuid4().hex}",
            "source": f"/units/{root}",
            "type": "unit.established",
            "subject": row.id,
            "time": now,
            "data": data,
        }
        file.write(json.dumps(event, ensure_ascii=False) + "\n")
    file.flush()


def _root_row(id_: str, name: str, level: str, since: str) -> list[NewUnit]:
    """Read what was given by options by the rules of a file's rows; it has the number 0."""
    line = json.dumps({"id": id_, "name": unicodedata.normalize("NFC", name), "level": level})
    return [row._replace(number=0) for row in read(line, since)]


def _text(units: str) -> str:
    try:
        body = sys.stdin.buffer.read() if units == "-" else Path(units).read_bytes()
    except OSError as error:
        raise CommandError(
            either(f"Không đọc được {units}: {error.strerror}.", f"Can't read {units}: {error.strerror}.")
        ) from error
    try:
        return unicodedata.normalize("NFC", body.decode())
    except UnicodeDecodeError as error:
        raise CommandError(
            either(f"{units} không phải là UTF-8 (byte {error.start}).", f"{units} is not UTF-8 (byte {error.start}).")
        ) from error


def _known(address: str, token: str | None) -> set[str]:
    from services.cli.asking import understood
    from services.cli.client import get, strange

    known: set[str] = set()
    cursor: str | None = None
    while True:
        _, page = get(address, "v1", "units", token=token, limit=PAGE, cursor=cursor)
        if not isinstance(page.get("units"), list):
            raise CommandError(strange(address, "units"))
        with understood(address):
            known.update(str(unit["id"]) for unit in page["units"])
        cursor = page.get("next")
        if not cursor:
            return known


def _root(address: str, token: str | None, rows: Collection[NewUnit], wanted: Collection[NewUnit]) -> str:
    """Find the unit that speaks for all of them: the one without a parent, else the root of what is known."""
    from services.cli.asking import understood
    from services.cli.client import get

    for row in rows:
        if row.parent is None:
            return row.id
    parents: Iterator[str] = (row.parent for row in (*wanted, *rows) if row.parent is not None)
    for parent in parents:
        try:
            _, unit = get(address, "v1", "units", parent, token=token)
        except CommandError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                continue
            raise
        with understood(address):
            ancestors = unit.get("ancestors") or []
            return str(ancestors[0]["id"] if ancestors else parent)
    raise HierarchyError(either("Không có đơn vị gốc: hãy nêu --root.", "There is no root: name it with --root."))


def _require_root(root: str, of_service: object) -> None:
    if isinstance(of_service, str) and of_service != root:
        raise CommandError(
            either(
                f"Dịch vụ đang chạy với đơn vị gốc {of_service}, không phải {root}. Hãy dừng nó và chạy lại với "
                f"TONGHOP_ROOT={root}. Chưa gửi gì.",
                f"The service runs with the root {of_service}, not {root}. Stop it and start it again with "
                f"TONGHOP_ROOT={root}. Nothing was sent.",
            )
        )
