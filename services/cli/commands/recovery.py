"""The commands of `tonghop` that make a backup, and bring back what was lost."""
# ruff: noqa: PLC0415

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.asking import failures
from services.cli.options import settings
from services.cli.usage import Commands
from services.language import either
from services.recovery.halves import Half
from services.settings import Settings

if TYPE_CHECKING:
    from services.recovery.telling import Telling

app = Commands()

SERVERS = ("TONGHOP_NATS_URL", "TONGHOP_DATABASE_URL")
OwnServers = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help=either(
            f"Thư mục của `tonghop up`; nếu không nêu: theo {' và '.join(SERVERS)}, không có chúng thì thư mục data.",
            f"The folder of `tonghop up`; if not given, the servers of {' and '.join(SERVERS)}, else the folder data.",
        ),
    ),
]


@app.says("Sao lưu cả luồng và cơ sở dữ liệu, khi dịch vụ đang chạy.", "Back up stream and database, while they run.")
def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=either("Thư mục mới hoặc trống.", "A new or empty folder."))
    ],
    *,
    data_dir: OwnServers = None,
) -> None:
    """Make a backup."""

    async def work(settings: Settings, telling: "Telling") -> None:
        from services.recovery.backup import backup

        made = await backup(settings, folder, telling)
        telling.say(
            either(
                f"Bản sao đầy đủ ở {folder}: số liệu đến vị trí {made.position}, luồng đến {made.stream_last}.",
                f"A whole backup in {folder}: figures to position {made.position}, stream to {made.stream_last}.",
            )
        )

    _run(work, data_dir)


@app.says("Khôi phục những gì đã mất; không bao giờ ghi đè.", "Bring back what was lost; nothing is overwritten.")
def restore(
    *,
    from_log: Annotated[
        bool,
        typer.Option(
            "--from-log", help=either("Mất cơ sở dữ liệu: dựng lại từ luồng.", "The database, from the stream.")
        ),
    ] = False,
    from_ledger: Annotated[
        bool,
        typer.Option(
            "--from-ledger", help=either("Mất luồng: dựng lại từ sổ cái.", "The stream, from the database's ledger.")
        ),
    ] = False,
    backup: Annotated[
        Path | None, typer.Option(metavar="DIR", help=either("Mất cả hai: từ bản sao.", "Both, from a backup."))
    ] = None,
    only: Annotated[
        Half | None, typer.Option(help=either("Chỉ một phần của bản sao.", "One half of the backup."))
    ] = None,
    data_dir: OwnServers = None,
) -> None:
    """Restore."""
    if sum((from_log, from_ledger, backup is not None)) != 1 or (only is not None and backup is None):
        raise typer.BadParameter(
            either("chọn đúng một: ", "choose exactly one: ")
            + "--from-log, --from-ledger, --backup DIR [--only database|stream]"
        )

    async def work(settings: Settings, telling: "Telling") -> None:
        from services.recovery.from_backup import restore_from_backup
        from services.recovery.from_ledger import restore_from_ledger
        from services.recovery.from_log import restore_from_log

        if backup is not None:
            await restore_from_backup(settings, backup, only, telling)
        elif from_log:
            await restore_from_log(settings, telling)
        else:
            await restore_from_ledger(settings, telling)

    _run(work, data_dir)


def _run(work: "Callable[[Settings, Telling], Awaitable[None]]", data_dir: Path | None) -> None:
    from projections.rules.log.message import GapError
    from projections.store.batch.writing import FencedError
    from projections.store.schema.migrate import SchemaError
    from services.cli.client import own_servers
    from services.cli.screen import console
    from services.connecting.database_failures import SERVERS_FAIL
    from services.embedded.process import ServerError
    from services.log.errors import ForeignLogError
    from services.log.intake import ConsumerGoneError
    from services.migration import MigrationError
    from services.recovery.errors import RestoreError
    from services.recovery.servers import servers
    from services.recovery.telling import Telling

    async def on_servers() -> None:
        async with servers(settings(), own_servers(data_dir)) as settings_:
            await work(settings_, Telling(console(stderr=True)))

    ours = (RestoreError, MigrationError, SchemaError, ServerError, ForeignLogError, GapError, FencedError)
    with failures(*ours, ConsumerGoneError, *SERVERS_FAIL):
        asyncio.run(on_servers())
