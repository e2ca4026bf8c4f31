"""One trace a request, in everything that is logged of it: the asker's own (W3C `traceparent`), or a new one."""

from __future__ import annotations

import re
import secrets
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

_TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Traced:
    """ASGI middleware that binds `trace` for the rest of the request's task, what its server logs of it included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            clear_contextvars()
            bind_contextvars(trace=_trace_of(scope))
        await self._app(scope, receive, send)


def _trace_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"traceparent" and (found := _TRACEPARENT.fullmatch(value)):
            return found[1].decode()
    return secrets.token_hex(16)
