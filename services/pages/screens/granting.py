"""Who may see and say what: grants at a unit, and the accounts that a keeper administers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec
from starlette.responses import Response

from projections.answers.access.keeping import BELOW_TOO, GRANTED
from projections.answers.access.needs import KEEPER
from projections.answers.report.report_answers import FoundUnit, Said, UnitDay, UnitPage
from services.access.access_answers import AccountPage, Invitation
from services.access.accounts import Account
from services.access.grant_answers import GrantList, GrantOrdered, NewGrant
from services.pages.asking import ProblemSaid, RefusedPage, address_of, ask, path_of
from services.pages.form_fields import Fields, changed, fields_of, mended
from services.pages.me import GRANTING, WhoAsks
from services.pages.page import Page
from services.pages.unit_page import of_unit

HERE: Final = "/quyen"
SHOWN: Final = 50
"""Accounts of a page."""
FOUND: Final = 20
"""Units that a search for one shows, or that are kept and shown by their names."""
LONGEST_POSITION: Final = 18
"""Digits."""
OWN: Final = frozenset({"admin", "demo"})
"""The service's own accounts, which nobody disables or invites."""


class AtUnit(NamedTuple):
    """A unit, the grants over it, and the roles that are offered there."""

    unit: UnitDay
    grants: GrantList
    offered: list[str]


class Ordered(NamedTuple):
    """An order that a keeper gave: its position in the log, and what became of it, where that is known yet."""

    position: int
    said: Said | None

    @property
    def data(self) -> Mapping[str, str]:
        """Return what the order says."""
        return {} if self.said is None else msgspec.json.decode(self.said.event, type=OrderBody).data


class OrderBody(msgspec.Struct, frozen=True):
    """Of an event what an order is shown by."""

    data: dict[str, str]


async def granting(page: Page) -> Response:
    """Show the grants at a unit, and the accounts."""
    return await _drawn(page, page.query)


async def grant(page: Page) -> Response:
    """Grant a role at a unit."""
    fields = await fields_of(page)
    unit = fields.get("unit", "")
    try:
        wanted = NewGrant(fields.get("account", ""), fields.get("role", ""), fields.day(page, "until"))
        answered = await changed(page, "POST", path_of("units", unit, "grants"), wanted)
    except RefusedPage as refused:
        return await _drawn(page, fields, wrong_grant=mended(page, refused))
    return _after(page, answered)


async def revoke(page: Page) -> Response:
    """Revoke a role at a unit."""
    fields = await fields_of(page)
    account, role = fields.get("account", ""), fields.get("role", "")
    path = path_of("units", fields.get("unit", ""), "grants", account, role)
    try:
        answered = await changed(page, "DELETE", path)
    except RefusedPage as refused:
        return await _drawn(page, fields, wrong_grant=mended(page, refused))
    return _after(page, answered)


async def add_account(page: Page) -> Response:
    """Make an account, and invite it where it has a password of its own."""
    fields = await fields_of(page)
    kind = fields.get("signs_in", "local")
    wanted = {"name": fields.get("name", ""), "signs_in": kind}
    try:
        made = msgspec.json.decode(await changed(page, "POST", path_of("accounts"), wanted), type=Account)
    except RefusedPage as refused:
        return await _drawn(page, fields, wrong_account=mended(page, refused))
    return await _invited(page, fields, made.account) if kind == "local" else _back(page, fields)


async def invite(page: Page) -> Response:
    """Invite an account; an earlier invitation of it is over."""
    fields = await fields_of(page)
    return await _invited(page, fields, fields.get("account", ""))


async def disable(page: Page) -> Response:
    """Disable an account, at once."""
    return await _turned(page, "disable")


async def enable(page: Page) -> Response:
    """Let an account in again."""
    return await _turned(page, "enable")


async def _invited(page: Page, fields: Fields, account: str) -> Response:
    """Show the address of an invitation: once, and kept by no browser."""
    try:
        answered = await changed(page, "POST", path_of("accounts", account, "invitation"))
    except RefusedPage as refused:
        return await _drawn(page, fields, wrong_account=mended(page, refused))
    invitation = msgspec.json.decode(answered, type=Invitation)
    me, name = await page.asking.one(page.me()), fields.get("name", account)
    return page.draw_once("invited.html", me=me, invitation=invitation, name=name, back=_place(fields))


async def _turned(page: Page, how: str) -> Response:
    fields = await fields_of(page)
    try:
        await changed(page, "POST", path_of("accounts", fields.get("account", ""), how))
    except RefusedPage as refused:
        return await _drawn(page, fields, wrong_account=mended(page, refused))
    return _back(page, fields)


def _place(fields: Fields) -> str:
    return address_of(HERE, {"unit": fields.get("unit") or None, "q": fields.get("q") or None})


def _back(page: Page, fields: Fields) -> Response:
    return page.redirect(f"{_place(fields)}#cac-tai-khoan")


def _after(page: Page, answered: bytes) -> Response:
    """Go on to the grants as they are; there it is asked what became of the order."""
    said = msgspec.json.decode(answered, type=GrantOrdered)
    order = f"{said.publisher}/{said.id}"
    return page.redirect(address_of(HERE, {"unit": said.unit.id, "order": order, "at": said.position}))


async def _drawn(
    page: Page,
    given: Mapping[str, str],
    *,
    wrong_grant: ProblemSaid | None = None,
    wrong_account: ProblemSaid | None = None,
) -> Response:
    q, cursor = given.get("q", ""), given.get("cursor")
    me, accounts = await page.asking.together(
        page.me(), ask(path_of("accounts"), AccountPage, q=q or None, cursor=cursor, limit=SHOWN)
    )
    wrong = wrong_grant or wrong_account
    return page.draw(
        "granting.html",
        200 if wrong is None else wrong.status,
        me=me,
        accounts=accounts,
        names={each.account: each.name for each in accounts.accounts},
        q=q,
        at_unit=await _at_unit(page, me, given),
        kept=await _names(page, me),
        sought=given.get("tim", ""),
        found=await _found(page, given.get("tim", "")),
        ordered=await _ordered(page, given),
        typed=given,
        wrong_grant=wrong_grant,
        wrong_account=wrong_account,
        own=OWN,
    )


async def _at_unit(page: Page, me: WhoAsks, given: Mapping[str, str]) -> AtUnit | None:
    unit = given.get("unit") or me.first(GRANTING)
    if unit is None:
        return None
    day, grants = await page.asking.together(of_unit(unit), ask(path_of("units", unit, "grants"), GrantList))
    kept = {each.unit for each in me.granted if each.role in GRANTING}
    return AtUnit(day, grants, _offered(day, kept))


def _offered(unit: UnitDay, kept: Collection[str]) -> list[str]:
    """Return the roles that may be offered; whether they may be granted is decided by `/v1`."""
    at_the_root = not unit.ancestors and unit.id in kept
    above = at_the_root or any(each.id in kept for each in unit.ancestors)
    return [each for each in GRANTED if each in BELOW_TOO or (above if each == KEEPER else at_the_root)]


async def _names(page: Page, me: WhoAsks) -> list[UnitDay]:
    """Return the units that are kept, as they are named; of many the first."""
    units = dict.fromkeys(each.unit for each in me.granted if each.role in GRANTING)
    return await page.asking.together(*(of_unit(each) for each in list(units)[:FOUND]))


async def _found(page: Page, sought: str) -> list[FoundUnit]:
    if not sought:
        return []
    return (await page.asking.one(ask(path_of("units"), UnitPage, q=sought, limit=FOUND))).units


async def _ordered(page: Page, given: Mapping[str, str]) -> Ordered | None:
    """Ask what became of an order that was just given; nothing is told of it before it has been decided."""
    order, at = given.get("order"), given.get("at", "")
    if not order or not at.isascii() or not at.isdecimal() or len(at) > LONGEST_POSITION:
        return None
    try:
        said = await page.asking.one(ask(path_of("events", *order.split("/", 1)), Said))
    except RefusedPage as refused:
        if refused.said.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return Ordered(int(at), None)
        raise
    return Ordered(int(at), said)


SCREENS: Final = {
    HERE: granting,
    f"POST {HERE}": grant,
    f"POST {HERE}/thu-hoi": revoke,
    f"POST {HERE}/tai-khoan": add_account,
    f"POST {HERE}/moi": invite,
    f"POST {HERE}/khoa": disable,
    f"POST {HERE}/mo": enable,
}
