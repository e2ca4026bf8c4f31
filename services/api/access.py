"""Who asks, for a route; and what the routes of accounts share: where it is read and where it is written."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI, Request, Response

from services.access import audit
from services.access.asker import Asker
from services.access.audit import Entry
from services.access.authentication import ForgedRequestError, UnauthenticatedError, asker_of
from services.access.credentials import Credentials
from services.access.guessing import SlowedDownError
from services.access.last_uses import LastUses
from services.access.openid_flow import IssuerAwayError
from services.access.passwords import Passwords, TooBusyError
from services.access.refusals import NotAllowedError, NotThereError, TakenError, UnfitError
from services.api.answering import clients_of
from services.api.problems import Problem, not_found, not_ready
from services.api.retrying import retried
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.settings import Settings

if TYPE_CHECKING:
    from asyncpg import Pool, Record

    from services.access.openid import Issuer

CSRF: Final = "x-csrf-token"
SAFE: Final = frozenset({"GET", "HEAD"})
TOLD: Final = 1_000
"""Refusals of which is remembered that the audit log was told of them lately."""
TOLD_AGAIN_AFTER: Final = 60.0


class AccountsOfApp:
    """Made once an app. `reading` finds out who asks, `writing` is the primary."""

    def __init__(self, settings: Settings, reading: Pool[Record], writing: Pool[Record]) -> None:
        self.settings = settings
        self.reading = reading
        self.writing = writing
        self.uses = LastUses(writing)
        self.passwords = Passwords(settings.password_memory)
        self.issuer = _issuer(settings)
        self.clock: Callable[[], dt.datetime] = partial(dt.datetime.now, dt.UTC)
        """By which guessing is slowed down."""
        self._told: OrderedDict[str, float] = OrderedDict()

    async def close(self) -> None:
        """Write what is still noted, if that can be; try no other password."""
        self.passwords.close()
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
            await self.uses.write()

    async def refused(self, entry: Entry) -> None:
        """Write down that something was refused: the same to the same asker once a minute, however often it comes.

        It is refused whether this can be written or not.
        """
        who = entry.came_from if entry.asker is None else (entry.asker.account, entry.asker.key)
        key = repr((who, entry.unit, entry.detail))
        now = asyncio.get_running_loop().time()
        if now - self._told.get(key, -TOLD_AGAIN_AFTER) < TOLD_AGAIN_AFTER:
            return
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > TOLD:
            self._told.popitem(last=False)
        with suppress(*DATABASE_AWAY, *NOT_MIGRATED):
            await audit.record(self.writing, entry)


def _issuer(settings: Settings) -> Issuer | None:
    """Make the issuer of the settings; what speaks to one takes half a second to import, and few have one."""
    if not settings.oidc_issuer:
        return None
    from services.access.openid import Issuer  # noqa: PLC0415

    return Issuer(settings)


def access_of(request: Request) -> AccountsOfApp:
    """Return what the app that serves the request has for accounts."""
    access: AccountsOfApp = request.app.state.access
    return access


def came_from(request: Request) -> str:
    """Name the address that a request came from, as the audit log has it."""
    return clients_of(request).of(request.scope)


async def asker_of_request(request: Request) -> Asker:
    """Return who asks; found out once a request. Raises what `asker_of` raises."""
    known: Asker | None = getattr(request.state, "asker", None)
    if known is None:
        access = access_of(request)
        known = await retried(lambda: asker_of(access.reading, credentials_of(request), access.uses.note))
        request.state.asker = known
    return known


def credentials_of(request: Request) -> Credentials:
    """Take out of a request what it brings to say who asks."""
    return Credentials(
        authorization=request.headers.get("authorization"),
        session=session_of(request),
        changes=request.method not in SAFE,
        own_page=is_own_page(request),
        form_proof=request.headers.get(CSRF),
    )


def session_of(request: Request) -> str | None:
    """Return the secret of the session that the browser holds; nothing of it is believed yet."""
    return request.cookies.get(cookie_name(request, "session"))


def is_secure(request: Request) -> bool:
    """Tell whether browsers reach this service by TLS, its own or that of a proxy before it."""
    public = access_of(request).settings.public_url
    return public.startswith("https:") if public else request.url.scheme == "https"


def cookie_name(request: Request, what: str) -> str:
    """Name a cookie; with TLS by the prefix that keeps every other host, also one below ours, from setting it."""
    return f"__Host-tonghop-{what}" if is_secure(request) else f"tonghop-{what}"


def set_cookie(request: Request, response: Response, what: str, value: str, *, seconds: int, strict: bool) -> None:
    """Give the browser a cookie that no script reads and no page elsewhere sends along; an empty one is taken away."""
    response.set_cookie(
        cookie_name(request, what),
        value,
        max_age=seconds if value else 0,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict" if strict else "lax",
    )


def is_own_page(request: Request) -> bool:
    """Tell whether what the browser says of the page that made a request names no other than ours."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    ours = f"{'https' if is_secure(request) else 'http'}://{request.headers.get('host', '')}"
    return origin.lower() in {ours.lower(), access_of(request).settings.public_url.lower()}


async def _unauthenticated(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnauthenticatedError)  # noqa: S101 - it is registered for it
    if error.known is not None:
        await access_of(request).refused(_refusal(request, error.known, 401))
    return Problem(401, "Chưa đăng nhập", f"{error}.").response({"www-authenticate": error.challenge})


async def _not_allowed(request: Request, error: Exception) -> Response:
    asker = getattr(request.state, "asker", None)
    await access_of(request).refused(_refusal(request, asker, 403))
    return Problem(403, "Không có quyền", f"{error}.").response()


async def _problem(request: Request, error: Exception) -> Response:
    """Answer a problem; where it is that an account may not do something, the audit log has it."""
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for it
    if error.status == HTTPStatus.FORBIDDEN:
        asker, unit = getattr(request.state, "asker", None), error.members.get("unit")
        await access_of(request).refused(_refusal(request, asker, 403, unit))
    return error.response()


def _refusal(request: Request, asker: Asker | None, status: int, unit: str | None = None) -> Entry:
    # Nobody makes more of them by making up paths: of a request that no route has seen there is none.
    detail = {"status": status, "method": request.method, "path": getattr(request.scope.get("route"), "path", None)}
    return Entry(audit.REFUSED, asker, unit=unit, came_from=came_from(request), detail=detail)


async def _not_there(_: Request, error: Exception) -> Response:
    return not_found(f"{error}.").response()


async def _unfit(_: Request, error: Exception) -> Response:
    assert isinstance(error, UnfitError)  # noqa: S101 - it is registered for it
    return Problem(422, "Tham số không hợp lệ", f"{error.field}: {error}.", parameter=error.field).response()


async def _taken(_: Request, error: Exception) -> Response:
    return Problem(409, "Không làm được", f"{error}.").response()


async def _slowed_down(_: Request, error: Exception) -> Response:
    assert isinstance(error, SlowedDownError)  # noqa: S101 - it is registered for it
    return Problem(429, "Quá nhiều lần thử", f"{error}.", again=error.seconds).response()


async def _too_busy(_: Request, error: Exception) -> Response:
    return not_ready(f"{error}.").response()


def mount(app: FastAPI) -> None:
    """Let what is refused be answered as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(UnauthenticatedError, _unauthenticated)
    app.add_exception_handler(ForgedRequestError, _not_allowed)
    app.add_exception_handler(NotAllowedError, _not_allowed)
    app.add_exception_handler(NotThereError, _not_there)
    app.add_exception_handler(UnfitError, _unfit)
    app.add_exception_handler(TakenError, _taken)
    app.add_exception_handler(SlowedDownError, _slowed_down)
    app.add_exception_handler(TooBusyError, _too_busy)
    app.add_exception_handler(IssuerAwayError, _too_busy)
