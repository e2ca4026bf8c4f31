"""Show accounts, tokens and the audit log."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.screen import Column, Sheet, shown, whole
from services.cli.views.shared import paged
from services.cli.words import moment
from services.language import either


def accounts(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out accounts by their sign-in names."""
    return paged(_sheet(answer["accounts"]), answer, len(answer["accounts"]))


def account(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out one account."""
    return _sheet([answer])


def _sheet(found: list[Mapping[str, Any]]) -> Sheet:
    sheet = Sheet(
        either("Tên đăng nhập", "Sign-in name"),
        Column(either("Tài khoản", "Account")),
        Column(either("Đăng nhập bằng", "Signs in by")),
        Column(either("Tình trạng", "State")),
    )
    for each in found:
        sheet.add(shown(each["name"]), each["account"], each["signs_in"], _state(each))
    return sheet


def _state(each: Mapping[str, Any]) -> str:
    if each["disabled_at"]:
        return either(f"bị khóa từ {moment(each['disabled_at'])}", f"disabled since {moment(each['disabled_at'])}")
    if each["signs_in"] == "local" and not each["password_set"]:
        return either("chưa đặt mật khẩu", "no password yet")
    return either("đang dùng", "in use")


def invitation(answer: Mapping[str, Any]) -> RenderableType:
    """Write the address that is handed to whoever is invited."""
    ends = moment(answer["expires_at"])
    told = either(f"Dùng một lần, đến {ends}; hãy trao riêng:", f"For once, until {ends}; hand it over in person:")
    return Group(Text(told), whole(answer["url"]))


def tokens(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out tokens, the newest first."""
    sheet = Sheet(
        either("Token", "Token"),
        Column(either("Tên", "Name"), words=True),
        Column(either("Vai trò", "Roles"), words=True),
        Column(either("Đến", "Until")),
        Column(either("Dùng lần cuối", "Last used")),
        Column(either("Tình trạng", "State")),
    )
    for each in answer["tokens"]:
        roles = either("mọi vai trò của tài khoản", "all of its account")
        if each["roles"] is not None:
            roles = "\n".join(f"{role['role']}@{role['unit']}" for role in each["roles"])
        state = either("đã thu hồi", "revoked") if each["revoked_at"] else ""
        sheet.add(each["token"], shown(each["name"]), roles, _when(each["expires_at"]), _when(each["used_at"]), state)
    return sheet


def token_made(answer: Mapping[str, Any]) -> RenderableType:
    """Write a new token with its secret."""
    told = either("Chỉ hiện một lần; hãy cất như mật khẩu:", "Shown once; keep it like a password:")
    return Group(tokens({"tokens": [answer["token"]]}), Text(told), whole(answer["secret"]))


def audit(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out entries of the audit log, the newest first."""
    sheet = Sheet(
        either("Lúc", "When"),
        Column(either("Ai", "Who")),
        Column(either("Việc", "What")),
        Column(either("Đơn vị", "Unit")),
        Column(either("Từ", "From")),
        Column(either("Chi tiết", "Detail"), words=True),
    )
    for each in answer["entries"]:
        who = f"{each['account'] or '?'} ({each['key'] or each['means'] or '-'})"
        detail = ", ".join(f"{name}: {shown(value)}" for name, value in each["detail"].items() if value is not None)
        sheet.add(_when(each["at"]), who, each["what"], each["unit"] or "", each["came_from"] or "", detail)
    return paged(sheet, answer, len(answer["entries"]))


def _when(said: str | None) -> str:
    return "" if said is None else moment(said)
