"""The gate before all routes: who asks is known before a route, a parameter or a place in a queue is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from projections.answers.access.needs import Need
from services.access.asker import ANYBODY_HERE, Asker
from services.needs import RouteNeed

Admission: TypeAlias = Callable[[Request], Awaitable[Asker]]
"""Finds out who asks. Raises a 401 Problem where nobody is known by what the request carries."""


async def anybody(_: Request) -> Asker:
    """Take whoever asks for the one account that everybody is, on a service that is open on its machine."""
    return ANYBODY_HERE


class Gate:
    """ASGI, between what answers errors and the routes: all but what is declared open takes an account."""

    def __init__(self, app: ASGIApp, routes: Iterable[RouteNeed], admit: Admission) -> None:
        self._app = app
        routes = list(routes)
        self._open = [route for route in routes if route.need is Need.OPEN]
        self._others = [route for route in routes if route.need is not Need.OPEN]
        self._admit = admit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with who asks; what finds that out raises what the routes may raise."""
        if scope["type"] == "http" and not self._is_open(scope["path"], scope["method"]):
            request = Request(scope)
            request.state.asker = await self._admit(request)
        await self._app(scope, receive, send)

    def _is_open(self, path: str, method: str) -> bool:
        """Tell whether a path is open; what it doesn't take is for the routes to say, where no other route takes it."""
        return any(route.matches(path) for route in self._open) and not any(
            method in route.methods and route.matches(path) for route in self._others
        )


def who_asks(request: Request) -> Asker:
    """Return who asks, as the gate found it."""
    found: Asker = request.state.asker
    return found
