"""`tonghop grant`, `revoke`, `grants`: who may see what and speak where, said on the log on a keeper's order."""
# ruff: noqa: PLC0415

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.commands.accounts import Account
from services.cli.options import DATA, Api, DataDir, Plain, PlainOption, TokenFile, Unit, day_option
from services.cli.usage import Commands
from services.language import either

if TYPE_CHECKING:
    from services.cli.access import AskedService

app = Commands()


class GrantedRole(StrEnum):
    """What can be granted (contract, section 7)."""

    READER = "reader"
    OFFICER = "officer"
    CLERK = "clerk"
    KEEPER = "keeper"
    OPERATOR = "operator"


RoleArgument = Annotated[
    GrantedRole,
    typer.Argument(
        metavar=either("VAI_TRÒ", "ROLE"),
        help=either(
            "reader: xem số liệu; officer: xem cả từng sự kiện; clerk: gửi sự kiện; keeper: cấp quyền; "
            "operator: vận hành.",
            "reader: figures; officer: single events too; clerk: sends events; keeper: grants; operator: runs it.",
        ),
    ),
]


@app.says(
    "Cấp cho một tài khoản một vai trò tại đơn vị và mọi đơn vị bên dưới.\n\n"
    "Mã thoát 1 khi chưa có hiệu lực (bộ tổng hợp đứng yên).",
    "Grant an account a role over a unit and everything below it.\n\n"
    "Exit code 1 where it has not taken effect yet (the projector stands still).",
)
def grant(
    account: Account,
    role: RoleArgument,
    unit: Unit,
    *,
    until: Annotated[str | None, day_option("Đến hết ngày,", "The last day on which it holds,", "--until")] = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Grant a role."""
    from services.cli.access import AskedService

    body = {"account": account, "role": role.value} | ({} if until is None else {"until": until})
    _order(AskedService(api, data_dir, token_file), format_, "POST", "units", unit, "grants", body=body)


@app.says(
    "Thu hồi một vai trò của một tài khoản tại đơn vị.\n\nMã thoát 1 khi chưa có hiệu lực (bộ tổng hợp đứng yên).",
    "Take a role over a unit back from an account.\n\n"
    "Exit code 1 where it has not taken effect yet (the projector stands still).",
)
def revoke(
    account: Account,
    role: RoleArgument,
    unit: Unit,
    *,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """Revoke a role."""
    from services.cli.access import AskedService

    service = AskedService(api, data_dir, token_file)
    _order(service, format_, "DELETE", "units", unit, "grants", account, role.value)


@app.says("Ai có vai trò nào tại chính đơn vị.", "Who has which role over a unit itself.")
def grants(
    unit: Unit,
    *,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    token_file: TokenFile = None,
    data_dir: DataDir = DATA,
) -> None:
    """List grants."""
    from services.cli.access import AskedService
    from services.cli.views import grants

    AskedService(api, data_dir, token_file).show(format_, grants.grants, "GET", "units", unit, "grants")


def _order(service: "AskedService", format_: Plain, method: str, *path: str, body: object = None) -> None:
    """Order it, say what became of it, and end with 1 where it has not taken effect."""
    from services.cli.asking import write
    from services.cli.views import grants

    answered = service.ask(method, *path, body=body)
    write(format_, lambda answer: grants.ordered(answer, revoked=method == "DELETE"), service.address, answered)
    if not answered[1].get("in_effect"):
        raise typer.Exit(1)
