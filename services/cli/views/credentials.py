"""The register of credentials on a terminal."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.table import Table

from projections.answers.words.vietnamese_format import VIETNAM
from services.bus_accounts import UNIT, below_name
from services.bus_credentials.register import Issued
from services.cli.screen import console
from services.language import either


def show(found: Sequence[Issued], *, as_json: bool, now: int) -> None:
    """Print who was given a credential, in the order of issue."""
    if as_json:
        typer.echo(json.dumps([_plain(one, now) for one in found], ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo(either("Chưa cấp thẻ nào.", "None was issued."))
        return
    table = Table(box=None, pad_edge=False)
    for vietnamese, english in (
        ("Thẻ của", "Whose"),
        ("Cấp ngày", "Issued"),
        ("Đến hết", "Until"),
        ("Tình trạng", "State"),
        ("Do", "By"),
        ("Khóa", "Key"),
    ):
        table.add_column(either(vietnamese, english))
    for one in found:
        plain = _plain(one, now)
        whose = one.name + _KINDS[plain["kind"]]
        table.add_row(whose, _day(one.at), one.until or "–", _STATES[plain["state"]], plain["by"], one.key)
    console().print(table, crop=False)


_KINDS = {
    "unit": "",
    "below": either(" (trạm)", " (leaf)"),
    "service": either(" (dịch vụ)", " (service)"),
}
_STATES = {
    "stands": either("dùng được", "stands"),
    "expired": either("hết hạn", "expired"),
    "revoked": either("đã thu hồi", "revoked"),
}


def _plain(one: Issued, now: int) -> dict[str, Any]:
    state = "revoked" if one.revoked_at is not None else "stands" if one.stands(now) else "expired"
    return {
        "name": one.name,
        "service": (kind := _kind(one)) == "service",
        "kind": kind,
        "key": one.key,
        "issued": _time(one.at),
        "until": one.until,
        "state": state,
        "revoked": None if one.revoked_at is None else _time(one.revoked_at),
        "by": one.revoked_by if one.revoked_at is not None else one.by,
    }


def _kind(one: Issued) -> str:
    return "unit" if one.user == UNIT else "below" if one.user == below_name(one.name) else "service"


def _time(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, VIETNAM).isoformat()


def _day(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, VIETNAM).date().isoformat()
