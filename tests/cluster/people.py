"""Who asks and sends over HTTP: clients of every API with the token of the first account, and browsers in sessions."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from http.cookiejar import CookieJar
from typing import Any, Final

import httpx

from tests.cluster.marks import CLOCK
from tests.integration.access.world import PHRASE, fill_in, ok
from tests.oracle.telling import ROOT

WITHIN: Final = 60.0
CONNECT: Final = 2.0
ANSWER: Final = 10.0


class People:
    """Makes clients that are closed together; every list of clients is in the order of the APIs."""

    def __init__(self, stack: AsyncExitStack, apis: Sequence[str], token: str, verify: ssl.SSLContext | bool) -> None:
        self._stack = stack
        self._apis = apis
        self._verify = verify
        self.token = {"authorization": f"Bearer {token}"}

    async def machine(self) -> list[httpx.AsyncClient]:
        """Give a client of each API that shows the token of `admin`."""
        return [await self._client(api, headers=self.token) for api in self._apis]

    async def browser(self, name: str) -> list[httpx.AsyncClient]:
        """Give one browser, as a client of each API with the same cookies, signed in as an account that reads all."""
        admin = (await self.machine())[0]
        made = await ok(admin.post("/v1/accounts", json={"name": name, "signs_in": "local"}), 201)
        role = {"account": made["account"], "role": "reader"}
        await ok(admin.post(f"/v1/units/{ROOT}/grants", json=role), 200, 201, 202)
        invited = await ok(admin.post(f"/v1/accounts/{made['account']}/invitation"), 201)
        jar = CookieJar()
        browsers = [await self._client(api, headers={"origin": api}, cookies=jar) for api in self._apis]
        path = "/invitation/" + invited["url"].rpartition("/")[2]
        answer = await fill_in(browsers[0], path, password=PHRASE, again=PHRASE)
        assert answer.status_code == 303, answer.text
        for browser in browsers:
            await _until_it_may(browser)
        return browsers

    async def _client(self, api: str, **how: Any) -> httpx.AsyncClient:
        timeout = httpx.Timeout(ANSWER, connect=CONNECT)
        client = httpx.AsyncClient(base_url=api, timeout=timeout, verify=self._verify, **how)
        return await self._stack.enter_async_context(client)


async def _until_it_may(browser: httpx.AsyncClient) -> None:
    until = CLOCK() + WITHIN
    while (answer := await browser.get(f"/v1/units/{ROOT}/report")).status_code != 200:
        assert CLOCK() < until, f"{answer.request.url}: {answer.status_code} {answer.text}"
        await asyncio.sleep(0.2)
