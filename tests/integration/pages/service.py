"""A service with pages, over the whole demonstration, and browsers of people who have signed in."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import asyncpg
import httpx
import nats
from fastapi import FastAPI

from services.access import accounts, sessions
from services.access.bootstrapping import OWNER
from services.api.access import asker_of_request
from services.api.app import create_app
from services.demo.scenario import scenario
from services.embedded.postgres import PostgresServer
from services.pages.mounting import mount
from services.settings import Settings
from tests import servers
from tests.attacks.publishing import projecting
from tests.integration.access.world import ORIGIN
from tests.oracle import telling

ROOT: Final = "trung-uong"
PEOPLE: Final[dict[str, dict[str, str]]] = {
    "leader": {"reader": "gia-binh"},
    "officer": {"reader": "bac-ninh", "officer": "bac-ninh"},
    "clerk": {"reader": "gia-binh", "clerk": "gia-binh"},
    "keeper": {"keeper": "bac-ninh"},
    "operator": {"operator": ROOT},
    "nobody": {},
    "everything": dict.fromkeys(("reader", "officer", "clerk", "signer", "keeper", "operator"), ROOT),
}
"""Those who look at pages, by their sign-in names, and the units that their roles are at."""


class Service:
    """The app, and browsers that ask it."""

    def __init__(self, app: FastAPI, settings: Settings, held: dict[str, str]) -> None:
        self.app = app
        self.settings = settings
        self._held = held

    @asynccontextmanager
    async def browser(self, who: str | None = "everything") -> AsyncIterator[httpx.AsyncClient]:
        """Give a browser in which one of PEOPLE has signed in; for None nobody has."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = {"sec-fetch-site": "same-origin", "origin": ORIGIN}
        cookies = {} if who is None else {"tonghop-session": self._held[who]}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, cookies=cookies) as client:
            yield client


@asynccontextmanager
async def demonstration(
    postgres: PostgresServer,
    said: Sequence[dict[str, Any]] | None = None,
    people: Mapping[str, Mapping[str, str]] = PEOPLE,
    **options: Any,
) -> AsyncIterator[Service]:
    """Run the service: its bus, its projector, its pages; all that is said is counted, all roles are given.

    What is said is the demonstration unless it is given; `options` are the app's.
    """
    with servers.short_folder() as folder, servers.running_nats(folder) as bus:
        async with servers.fresh_database(postgres) as database:
            settings = replace(await servers.fresh_party(bus), database_url=database, root=ROOT)
            held = await _signed_in(database, people)
            async with (
                projecting(bus.url, database, ROOT, scenario() if said is None else said),
                await nats.connect(bus.url) as client,
            ):
                given = [await client.jetstream().publish(*each) for each in _grants(people)]
                app = create_app(settings, admit=asker_of_request, pages=mount, **options)
                async with app.router.lifespan_context(app):
                    await app.state.reader.reach(given[-1].seq, 60)
                    yield Service(app, settings, held)


def text_of(page: str) -> str:
    """Return the text of a page as one reads it."""
    body = re.sub(r"<head\b.*?</head>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def _account(name: str) -> str:
    return f"{name:x<16}"


def _grants(people: Mapping[str, Mapping[str, str]]) -> list[telling.Said]:
    return [
        telling.granted(unit, _account(name), role, f"grant-{name}-{role}", by=ROOT)
        for name, roles in people.items()
        for role, unit in roles.items()
    ]


async def _signed_in(database: str, people: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Make the accounts and begin a session of each; return its secret."""
    held = {}
    connection = await asyncpg.connect(database)
    try:
        for name in people:
            made = await accounts.add(connection, OWNER, name, "local", account=f"a-{_account(name)}", came_from=None)
            held[name] = await sessions.begin(
                connection, made.account, by="password", hours=10, came_from="127.0.0.1", instead_of=None
            )
    finally:
        await connection.close()
    return held
