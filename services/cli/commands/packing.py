"""The commands of `tonghop` that carry events where there is no line: into a signed file, and out of it."""
# ruff: noqa: PLC0415

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.errors import CommandError
from services.cli.options import DATA, Api, DataDir, TokenFile, settings
from services.cli.usage import Commands
from services.language import chosen, either

app = Commands()


@app.says(
    "Đóng gói sự kiện vào một tệp đã ký, để chép qua thẻ nhớ khi không có đường truyền.\n\n"
    "Đóng gói, gửi và chép nhiều lần không hại gì: mỗi sự kiện chỉ tính một lần.",
    "Pack events into a signed file, to be carried on a stick where there is no line.\n\n"
    "To pack, send or carry them again is harmless: each event counts once.",
)
def pack(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar=either("TỆP...", "FILE..."),
            help=either("Tệp JSON lines, như của tonghop publish.", "Files of JSON lines, as tonghop publish takes."),
        ),
    ] = None,
    *,
    credentials: Annotated[
        Path,
        typer.Option(metavar="FILE", help=either("Tệp .creds để ký.", "The .creds file that signs.")),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=either("Tệp gói; mặc định ĐƠN_VỊ.pack.", "The pack; else UNIT.pack.")),
    ] = None,
    below: Annotated[
        bool,
        typer.Option(
            "--below",
            help=either(
                "Thẻ là của một trạm: ký cho cả các đơn vị ở dưới.",
                "The credential is a leaf's: it signs for units below, too.",
            ),
        ),
    ] = False,
    leaf: Annotated[
        bool,
        typer.Option(
            "--leaf",
            help=either(
                "Những gì còn chờ ở trạm (TONGHOP_NATS_URL, TONGHOP_NATS_CREDENTIALS như của tonghop forward).",
                "What still waits at the leaf (TONGHOP_NATS_URL and TONGHOP_NATS_CREDENTIALS as for tonghop forward).",
            ),
        ),
    ] = False,
) -> None:
    """Pack events."""
    from services.cli import packing

    lines = packing.from_files(files or [])
    if leaf:
        from projections.rules.log.message import GapError
        from services.connecting.failures import BUS_AWAY, described

        try:
            found = packing.from_leaf(settings())
        except (GapError, *BUS_AWAY) as error:  # type: ignore[misc]
            raise CommandError(chosen(described(error))) from error
        lines += found.lines
        if found.none:
            typer.echo(
                either(
                    f"{found.none} thông điệp ở trạm không phải sự kiện, vẫn nằm ở trạm.",
                    f"{found.none} messages at the leaf are no events, and stay there.",
                ),
                err=True,
            )
    target, number = packing.write(lines, credentials, out, below=below or leaf)
    typer.echo(either(f"Đã đóng gói {number} sự kiện: {target}", f"Packed {number} events: {target}"))


@app.says(
    "Mở gói do tonghop pack làm: kiểm tra chữ ký và của đơn vị nào, rồi gửi qua API.\n\n"
    "Cần vai trò clerk tại đơn vị đã ký hoặc cấp trên. Lặp lại không hại gì. Mã thoát 1 khi có sự kiện đang chờ, bị từ "
    "chối, không gửi được hoặc chưa có kết quả.",
    "Open what tonghop pack has made: check who signed it and whose events they are, then send them over the API.\n\n"
    "It takes the role clerk at the unit that signed it or above. To repeat it is harmless. Exit code 1 when something "
    "is parked, rejected, not sent, or not decided yet.",
)
def unpack(
    file: Annotated[Path, typer.Argument(metavar=either("GÓI", "PACK"), help=either("Tệp gói.", "The pack."))],
    *,
    hub: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=either(
                "signed.conf của bus, bản mới nhất; nếu không nêu: ở thư mục khóa (TONGHOP_CREDENTIAL_KEYS, thư mục dữ "
                "liệu).",
                "The bus's signed.conf, as it is now; else in the folder of the keys (TONGHOP_CREDENTIAL_KEYS, the "
                "data folder).",
            ),
        ),
    ] = None,
    result: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=either(
                "Tệp kết quả để mang về; mặc định GÓI.result.", "What came of it, to be carried back; else PACK.result."
            ),
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help=either("Chỉ kiểm tra, không gửi gì.", "Only check, send nothing."))
    ] = False,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Open a pack."""
    from projections.answers.words.outcome_words import OUTCOMES
    from services.cli import packing
    from services.cli.access import AskedService
    from services.cli.asking import understood
    from services.cli.screen import shown
    from services.cli.words import say

    found = packing.checked(file, hub or _signed_conf(data_dir))
    head = found.head
    made = shown(head.packed)
    typer.echo(
        either(
            f"{file}: {head.events} sự kiện, do {head.unit} ký, ghi lúc {made}",
            f"{file}: {head.events} events, signed by {head.unit}, made {made} by its own account",
        )
    )
    if check:
        return
    service = AskedService(api, data_dir, token_file)
    target = result or file.with_name(f"{file.name}.result")
    items: list[dict[str, Any]] = []
    try:
        with understood(service.address):
            for some in packing.sent(found, service):
                items += some
    finally:
        if items:
            packing.write_result(target, found, items)
    tally = Counter(str(item.get("outcome") or item["status"]) for item in items)
    typer.echo(", ".join(f"{shown(say(OUTCOMES, outcome))}: {number}" for outcome, number in sorted(tally.items())))
    typer.echo(either(f"Kết quả: {target}", f"What came of it: {target}"))
    if tally.keys() - packing.GOOD:
        raise typer.Exit(1)


def _signed_conf(data_dir: Path) -> Path:
    from services.cli import bus_keys

    return bus_keys.find(None, settings(), data_dir).keys / bus_keys.CONFIGURATION
