"""`tonghop token`: tokens of one's own account, for machines."""
# ruff: noqa: PLC0415

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.errors import CommandError
from services.cli.options import DATA, Api, DataDir, Plain, PlainOption, TokenFile, day_option
from services.cli.usage import Commands
from services.language import either

if TYPE_CHECKING:
    from services.cli.access import AskedService

app = Commands()
group = Commands(
    help=either("Token cho máy: tạo, liệt kê, thu hồi.", "Tokens for machines: make, list, revoke."),
    no_args_is_help=True,
)
app.add_typer(group, name="token")

TokenName = Annotated[
    str, typer.Argument(metavar=either("TÊN", "NAME"), help=either("Tên của token.", "What the token is called."))
]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="ROLE@UNIT",
        help=either(
            "Chỉ vai trò này tại đơn vị này trở xuống; nêu được nhiều lần. Không nêu: mọi vai trò của tài khoản.",
            "Only this role at this unit and below; may be given several times. If not given: all of the account.",
        ),
    ),
]
Until = Annotated[
    str | None, day_option("Ngày cuối cùng dùng được (mặc định một năm),", "The last day (a year if not given),")
]


@group.says("Tạo một token.", "Make a token.")
def add(
    name: TokenName,
    *,
    role: Roles = None,
    until: Until = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Make a token."""
    from services.cli.access import AskedService

    made(AskedService(api, data_dir, token_file), format_, name, roles=role, until=until)


@group.says("Liệt kê token.", "List tokens.", name="list")
def list_(
    *,
    account: Annotated[
        str | None, typer.Option(help=either("Của tài khoản khác.", "Those of another account."))
    ] = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """List tokens."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    service = AskedService(api, data_dir, token_file)
    of = None if account is None else service.account(account)
    service.show(format_, accounts.tokens, "GET", "tokens", account=of)


@group.says("Thu hồi một token, có hiệu lực ngay.", "Revoke a token, at once.")
def revoke(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help=either("Mã token (t-…).", "The token's id (t-…)."))],
    *,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Revoke a token."""
    from services.cli.access import AskedService
    from services.cli.views import accounts

    AskedService(api, data_dir, token_file).show(format_, accounts.tokens, "DELETE", "tokens", token)


def made(
    service: "AskedService",
    format_: Plain,
    name: str,
    *,
    roles: list[str] | None,
    until: str | None,
    account: str | None = None,
) -> None:
    """Make a token and show it. Raises CommandError."""
    from services.cli.views import accounts

    limits = [_limit(each) for each in roles] if roles else None
    body = {"name": name, "roles": limits, "until": until, "account": account}
    service.show(format_, accounts.token_made, "POST", "tokens", body=body)


def _limit(text: str) -> dict[str, str]:
    role, at, unit = text.partition("@")
    if not role or not at or not unit:
        raise CommandError(either(f"--role {text}: hãy viết VAI_TRÒ@ĐƠN_VỊ.", f"--role {text}: write ROLE@UNIT."))
    return {"role": role, "unit": unit}
