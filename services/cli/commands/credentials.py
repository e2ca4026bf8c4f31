"""The commands `tonghop credential …`: who may sign in on a bus with signed accounts."""
# ruff: noqa: PLC0415

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.commands.operations import DecidedBy, decided_by
from services.cli.errors import CommandError
from services.cli.options import DATA, DataDir, Plain, PlainOption, day_option, settings
from services.cli.usage import Commands
from services.language import either

if TYPE_CHECKING:
    from services.cli.bus_keys import KeyPlace

app = Commands()
group = Commands(
    name="credential",
    help=either(
        "Thẻ .creds để đơn vị gửi sự kiện lên bus: cấp, liệt kê, thu hồi.",
        "Credentials (.creds) with which units sign in on the bus: issue, list, revoke.",
    ),
    no_args_is_help=True,
)
app.add_typer(group)

IN_PRODUCTION: Final = ("migrate", "projector", "api", "gateway", "reader", "backup")
"""The service's own users that get a credential at once; the operator's is issued for as long as it is needed."""

KeysOption = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="DIR",
        help=either(
            "Thư mục khóa; nếu không nêu: TONGHOP_CREDENTIAL_KEYS, rồi thư mục dữ liệu.",
            "The folder of the keys; else TONGHOP_CREDENTIAL_KEYS, then the data folder.",
        ),
    ),
]
Units = Annotated[
    Path | None,
    typer.Option(
        "--units",
        metavar="FILE",
        help=either(
            "Với --below: tệp mã đơn vị, mỗi dòng một mã (- là stdin); nếu không nêu: theo cơ sở dữ liệu.",
            "With --below: a file of units' ids, one a line (- is standard input); else as the database knows them.",
        ),
    ),
]
Service = Annotated[
    bool,
    typer.Option(
        "--service",
        help=either(
            "Tên là người dùng của chính dịch vụ (projector, api, operator…), không phải đơn vị.",
            "The name is one of the service's own users (projector, api, operator…), not a unit.",
        ),
    ),
]


@group.says(
    "Tạo khóa cho một bus có tài khoản được ký, thẻ của chính dịch vụ và cấu hình cho máy chủ NATS.\n\n"
    "Chạy lại không hại gì: chỉ tạo những gì còn thiếu. `tonghop up --access required` tự làm việc này.",
    "Make the keys of a bus with signed accounts, the service's own credentials, and the configuration of its servers."
    "\n\nIt can be run again: only what is missing is made. `tonghop up --access required` does it by itself.",
)
def init(*, keys: KeysOption = None, by: DecidedBy = None) -> None:
    """Make the keys."""
    from services.bus_credentials import accounts
    from services.cli import bus_keys

    place = _named(keys)
    with bus_keys.plainly():
        bus_keys.of_a_bus(place)
        made = accounts.make(place.keys, anybody=False)
        own, file = bus_keys.equipped(place, made, IN_PRODUCTION, by=decided_by(by))
    typer.echo(
        either(
            f"Khóa (giữ kín, tách khỏi máy chủ): {place.keys}\n"
            f"Cấu hình cho mọi máy chủ NATS: {file}\nThẻ của chính dịch vụ: {own}",
            f"Keys (keep them secret, apart from the servers): {place.keys}\n"
            f"Configuration for every server of NATS: {file}\nThe service's own credentials: {own}",
        )
    )


@group.says(
    "Cấp thẻ cho đơn vị: ghi ra ĐƠN_VỊ.creds và một dòng trong sổ cạnh khóa. Không cần máy chủ nào.",
    "Issue a credential: UNIT.creds, and a line in the register beside the keys. No server is needed.",
)
def issue(
    units: Annotated[
        list[str], typer.Argument(metavar=either("ĐƠN_VỊ...", "UNIT..."), help=either("Mã đơn vị.", "The unit's id."))
    ],
    *,
    until: Annotated[
        str | None, day_option("Dùng được đến hết ngày,", "The last day on which it is taken,", "--until")
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            help=either(
                "Thư mục hoặc tệp để ghi; - là stdout.", "A folder or a file to write to; - is standard output."
            )
        ),
    ] = ".",
    service: Service = False,
    below: Annotated[
        bool,
        typer.Option(
            "--below",
            help=either(
                "Cho trạm của một đơn vị (tonghop forward): gửi được như đơn vị đó và mọi đơn vị ở dưới. Ghi ra "
                "ĐƠN_VỊ-below.creds, và giao danh sách cho máy chủ NATS.",
                "For the leaf of one unit (tonghop forward): it speaks as the unit and as all below it. Writes "
                "UNIT-below.creds, and hands the list to the servers of NATS.",
            ),
        ),
    ] = False,
    units_file: Units = None,
    keys: KeysOption = None,
    by: DecidedBy = None,
    data_dir: DataDir = DATA,
) -> None:
    """Issue credentials."""
    from services.bus_accounts import UNIT
    from services.bus_credentials import files, issuing
    from services.cli import bus_keys

    _check(units, service=service)
    if below:
        _issue_below(units, out, until=until, file=units_file, keys=keys, by=decided_by(by), data_dir=data_dir)
        return
    targets = _targets(units, out)
    with bus_keys.plainly():
        opened = bus_keys.opened(bus_keys.find(keys, settings(), data_dir))
        made = []
        for user, names in {name: [name] for name in units}.items() if service else [(UNIT, units)]:
            made += issuing.issue(opened, user, names, until=until, by=decided_by(by))
        for one, target in zip(made, targets, strict=True):
            if target is None:
                sys.stdout.write(one.text)
                continue
            files.write_new(target, one.text)
            typer.echo(either(f"Đã cấp: {target}", f"Issued: {target}"))


def _issue_below(
    units: list[str], out: str, *, until: str | None, file: Path | None, keys: Path | None, by: str, data_dir: Path
) -> None:
    """Issue the credential of a leaf: the list of units, the account with it on the servers, then the file."""
    from services.bus_credentials import files, issuing
    from services.cli import bus_keys, leaf_lists

    if len(units) > 1:
        raise CommandError(either("--below chỉ dùng cho một đơn vị.", "--below is for one unit at a time."))
    set_ = settings()
    place = bus_keys.find(keys, set_, data_dir)
    (target,) = _targets([f"{units[0]}-below"], out)
    with bus_keys.plainly():
        listed = leaf_lists.write(place, units[0], file, data_dir)
        opened = leaf_lists.signing_keys(place)
        one = issuing.issue_below(opened, units[0], until=until, by=by)
        if target is None:
            sys.stdout.write(one.text)
        else:
            files.write_new(target, one.text)
        told = bus_keys.take_effect(place, set_, by)
    if target is not None:
        typer.echo(
            either(
                f"Đã cấp: {target}, cho {len(listed.units)} đơn vị. {told}",
                f"Issued: {target}, for {len(listed.units)} units. {told}",
            )
        )


@group.says(
    "Lập lại danh sách đơn vị ở dưới cho thẻ của trạm, sau khi sắp xếp tổ chức. Tệp thẻ vẫn dùng như cũ.\n\n"
    "Nếu không nêu đơn vị: mọi thẻ đã cũ. Kết nối đang mở bị cắt và vào lại với danh sách mới.",
    "Make the lists of units below anew for credentials of leaves, after a reorganisation. Their files go on.\n\n"
    "Without a unit: all lists that have aged. Connections that are open are cut, and come back with the new list.",
)
def renew(
    units: Annotated[
        list[str] | None,
        typer.Argument(metavar=either("ĐƠN_VỊ...", "UNIT..."), help=either("Mã đơn vị.", "The unit's id.")),
    ] = None,
    *,
    units_file: Units = None,
    keys: KeysOption = None,
    by: DecidedBy = None,
    data_dir: DataDir = DATA,
) -> None:
    """Make the lists of leaves anew."""
    from services.cli import bus_keys, leaf_lists

    set_ = settings()
    place = bus_keys.find(keys, set_, data_dir)
    with bus_keys.plainly():
        for one in leaf_lists.renew(place, units or [], units_file, data_dir):
            typer.echo(leaf_lists.told(one))
        typer.echo(bus_keys.take_effect(place, set_, decided_by(by)))


@group.says(
    "Tạo khóa và cấu hình cho máy chủ của một trạm (đường truyền kém), từ signed.conf của bus trung tâm.\n\n"
    "Chạy lại với tệp mới hơn để trạm biết thẻ nào đã thu hồi, rồi `tonghop credential hand`.",
    "Make the keys and the configuration of a leaf's own server (for a poor line), from the hub's signed.conf.\n\n"
    "Run it again with a newer file, so that the leaf knows what was taken back, then `tonghop credential hand`.",
)
def leaf(
    hub: Annotated[
        Path, typer.Argument(metavar="SIGNED.CONF", help=either("Tệp signed.conf của trung tâm.", "The hub's file."))
    ],
    *,
    keys: KeysOption = None,
    by: DecidedBy = None,
) -> None:
    """Make the keys of a leaf."""
    from services.bus_accounts import FORWARD
    from services.bus_credentials import accounts
    from services.bus_credentials import hub as of_the_hub
    from services.cli import bus_keys

    place = _named(keys)
    with bus_keys.plainly():
        made = accounts.make_leaf(place.keys, of_the_hub.read(hub))
        own, file = bus_keys.equipped(place, made, [FORWARD], by=decided_by(by))
    typer.echo(
        either(
            f"Khóa của trạm (giữ kín): {place.keys}\nCấu hình cho máy chủ NATS của trạm: {file}\n"
            f"Thẻ của tonghop forward ở trạm: {own / FORWARD}.creds",
            f"The leaf's keys (keep them secret): {place.keys}\nConfiguration of its server of NATS: {file}\n"
            f"The credential of tonghop forward at the leaf: {own / FORWARD}.creds",
        )
    )


@group.says(
    "Liệt kê các thẻ đã cấp, theo sổ cạnh khóa.\n\nMã thoát 3 khi --check thấy danh sách đã cũ.",
    "List credentials, out of the register beside the keys.\n\nExit code 3 when --check finds a list that has aged.",
    name="list",
)
def list_(
    unit: Annotated[
        str | None,
        typer.Argument(metavar=either("ĐƠN_VỊ", "UNIT"), help=either("Chỉ của đơn vị này.", "Of this one only.")),
    ] = None,
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help=either(
                "Chỉ thẻ của trạm: danh sách đơn vị ở dưới còn đúng không.",
                "Those of leaves alone: whether their lists of units below are those of now.",
            ),
        ),
    ] = False,
    units_file: Units = None,
    format_: PlainOption = Plain.TABLE,
    keys: KeysOption = None,
    data_dir: DataDir = DATA,
) -> None:
    """List credentials."""
    from services.bus_credentials import register
    from services.cli import bus_keys
    from services.cli.views import credentials

    if check:
        from services.cli import leaf_lists

        with bus_keys.plainly():
            place = bus_keys.find(keys, settings(), data_dir)
            leaf_lists.check(leaf_lists.aged(place, [unit] if unit else [], units_file, data_dir))
        return
    with bus_keys.plainly():
        found = register.read(bus_keys.opened(bus_keys.find(keys, settings(), data_dir)).folder)
    found = [one for one in found if unit is None or one.name == unit]
    credentials.show(found, as_json=format_ is Plain.JSON, now=int(time.time()))


@group.says(
    "Thu hồi mọi thẻ của một đơn vị, ngay lập tức: kết nối đang mở cũng bị cắt.",
    "Take all credentials of a unit back, at once: connections that are open are cut too.",
)
def revoke(
    unit: Annotated[str, typer.Argument(metavar=either("ĐƠN_VỊ", "UNIT"), help=either("Mã đơn vị.", "The unit's id."))],
    *,
    service: Service = False,
    below: Annotated[
        bool, typer.Option("--below", help=either("Thẻ của trạm của đơn vị.", "Those of the unit's leaf."))
    ] = False,
    keys: KeysOption = None,
    by: DecidedBy = None,
    data_dir: DataDir = DATA,
) -> None:
    """Take credentials back."""
    from services.bus_accounts import UNIT, below_name
    from services.bus_credentials.revoking import revoke as take_back
    from services.cli import bus_keys

    _check([unit], service=service)
    set_ = settings()
    place = bus_keys.find(keys, set_, data_dir)
    with bus_keys.plainly():
        user = unit if service else below_name(unit) if below else UNIT
        number = take_back(bus_keys.opened(place), user, unit, by=decided_by(by))
        told = bus_keys.take_effect(place, set_, decided_by(by))
    typer.echo(either(f"{unit}: đã thu hồi {number} thẻ. {told}", f"{unit}: {number} credential(s) taken back. {told}"))


@group.says(
    "Giao lại các tài khoản đã ký cho mọi máy chủ NATS: sau khi nâng cấp, hoặc khi lần thu hồi trước chưa tới hết.",
    "Hand the signed accounts to every server of NATS again: after an upgrade, or a revocation that didn't reach all.",
)
def hand(*, keys: KeysOption = None, by: DecidedBy = None, data_dir: DataDir = DATA) -> None:
    """Hand accounts to the servers."""
    from services.cli import bus_keys

    set_ = settings()
    with bus_keys.plainly():
        typer.echo(bus_keys.take_effect(bus_keys.find(keys, set_, data_dir), set_, decided_by(by)))


def _named(keys: Path | None) -> "KeyPlace":
    """Find a folder in which keys are made: it has to be named."""
    from services.cli import bus_keys

    set_ = settings()
    if keys is None and not set_.credential_keys:
        raise typer.BadParameter(either("cần --keys DIR.", "--keys DIR is needed."))
    return bus_keys.find(keys, set_, DATA)


def _check(names: list[str], *, service: bool) -> None:
    from events.identifiers import is_unit_id
    from services.bus_accounts import ANYBODY, OPERATOR
    from services.bus_credentials.claims import HANDING

    known = {*IN_PRODUCTION, OPERATOR, HANDING, ANYBODY}
    for name in names:
        if service and name not in known:
            raise CommandError(
                either(
                    f"{name!r}: dịch vụ chỉ có các người dùng {', '.join(sorted(known))}.",
                    f"{name!r}: the service's own users are {', '.join(sorted(known))}.",
                )
            )
        if not service and not is_unit_id(name):
            raise CommandError(either(f"{name!r}: không phải mã đơn vị.", f"{name!r} is no unit's id."))
    if len(set(names)) < len(names):
        raise CommandError(either("Một tên được nêu hai lần.", "A name is given twice."))


def _targets(names: list[str], out: str) -> list[Path | None]:
    """Say where each one's file goes, None for standard output; nothing that is there is written over."""
    if out == "-":
        return [None] * len(names)
    path = Path(out)
    if not path.is_dir() and len(names) > 1:
        raise CommandError(either(f"{out}: cần một thư mục cho nhiều thẻ.", f"{out}: several need a folder."))
    targets = [path / f"{name}.creds" if path.is_dir() else path for name in names]
    for target in targets:
        if target.exists():
            raise CommandError(
                either(
                    f"{target} đã có: hãy chuyển đi chỗ khác trước. Chưa cấp gì.",
                    f"{target} is there already: move it away first. Nothing was issued.",
                )
            )
    return list(targets)
