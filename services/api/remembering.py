"""The cookie in which a browser keeps what it has seen: read with each request, written where that has grown."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projections.store.address import DatabaseAddress
from services.api.access import access_of, cookie_name, set_cookie
from services.api.seen import SCOPE, SeenByBrowser

COOKIE: Final = "position"


def several_servers(database_url: str) -> bool:
    """Tell whether answers may come from different servers, of which one may be behind."""
    return len(DatabaseAddress.parse(database_url).places) > 1


class Remembering:
    """ASGI: gives each request what its browser has seen, and the browser what it is to keep.

    A page and what it asks of the same app have it in common, and the page's answer carries it. Only where there are
    several servers to read from: browsers throw away pages to go back to when a cookie changes, what was typed too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or SCOPE in scope:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        seen = scope[SCOPE] = SeenByBrowser(lambda: request.cookies.get(cookie_name(request, COOKIE), ""))

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and (kept := seen.to_be_kept()) is not None:
                MutableHeaders(scope=message).append("set-cookie", _written(request, kept))
            await send(message)

        await self._app(scope, receive, sent)


def _written(request: Request, value: str) -> str:
    response = Response()
    seconds = access_of(request).settings.session_hours * 3_600
    set_cookie(request, response, COOKIE, value, seconds=seconds, strict=False)
    return response.headers["set-cookie"]
