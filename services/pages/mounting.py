"""All screens found and given to an app, and the files that they load."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from projections.answers.access.needs import Need
from services.needs import needs
from services.pages import assets, screens
from services.pages.page import Page, Screen, served

FOR_EVER: Final = "public, max-age=31536000, immutable"


def mount(app: FastAPI) -> None:
    """Add the routes of all screens. Each module in `screens` has SCREENS: paths, and what draws a page there.

    A path may begin with a method and a blank (`POST /nhap`); else it is for GET.
    """
    for found in pkgutil.iter_modules(screens.__path__):
        module = import_module(f"{screens.__name__}.{found.name}")
        shown: dict[str, Screen] = getattr(module, "SCREENS", {})
        for where, screen in shown.items():
            method, _, path = where.rpartition(" ")
            app.router.add_route(path, served(screen), [method or "GET"], include_in_schema=False)
    app.router.add_route(f"{assets.PATH}/{{name}}", _asset, ["GET"], include_in_schema=False)


@needs(Need.OPEN)  # the same for everybody
async def _asset(request: Request) -> Response:
    asset = assets.assets().get(request.path_params["name"])
    if asset is None:
        return await served(_no_asset)(request)
    headers = {"cache-control": FOR_EVER, "vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.compressed, 200, {**headers, "content-encoding": "gzip"}, asset.media_type)
    return Response(asset.body, 200, headers, asset.media_type)


async def _no_asset(page: Page) -> Response:
    return Response(page.gettext("Không có tệp này."), 404, media_type="text/plain; charset=utf-8")
