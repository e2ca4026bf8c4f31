"""An API with accounts on a real database, browsers that keep their cookies, machines with tokens."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.access.bootstrapping import bootstrap
from services.api.access import AccountsOfApp, asker_of_request
from services.api.app import create_app
from services.settings import Settings

NOWHERE = "nats://127.0.0.1:1"
PHRASE = "một mật khẩu đủ dài"
ORIGIN = "http://localhost"


class World:
    """An API, its database, and a token of `admin`."""

    def __init__(self, app: FastAPI, pool: asyncpg.Pool, token: str, database: str) -> None:
        self.app = app
        self.database = database
        self.pool = pool
        self.token = token

    @property
    def access(self) -> AccountsOfApp:
        found: AccountsOfApp = self.app.state.access
        return found

    @asynccontextmanager
    async def browser(self, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
        """Give a browser at an address."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}) as client:
            yield client

    @asynccontextmanager
    async def machine(self, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """Give what asks with a token, of `admin` unless given."""
        headers = {"authorization": f"Bearer {token or self.token}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
            yield client

    async def account(self, name: str = "lan.nguyen", signs_in: str = "local") -> str:
        """Make an account."""
        async with self.machine() as admin:
            made = await ok(admin.post("/v1/accounts", json={"name": name, "signs_in": signs_in}), 201)
        return str(made["account"])

    async def invitation(self, account: str) -> str:
        """Invite an account; give the path of the invitation."""
        async with self.machine() as admin:
            made = await ok(admin.post(f"/v1/accounts/{account}/invitation"), 201)
        return str(made["url"]).removeprefix(ORIGIN)

    async def member(self, name: str = "lan.nguyen") -> str:
        """Make an account with PHRASE."""
        account = await self.account(name)
        async with self.browser() as browser:
            answer = await fill_in(browser, await self.invitation(account), password=PHRASE, again=PHRASE)
            assert answer.status_code == 303, answer.text
        return account

    async def told(self, *kinds: str) -> list[dict[str, Any]]:
        """Give what the audit log has of these kinds, the oldest first."""
        async with self.machine() as admin:
            entries = (await ok(admin.get("/v1/audit?limit=1000")))["entries"]
        return [entry for entry in reversed(entries) if entry["what"] in kinds]


async def ok(asked: Any, *statuses: int) -> Any:
    """Wait for an answer with one of these statuses, 200 unless given, and return its body."""
    answer = await asked
    assert answer.status_code in (statuses or (200,)), f"{answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


async def fill_in(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Open a page and send its form as it is, but for these fields."""
    page = await browser.get(path)
    assert page.status_code == 200, page.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    (action,) = re.findall(r'action="([^"]*)"', page.text)
    return await browser.post(action, data={**hidden, **fields})


async def sign_in(
    browser: httpx.AsyncClient, name: str = "lan.nguyen", password: str = PHRASE, path: str = "/sign-in"
) -> httpx.Response:
    return await fill_in(browser, path, name=name, password=password)


@asynccontextmanager
async def world_of(
    database: str, *, owner: str | None = None, pages: Callable[[FastAPI], None] | None = None, **settings: Any
) -> AsyncIterator[World]:
    """Run an API on a database, which `owner` enters as its owner; trying a password costs next to nothing."""
    cheap = Settings(database_url=database, nats_url=NOWHERE, password_memory=1)
    app = create_app(dataclasses.replace(cheap, **settings), admit=asker_of_request, pages=pages)
    async with asyncpg.create_pool(owner or database, min_size=0, max_size=2) as pool, app.router.lifespan_context(app):
        async with pool.acquire() as connection:
            _, token = await bootstrap(connection)
        yield World(app, pool, token, database)


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with world_of(database) as made:
        yield made
