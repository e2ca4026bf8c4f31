"""All screens found and given to an app, and the files that they load."""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib import import_module
from inspect import isawaitable
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from projections.answers.access.needs import Need
from services.needs import needs
from services.pages import assets, screens
from services.pages.asking import CameBack, refusal_of
from services.pages.page import Page, Screen, refusal_page, served

V1: Final = "/v1/"
HTML: Final = "text/html"
FOR_EVER: Final = "public, max-age=31536000, immutable"


def mount(app: FastAPI) -> None:
    """Add the routes of all screens. Each module in `screens` has SCREENS: paths, and what draws a page there.

    A path may begin with a method and a blank (`POST /nhap`); else it is for GET. What else draws a page for a person
    finds in `app.state` where the style sheet and the icon are.
    """
    app.state.style, app.state.icon = assets.address(assets.STYLE), assets.address(assets.ICON)
    for found in pkgutil.iter_modules(screens.__path__):
        module = import_module(f"{screens.__name__}.{found.name}")
        shown: dict[str, Screen] = getattr(module, "SCREENS", {})
        for where, screen in shown.items():
            method, _, path = where.rpartition(" ")
            app.router.add_route(path, served(screen), [method or "GET"], include_in_schema=False)
    app.router.add_route(f"{assets.PATH}/{{name}}", _asset, ["GET"], include_in_schema=False)
    app.router.add_route("/favicon.ico", _icon, ["GET"], include_in_schema=False)
    for kind, handler in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = _in_words(handler)


def _in_words(handler: Callable[..., Any]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Let what is refused outside a screen be a page too, where a browser asks for one and not for a part of `/v1`."""

    async def handled(request: Request, error: Exception) -> Response:
        answer = handler(request, error)
        response: Response = await answer if isawaitable(answer) else answer
        accepted = request.headers.get("accept", "")
        if request.url.path.startswith(V1) or HTML not in accepted or response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        refused = refusal_of(CameBack(response.status_code, response.headers, bytes(response.body)))
        return refusal_page(Page(request), refused)

    return handled


@needs(Need.OPEN)  # the same for everybody
async def _asset(request: Request) -> Response:
    asset = assets.assets().get(request.path_params["name"])
    if asset is None:
        return await served(_no_asset)(request)
    headers = {"cache-control": FOR_EVER, "vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.compressed, 200, {**headers, "content-encoding": "gzip"}, asset.media_type)
    return Response(asset.body, 200, headers, asset.media_type)


@needs(Need.OPEN)  # a browser asks for it where a page names none
async def _icon(_: Request) -> Response:
    return RedirectResponse(assets.address("icon.svg"), HTTPStatus.FOUND)


async def _no_asset(page: Page) -> Response:
    return Response(page.gettext("Không có tệp này."), 404, media_type="text/plain; charset=utf-8")
