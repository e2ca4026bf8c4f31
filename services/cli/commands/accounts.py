"""`tonghop account`: who may sign in. What an account may is granted on the log (`tonghop grant`)."""
# ruff: noqa: PLC0415

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands.tokens import Roles, TokenName, Until, made
from services.cli.options import DATA, Api, Cursor, DataDir, Limit, Plain, PlainOption, TokenFile
from services.cli.usage import Commands
from services.language import either

app = Commands()
group = Commands(
    help=either("Tài khoản: tạo, mời, khóa.", "Accounts: make, invite, disable."),
    no_args_is_help=True,
)
app.add_typer(group, name="account")


class SignsIn(StrEnum):
    """How an account signs in."""

    LOCAL = "local"
    OIDC = "oidc"
    SERVICE = "service"


Account = Annotated[
    str,
    typer.Argument(
        metavar=either("TÀI_KHOẢN", "ACCOUNT"),
        help=either("Mã tài khoản (a-…) hoặc tên đăng nhập.", "The account's id (a-…) or sign-in name."),
    ),
]


@group.says(
    "Tạo tài khoản. Tài khoản mới chưa được làm gì: hãy mời (invite) và trao quyền (grant).",
    "Make an account. It may nothing yet: invite it, and grant it a role.",
)
def add(
    name: Annotated[
        str, typer.Argument(metavar=either("TÊN", "NAME"), help=either("Tên đăng nhập.", "The sign-in name."))
    ],
    *,
    signs_in: Annotated[
        SignsIn,
        typer.Option(
            help=either(
                "local: mật khẩu; oidc: nơi cấp danh tính; service: chỉ bằng token.",
                "local: by a password; oidc: at the issuer; service: by tokens alone.",
            )
        ),
    ] = SignsIn.LOCAL,
    id_: Annotated[
        str | None,
        typer.Option(
            "--id",
            help=either(
                "Mã cũ mà nhật ký đã biết, khi bảng tài khoản bị mất.",
                "Its id of before, which the log knows, where the accounts were lost.",
            ),
        ),
    ] = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Make an account."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    body = {"name": name, "signs_in": signs_in.value} | ({} if id_ is None else {"account": id_})
    AskedService(api, data_dir, token_file).show(format_, accounts.account, "POST", "accounts", body=body)


@group.says("Liệt kê tài khoản.", "List accounts.", name="list")
def list_(
    *,
    q: Annotated[str | None, typer.Option(help=either("Một phần của tên.", "A part of the name."))] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """List accounts."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    asked = {"q": q, "limit": limit, "cursor": cursor}
    AskedService(api, data_dir, token_file).show(format_, accounts.accounts, "GET", "accounts", **asked)


@group.says(
    "Mời: in một địa chỉ để đặt mật khẩu, dùng một lần trong bảy ngày.",
    "Invite: print an address at which a password is set, once, within seven days.",
)
def invite(
    account: Account,
    *,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Invite an account."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    service = AskedService(api, data_dir, token_file)
    service.show(format_, accounts.invitation, "POST", "accounts", service.account(account), "invitation")


@group.says(
    "Khóa một tài khoản, có hiệu lực ngay; --end cho dùng lại.",
    "Disable an account, at once; --end lets it in again.",
)
def disable(
    account: Account,
    *,
    end: Annotated[bool, typer.Option("--end", help=either("Cho dùng lại.", "Let it in again."))] = False,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Disable an account."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    service = AskedService(api, data_dir, token_file)
    turned = "enable" if end else "disable"
    service.show(format_, accounts.account, "POST", "accounts", service.account(account), turned)


@group.says("Tạo token cho một tài khoản khác.", "Make a token of another account.")
def token(
    account: Account,
    name: TokenName,
    *,
    role: Roles = None,
    until: Until = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Make a token of an account."""
    from services.cli.access import AskedService

    service = AskedService(api, data_dir, token_file)
    made(service, format_, name, roles=role, until=until, account=service.account(account))


@group.says(
    "Tạo token đầu tiên, của tài khoản admin, bằng chủ sở hữu cơ sở dữ liệu.\n\n"
    "In ra token, hoặc ghi vào tệp của --out.",
    "Make the first token, of the account admin, as the owner of the database.\n\n"
    "Prints the token, or writes it to the file of --out.",
)
def bootstrap(
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=either("Ghi token vào tệp mới (0600).", "Write it to a new file (0600).")),
    ] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Make the first token."""
    from services.access.bootstrapping import bootstrap
    from services.cli.client import servers
    from services.cli.database import on_database
    from services.cli.new_file import new_file
    from services.cli.options import settings

    with new_file(out) as write:
        _, secret = on_database(settings(servers(data_dir)), bootstrap)
        write(secret)
