"""Granting and revoking over HTTP, to the log and back: keepers, what they may, when it takes effect, what is noted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from nats.js.errors import NotFoundError

from services.access import accounts
from services.access.bootstrapping import OWNER
from services.api import routes_grants
from services.api.app import create_app
from services.log.configuration import consumer_config, stream_config
from services.settings import Settings
from tests.attacks.guarded import Guarded, guarded_somewhere
from tests.attacks.publishing import BELOW_B, ROOT, UNITS, A, B, projecting, published
from tests.integration.access.test_commands import on_a_socket
from tests.integration.test_gate import by_name

ADMIN = "admin"
REPORT = "report?from=2023-01-01&to=2023-12-31&by=none"
NOBODY = "a-0000000000000000"


@pytest.fixture(scope="module")
async def bus() -> AsyncIterator[Guarded]:
    with guarded_somewhere(operator=True) as server:
        yield server


class GrantingWorld:
    """The API on a bus with its own users, a projector beside it, and accounts: `K` keeps, `R` reads."""

    def __init__(self, client: httpx.AsyncClient, database: asyncpg.Connection[Any], ids: dict[str, str]) -> None:
        self.client = client
        self.database = database
        self.ids = ids

    async def ask(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Ask as an account, by its short name, or as one with the limits of a token after it."""
        account, *limits = who.split()
        known = {"authorization": " ".join(["Bearer", self.ids.get(account, account), *limits])}
        return await self.client.request(method, f"/v1/units/{path}", headers=known, json=body)

    async def grant(self, who: str, unit: str, account: str, role: str, **more: str) -> httpx.Response:
        body = {"account": self.ids.get(account, account), "role": role, **more}
        return await self.ask(who, "POST", f"{unit}/grants", body)

    async def revoke(self, who: str, unit: str, account: str, role: str) -> httpx.Response:
        return await self.ask(who, "DELETE", f"{unit}/grants/{self.ids.get(account, account)}/{role}")

    async def reads(self, who: str, unit: str) -> bool:
        return (await self.ask(who, "GET", f"{unit}/{REPORT}")).status_code == 200

    async def audited(self) -> list[tuple[str, str, str]]:
        rows = await self.database.fetch(
            "SELECT account, what, unit FROM audit WHERE what = ANY ('{granted,revoked}'::text[]) ORDER BY no"
        )
        return [tuple(row) for row in rows]


def api_settings(bus: Guarded, database: str) -> Settings:
    return Settings(database_url=database, nats_url=bus.url("api"), gateway_nats_url=bus.url("gateway"), root=ROOT)


@asynccontextmanager
async def api(bus: Guarded, database: str, settings: Settings | None = None) -> AsyncIterator[GrantingWorld]:
    """Open the API as it is shipped on this bus, with a gate that knows accounts by their ids."""
    settings = settings or api_settings(bus, database)
    connection = await asyncpg.connect(database)
    ids = {
        name: (await accounts.add(connection, OWNER, name, "local", account=None, came_from=None)).account
        for name in ("K", "R", "R2")
    }
    app = create_app(settings, admit=by_name)
    try:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield GrantingWorld(client, connection, ids)
    finally:
        await connection.close()


@pytest.fixture
async def log(bus: Guarded) -> None:
    """Begin the log anew."""
    async with bus.client("operator") as operator:
        jetstream = operator.jetstream()
        with suppress(NotFoundError):
            await jetstream.delete_stream("PARTY")
        await jetstream.add_stream(stream_config(Settings()))
        await jetstream.add_consumer("PARTY", consumer_config(Settings()))


@pytest.fixture
async def world(bus: Guarded, log: None, database: str) -> AsyncIterator[GrantingWorld]:
    async with projecting(bus.url("projector"), database, units=()), api(bus, database) as opened:
        await published(bus.url("all-units"), UNITS)
        yield opened


async def test_a_colleague_is_let_in_and_out_again(world: GrantingWorld) -> None:
    made = await world.grant(ADMIN, ROOT, "K", "keeper")
    assert made.status_code == 201, made.text
    assert made.json()["in_effect"] is True
    assert (made.json()["publisher"], made.json()["outcome"]) == (ROOT, "applied")
    assert not await world.reads("R", BELOW_B)
    made = await world.grant("K", B, "R", "reader", until="2099-12-31")
    assert made.json()["in_effect"], made.text
    assert await world.reads("R", BELOW_B)
    assert not await world.reads("R", A)
    listed = (await world.ask("K", "GET", f"{B}/grants")).json()
    assert [(one["name"], one["role"], one["until"]) for one in listed["grants"]] == [("R", "reader", "2099-12-31")]
    assert (await world.ask("R", "GET", f"{B}/grants")).status_code == 403
    ended = await world.revoke("K", B, "R", "reader")
    assert (ended.status_code, ended.json()["in_effect"]) == (200, True)
    assert not await world.reads("R", BELOW_B)
    assert (await world.ask("K", "GET", f"{B}/grants")).json()["grants"] == []
    keeper = world.ids["K"]
    assert await world.audited() == [(ADMIN, "granted", ROOT), (keeper, "granted", B), (keeper, "revoked", B)]


async def test_a_keeper_grants_at_its_unit_and_below_and_its_own_role_strictly_below(world: GrantingWorld) -> None:
    await world.grant(ADMIN, B, "K", "keeper")
    for unit, role, status in (
        (B, "reader", 201),
        (BELOW_B, "officer", 201),
        (BELOW_B, "keeper", 201),
        (B, "keeper", 403),
        (B, "operator", 403),
        (ROOT, "reader", 403),
        (A, "clerk", 403),
    ):
        assert (await world.grant("K", unit, "R", role)).status_code == status, (unit, role)
    assert (await world.grant("K", BELOW_B, "R2", "reader")).json()["publisher"] == B
    assert (await world.grant(f"K keeper {BELOW_B}", B, "R2", "reader")).status_code == 403
    assert (await world.grant(f"K reader {ROOT}", B, "R2", "reader")).status_code == 403
    assert (await world.revoke("R", B, "K", "keeper")).status_code == 403
    assert (await world.revoke(ADMIN, B, "K", "keeper")).json()["in_effect"]
    assert (await world.grant("K", B, "R2", "reader")).status_code == 403
    assert (await world.grant(ADMIN, ROOT, "R2", "operator")).status_code == 201
    assert (await world.grant(ADMIN, B, "R2", "operator")).status_code == 403


async def test_what_cannot_be_granted_names_the_field(world: GrantingWorld) -> None:
    for unit, account, role, more, status, parameter in (
        (B, NOBODY, "reader", {}, 422, "account"),
        (B, "nobody", "reader", {}, 422, "account"),
        (B, ADMIN, "reader", {}, 422, "account"),
        (B, "R", "signer", {}, 422, "role"),
        (B, "R", "reader", {"until": "2020-01-01"}, 422, "until"),
        (B, "R", "reader", {"until": "soon"}, 422, "until"),
        (B, "R", "reader", {"why": "so"}, 422, "why"),
        ("nowhere", "R", "reader", {}, 404, None),
    ):
        answer = await world.grant(ADMIN, unit, account, role, **more)
        assert (answer.status_code, answer.json().get("parameter")) == (status, parameter), answer.text
    assert (await world.grant(ADMIN, B, "r", "reader")).json()["account"] == world.ids["R"]  # by its sign-in name
    assert (await world.revoke(ADMIN, B, NOBODY, "reader")).status_code == 200  # of an account that was lost
    assert (await world.revoke(ADMIN, B, "nobody", "reader")).status_code == 404
    assert await world.audited() == [(ADMIN, "granted", B), (ADMIN, "revoked", B)]


async def test_what_has_not_taken_effect_yet_is_said(
    bus: Guarded, log: None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with projecting(bus.url("projector"), database, units=()):
        await published(bus.url("all-units"), UNITS)
    monkeypatch.setattr(routes_grants, "DECIDED_WITHIN", 0.1)
    async with api(bus, database) as world:  # nobody reads the log any more
        ended = await world.revoke(ADMIN, B, "R", "reader")
        assert (ended.status_code, ended.json()["outcome"], ended.json()["in_effect"]) == (200, None, False)
        async with bus.client("reader") as reader:
            message = await reader.jetstream().get_msg("PARTY", ended.json()["position"])
        assert message.subject == f"party.v1.{ROOT}.access.revoked"
        assert json.loads(message.data or b"")["data"] == {"account": world.ids["R"], "role": "reader"}


async def test_an_api_without_a_user_to_publish_as_says_so(bus: Guarded, log: None, database: str) -> None:
    async with projecting(bus.url("projector"), database, units=()):
        await published(bus.url("all-units"), UNITS)
    app_settings = replace(api_settings(bus, database), gateway_nats_url="")
    async with api(bus, database, app_settings) as world:
        answer = await world.grant(ADMIN, B, "R", "reader")
        assert (answer.status_code, answer.json()["reason"]) == (503, "refused_by_bus")
        assert "TONGHOP_GATEWAY_NATS_URL" in answer.json()["detail"]
        assert await world.audited() == []


async def test_without_a_bus_nothing_is_granted_and_nothing_noted(bus: Guarded, log: None, database: str) -> None:
    async with projecting(bus.url("projector"), database, units=()):
        await published(bus.url("all-units"), UNITS)
    async with api(replace(bus, address="127.0.0.1:1"), database) as world:
        answer = await world.grant(ADMIN, B, "R", "reader")
        assert (answer.status_code, answer.json()["reason"]) == (503, "bus_away")
        assert await world.audited() == []


async def test_from_a_terminal_a_colleague_is_let_in_and_out_again(bus: Guarded, log: None, database: str) -> None:
    async with projecting(bus.url("projector"), database, units=()):
        await published(bus.url("all-units"), UNITS)
        async with on_a_socket(api_settings(bus, database)) as terminal:
            tonghop = terminal.tonghop
            admin = (await tonghop("account", "bootstrap")).stdout.strip()
            terminal.environ["TONGHOP_TOKEN"] = admin
            await tonghop("account", "add", "Lan.Nguyen")
            said = (await tonghop("grant", "lan.nguyen", "reader", B, "--until", "31/12/2099")).stdout
            assert "granted to a-" in said
            assert "has taken effect" in said
            listed = (await tonghop("grants", B)).stdout
            assert all(word in listed for word in ("Lan.Nguyen", "reader", "2099-12-31"))
            assert "taken back from a-" in (await tonghop("revoke", "lan.nguyen", "reader", B)).stdout
            assert "Nobody has a role" in (await tonghop("grants", B)).stdout
            assert "signer" in (await tonghop("grant", "lan.nguyen", "signer", B, code=2)).stderr
            await tonghop("grant", "nobody", "reader", B, code=1)
            audited = json.loads((await tonghop("audit", "--format", "json")).stdout)["entries"]
            assert [each["what"] for each in audited if each["unit"] == B] == ["revoked", "granted"]
