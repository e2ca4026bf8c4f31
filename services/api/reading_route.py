"""Routes that are asked by a path and a model of their query: read by the model at once, not field by field first.

A question that is not taken as it is goes the way of the framework and is refused there: there is one rule and one
text for what is refused. What the OpenAPI document says of a route is the framework's too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin, get_type_hints

from fastapi import APIRouter, Depends, Request, Response, params
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel

from services.api.parameters import only_once

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
_Checks: TypeAlias = tuple[Callable[[str], Any], ...]

REQUEST: Final = "request"


class ReadingRoute(APIRoute):
    """A route whose endpoint takes the request, what stands in its path, and one model of its query."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        usual = super().get_route_handler()
        takes = _takes(self)
        if takes is None:
            return usual
        in_path, name, model = takes
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint

        async def answer(request: Request) -> Response:
            given = request.query_params.multi_items()
            values: dict[str, Any] = {}
            try:
                for each, checks in in_path.items():
                    value = request.path_params[each]
                    for check in checks:
                        value = check(value)
                    values[each] = value
                values[name] = model.model_validate(dict(given))
            except Exception:  # noqa: BLE001 - whatever it is, the usual way says it
                return await usual(request)
            if len(request.query_params) != len(given):  # something is said twice
                return await usual(request)
            return await endpoint(request, **values)

        return answer


def reading_router(prefix: str, tag: str) -> APIRouter:
    """Make the router of a file: each parameter of a query is given once, and a query is read by its model at once."""
    return APIRouter(prefix=prefix, tags=[tag], dependencies=[Depends(only_once)], route_class=ReadingRoute)


def _takes(route: APIRoute) -> tuple[dict[str, _Checks], str, type[BaseModel]] | None:
    """Say what an endpoint takes: checks of each part of its path, and the model of its query; None of any other."""
    if [each.dependency for each in route.dependencies] != [only_once]:
        return None
    hints = get_type_hints(route.endpoint, include_extras=True)
    in_path: dict[str, _Checks] = {}
    query: tuple[str, type[BaseModel]] | None = None
    for name in inspect.signature(route.endpoint).parameters:
        kind, *more = get_args(hints[name]) if get_origin(hints[name]) is Annotated else (hints[name],)
        if name == REQUEST:
            continue
        checks: tuple[Any, ...] = tuple(each.func for each in more if isinstance(each, AfterValidator))
        paths = [each for each in more if isinstance(each, params.Path) and not each.metadata]
        if kind is str and paths and len(checks) + len(paths) == len(more):
            in_path[name] = checks
        elif query is None and isinstance(kind, type) and issubclass(kind, BaseModel) and len(more) == 1:
            query = name, kind
        else:
            return None
    return None if query is None or REQUEST not in hints else (in_path, *query)
