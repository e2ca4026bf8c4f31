"""The audit log: who did what when, for keepers their part and for operators everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from services.access.access_answers import AccountPage, AuditPage
from services.access.audit import KINDS
from services.pages.asking import RefusedPage, ask, path_of
from services.pages.me import WhoAsks
from services.pages.page import Page

ASKED: Final = ("from", "to", "account", "unit", "what")
MOST_NAMES: Final = 1_000
OF_ACCOUNTS: Final = frozenset({"account", "of", "made_by"})
"""What in an entry is an account's id."""


async def audit_log(page: Page) -> Response:
    """Show entries, the newest first."""
    me = await page.asking.one(page.me())
    names = await _names(page, me)
    asked = {name: page.query.get(name, "").strip() for name in ASKED}
    wanted = {
        **{name: value or None for name, value in asked.items()},
        "from": page.day("from"),
        "to": page.day("to"),
        "account": _account(asked["account"], names) or None,
    }
    found = await page.asking.one(ask(path_of("audit"), AuditPage, **wanted, cursor=page.query.get("cursor")))
    return page.draw(
        "audit_log.html",
        me=me,
        found=found,
        names=names,
        asked=asked,
        kinds=KINDS,
        said=lambda detail: _said(detail, names),
    )


async def _names(page: Page, me: WhoAsks) -> Mapping[str, str]:
    """Return the sign-in names of those whom the asker administers; of all others the log has ids alone."""
    if not me.may_grant:
        return {}
    try:
        known = await page.asking.one(ask(path_of("accounts"), AccountPage, limit=MOST_NAMES))
    except RefusedPage as refused:
        if refused.said.status == HTTPStatus.FORBIDDEN:
            return {}
        raise
    return {each.account: each.name for each in known.accounts}


def _account(asked: str, names: Mapping[str, str]) -> str:
    """Return the id of an account that is asked for by its id or by its name."""
    wanted = asked.casefold()
    return next((account for account, name in names.items() if name.casefold() == wanted), asked)


def _said(detail: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what an entry says more, whom it is about first."""
    said = [(name, _text(name, value, names)) for name, value in detail.items() if value is not None]
    return sorted(said, key=lambda each: (each[0] not in OF_ACCOUNTS, each[0] == "id"))


def _text(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return names.get(value, value) if name in OF_ACCOUNTS else value
    if isinstance(value, list):
        return ", ".join(
            " · ".join(map(str, each.values())) if isinstance(each, dict) else _text(name, each, names)
            for each in value
        )
    return json.dumps(value, ensure_ascii=False)


SCREENS: Final = {"/nhat-ky-truy-cap": audit_log}
