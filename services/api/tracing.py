"""One trace a request, in everything that is logged of it: the asker's own (W3C `traceparent`), or a new one.

Where tracing is on, a request is a span of that trace too; what it is asked for, and by whom, is not told.
"""

from __future__ import annotations

import secrets
from http import HTTPMethod
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from services.tracing import spans
from services.tracing.context import Context, of_request
from services.tracing.spans import WorkSpan

_METHODS: Final = frozenset(HTTPMethod)
_OTHER: Final = "_OTHER"
_SERVERS_FAULT: Final = 500


class Traced:
    """ASGI middleware that binds `trace` for the rest of the request's task, what its server logs of it included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        clear_contextvars()
        asker = of_request(scope["headers"])
        if spans.on():
            await self._told(asker, scope, receive, send)
            return
        bind_contextvars(trace=_new_trace() if asker is None else asker.trace)
        await self._app(scope, receive, send)

    async def _told(self, asker: Context | None, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        within = spans.within()  # a page's own question, in this process
        with spans.span(method, "server", {"http.request.method": method}, None if within else asker) as told:
            bind_contextvars(trace=told.trace or _new_trace())
            if not told.told:
                await self._app(scope, receive, send)
                return

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _note_status(told, message["status"])
                await send(message)

            try:
                await self._app(scope, receive, sent)
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:  # by its pattern: what stands in the address is not told
                    told.note({"http.route": route}, name=f"{method} {route}")


def _note_status(told: WorkSpan, status: int) -> None:
    told.note({"http.response.status_code": status})
    if status >= _SERVERS_FAULT:
        told.failed()


def _new_trace() -> str:
    return secrets.token_hex(16)
