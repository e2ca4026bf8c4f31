"""One's own account: who one is, one's roles, sessions and tokens."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from services.access.access_answers import NewToken, SessionList, TokenList, TokenMade
from services.access.tokens import Limit
from services.pages.asking import ProblemSaid, RefusedPage, ask, path_of
from services.pages.form_fields import Fields, changed, ended, fields_of, mended
from services.pages.me import WhoAsks
from services.pages.page import Page
from services.pages.unit_page import of_unit

HERE: Final = "/tai-khoan"
ALL_ROLES: Final = "*"
"""What is ticked for a token that is limited to no role."""
MOST_NAMED: Final = 20
"""Units of roles that are shown by their names; further ones are shown by their ids."""


async def account(page: Page) -> Response:
    """Show who asks, and what is open in that name."""
    return await _drawn(page)


async def end_session(page: Page) -> Response:
    """End one session of one's own."""
    fields = await fields_of(page)
    await ended(page, path_of("sessions", fields.get("session", "")))
    return page.redirect(f"{HERE}#phien")


async def end_others(page: Page) -> Response:
    """End all sessions of one's own but the one that asks."""
    await fields_of(page)
    for each in (await page.asking.one(ask(path_of("sessions"), SessionList))).sessions:
        if not each.current:
            await ended(page, path_of("sessions", each.session))
    return page.redirect(f"{HERE}#phien")


async def make_token(page: Page) -> Response:
    """Make a token, and show its secret: once, and kept by no browser."""
    fields = await fields_of(page)
    try:
        answered = await changed(page, "POST", path_of("tokens"), _wanted(page, fields))
    except RefusedPage as refused:
        return await _drawn(page, fields, mended(page, refused))
    made = msgspec.json.decode(answered, type=TokenMade)
    return page.draw_once("token_made.html", me=await page.asking.one(page.me()), made=made)


async def delete_token(page: Page) -> Response:
    """Delete a token of one's own, and those that were made with it."""
    fields = await fields_of(page)
    await ended(page, path_of("tokens", fields.get("token", "")))
    return page.redirect(f"{HERE}#token")


def _wanted(page: Page, fields: Fields) -> NewToken:
    ticked = fields.every("role")
    if not ticked:
        raise RefusedPage.unfit("role", page.gettext("Hãy chọn token được dùng vào việc gì."))
    limits = [Limit(role, unit) for role, _, unit in (each.partition("@") for each in ticked)]
    everything = ALL_ROLES in ticked
    return NewToken(fields.get("name", ""), None if everything else limits, fields.day(page, "until"))


async def _drawn(page: Page, typed: Fields | None = None, wrong: ProblemSaid | None = None) -> Response:
    me, sessions, tokens = await page.asking.together(
        page.me(), ask(path_of("sessions"), SessionList), ask(path_of("tokens"), TokenList)
    )
    return page.draw(
        "own_account.html",
        200 if wrong is None else wrong.status,
        me=me,
        sessions=sessions.sessions,
        tokens=[each for each in tokens.tokens if each.revoked_at is None],
        names=await _names(page, me),
        typed=Fields([]) if typed is None else typed,
        wrong=wrong,
    )


async def _names(page: Page, me: WhoAsks) -> dict[str, str]:
    """Return the names of the units that the roles are at."""
    named = await page.asking.together(*(of_unit(each) for each in me.units[:MOST_NAMED]))
    return {each.id: each.name for each in named}


SCREENS: Final = {
    HERE: account,
    f"POST {HERE}/phien": end_session,
    f"POST {HERE}/phien-khac": end_others,
    f"POST {HERE}/token": make_token,
    f"POST {HERE}/token/xoa": delete_token,
}
