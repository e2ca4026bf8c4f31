"""What each route needs: declared beside it, and looked for when the app is made; a route without one doesn't start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.routing import Mount, compile_path

from projections.answers.access.needs import Need

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_DECLARED: Final = "__need__"

OF_THE_FRAMEWORK: Final[Mapping[str, Need]] = {
    "/openapi.json": Need.ANY_ACCOUNT,
    "/docs": Need.ANY_ACCOUNT,
}
"""The routes that FastAPI makes itself: the description of the API is for those who may ask it."""
STATIC: Final = frozenset({"/docs", "/docs/fastapi"})
"""Folders of files that every page may load: they are the same for everybody and say nothing."""


class UndeclaredNeedError(RuntimeError):
    """A route says nothing of who may have its answers."""


class RouteNeed(NamedTuple):
    """A route and what it needs; ``below``: everything whose path begins with it."""

    path: str
    methods: frozenset[str]
    need: Need
    below: bool = False

    def matches(self, path: str) -> bool:
        """Tell whether a path is one of this route, whatever is asked of it."""
        return path.startswith(f"{self.path}/") if self.below else _pattern(self.path).match(path) is not None


def needs(need: Need) -> Callable[[Endpoint], Endpoint]:
    """Declare what a route needs; it stands under the route's own decorator."""

    def declared(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _DECLARED, need)
        return endpoint

    return declared


def need_of(request: Request) -> Need:
    """Return what the route that a request has come to needs."""
    found = _need(request.scope["endpoint"])
    assert found is not None, "the app does not start with such a route"  # noqa: S101
    return found


def declared(app: FastAPI) -> list[RouteNeed]:
    """Return what all routes of an app need. Raises UndeclaredNeedError where one doesn't say it."""
    return list(_all(app))


def _all(app: FastAPI) -> Iterator[RouteNeed]:
    for route in iter_route_contexts(app.routes):
        path, methods = str(route.path), frozenset(route.methods or ())
        if isinstance(route.original_route, Mount):
            if path not in STATIC:
                raise UndeclaredNeedError(f"{path} is mounted, and nobody says for whom")
            yield RouteNeed(path, frozenset({"GET"}), Need.OPEN, below=True)
            continue
        need = _need(route.endpoint) or OF_THE_FRAMEWORK.get(path)
        if need is None:
            raise UndeclaredNeedError(f"{path}: declare what it needs (services.needs)")
        yield RouteNeed(path, methods, need)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]


def _need(endpoint: object) -> Need | None:
    found = getattr(endpoint, _DECLARED, None)
    return found if isinstance(found, Need) else None
