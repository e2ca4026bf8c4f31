"""Show who has which role over a unit, and what became of an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from services.cli.screen import Column, Sheet, shown
from services.language import either


def grants(answer: Mapping[str, Any]) -> RenderableType:
    """Lay out the grants over a unit itself."""
    unit = shown(answer["unit"]["name"])
    if not answer["grants"]:
        return Text(either(f"Không ai có vai trò tại chính {unit}.", f"Nobody has a role over {unit} itself."))
    sheet = Sheet(
        either("Tài khoản", "Account"),
        Column(either("Tên đăng nhập", "Sign-in name"), words=True),
        Column(either("Vai trò", "Role")),
        Column(either("Đến hết", "Until")),
    )
    for each in answer["grants"]:
        sheet.add(each["account"], shown(each["name"] or "–"), each["role"], each["until"] or "–")
    return sheet


def ordered(answer: Mapping[str, Any], *, revoked: bool) -> RenderableType:
    """Say what was ordered, and whether it has taken effect."""
    account, role, unit = answer["account"], answer["role"], shown(answer["unit"]["name"])
    if revoked:
        said = either(f"Thu hồi {role} tại {unit} của {account}", f"{role} over {unit} taken back from {account}")
    else:
        until = "" if answer["until"] is None else either(f" đến hết {answer['until']}", f" until {answer['until']}")
        said = either(f"Cấp {role} tại {unit} cho {account}{until}", f"{role} over {unit} granted to {account}{until}")
    at = either(f"vị trí {answer['position']}", f"position {answer['position']}")
    if answer["in_effect"]:
        return Text(either(f"{said}: đã có hiệu lực ({at}).", f"{said}: it has taken effect ({at})."))
    why = answer["behind"]["detail"] if answer["behind"] else either("bộ tổng hợp chưa đọc tới", "it is not read yet")
    return Text(
        either(
            f"{said}: đã ghi vào nhật ký ({at}), CHƯA có hiệu lực: {why}.",
            f"{said}: it is in the log ({at}) and has NOT taken effect yet: {why}.",
        )
    )
