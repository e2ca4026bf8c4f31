"""Readers in sessions, whose browsers keep what they have seen, and the app that they ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx
from fastapi import FastAPI
from starlette.requests import Request

from services.access.asker import ADMIN, Asker
from services.api.app import create_app
from services.api.remembering import Remembering, several_servers
from services.settings import Settings
from tests.integration.test_api import NOWHERE, REPORT

COOKIE: Final = "tonghop-position"


async def by_session(request: Request) -> Asker:
    """Believe who says which session his is; who says nothing has a token."""
    session = request.headers.get("x-session")
    return Asker(ADMIN, "token", "t-1") if session is None else Asker(ADMIN, "session", session)


class Readers:
    """The app, and the browsers that ask it."""

    def __init__(self, app: FastAPI, stack: AsyncExitStack) -> None:
        self.app = app
        self._stack = stack

    async def browser(self, session: str | None, cookie: str | None = None, client: str = "127.0.0.1") -> Browser:
        """Open a browser in a session, or a program with a token; ``client`` is from where it asks."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(client, 1))
        headers = {} if session is None else {"x-session": session}
        opened = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers, timeout=60)
        return Browser(await self._stack.enter_async_context(opened), cookie)


class Browser:
    """It keeps the one cookie, as browsers do."""

    def __init__(self, client: httpx.AsyncClient, cookie: str | None) -> None:
        self._client = client
        self.cookie = cookie

    async def get(self, path: str = REPORT, **parameters: Any) -> httpx.Response:
        """Ask, with what is kept, and keep what is given."""
        headers = {} if self.cookie is None else {"cookie": f"{COOKIE}={self.cookie}".encode("latin-1")}
        answer = await self._client.get(path, params=httpx.URL(path).params.merge(parameters), headers=headers)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            if name == COOKIE:
                self.cookie = rest.partition(";")[0]
        self._client.cookies.clear()
        return answer

    async def position(self, path: str = REPORT, **parameters: Any) -> int:
        """Ask for figures, and return the position that they are of."""
        answer = await self.get(path, **parameters)
        assert answer.status_code == httpx.codes.OK, answer.text
        return int(answer.json()["position"])

    @property
    def kept(self) -> int:
        """The position that it keeps."""
        assert self.cookie is not None
        return int(self.cookie.partition(".")[2])


@asynccontextmanager
async def readers(database: str, nats_url: str = NOWHERE) -> AsyncIterator[Readers]:
    """Serve an app that takes everybody's word for his session."""
    app = create_app(Settings(database_url=database, nats_url=nats_url), admit=by_session)
    if not several_servers(database):
        app.add_middleware(Remembering)  # as if there were others
    async with app.router.lifespan_context(app), AsyncExitStack() as stack:
        yield Readers(app, stack)
