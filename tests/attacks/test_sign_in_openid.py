"""Attacks on the sign-in at an issuer: forged ID tokens, answers that were begun elsewhere, an issuer that lies.

What comes from the real issuer is tampered with on the wire; all else of it stays as it is.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from services.access.openid import Issuer
from tests.integration.access.issuer import CLIENT, LAN, consents, issuer, known_to
from tests.integration.access.world import World, world_of

ITS_KEY = ECKey.generate_key("P-256", {"kid": "its"})
"""A key that the issuer names as its own, so that all but what is forged holds."""
STRANGE_KEY = ECKey.generate_key("P-256", {"kid": "its"})
Claims = dict[str, Any]


class OnTheWire(httpx.AsyncBaseTransport):
    """Hands everything on to the real issuer, and puts other ID tokens in the place of its own."""

    def __init__(self, forge: Callable[[Claims], str]) -> None:
        self._forge = forge
        self._real = httpx.AsyncHTTPTransport()
        self.verifiers: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._real.handle_async_request(request)
        await response.aread()
        found = json.loads(response.content)
        if request.url.path == "/jwks":
            found["keys"].append(ITS_KEY.as_dict(private=False))
        if "id_token" in found:
            self.verifiers += parse_qs(request.content.decode())["code_verifier"]
            claims = json.loads(_decoded(found["id_token"].split(".")[1]))
            found["id_token"] = self._forge(claims)
        return httpx.Response(response.status_code, json=found)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed(claims: Claims, key: ECKey = ITS_KEY, **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": "its", **header}, claims, key)


def with_shared_secret(claims: Claims) -> str:
    """Sign with the public key as if it were a secret (the confusion of ES256 with HS256)."""
    signing = f"{_encoded({'alg': 'HS256', 'kid': 'its'})}.{_encoded(claims)}"
    signature = hmac.digest(ITS_KEY.as_pem(private=False), signing.encode(), "sha256")
    return f"{signing}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def without(name: str) -> Callable[[Claims], str]:
    return lambda claims: signed({key: value for key, value in claims.items() if key != name})


FORGED: dict[str, Callable[[Claims], str]] = {
    "alg none": lambda claims: f"{_encoded({'alg': 'none'})}.{_encoded(claims)}.",
    "alg none, with the key's id": lambda claims: f"{_encoded({'alg': 'none', 'kid': 'its'})}.{_encoded(claims)}.x",
    "a shared secret": with_shared_secret,
    "another's key": lambda claims: signed(claims, STRANGE_KEY),
    "a key in the token itself": lambda claims: signed(claims, STRANGE_KEY, jwk=STRANGE_KEY.as_dict(private=False)),
    "no signature": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "claims changed after it was signed": lambda claims: ".".join(
        (signed(claims).split(".")[0], _encoded({**claims, "sub": "u-admin"}), signed(claims).split(".")[2])
    ),
    "another issuer": lambda claims: signed({**claims, "iss": "https://evil.example.org"}),
    "another audience": lambda claims: signed({**claims, "aud": "another"}),
    "several audiences": lambda claims: signed({**claims, "aud": [CLIENT, "another"]}),
    "authorised for another": lambda claims: signed({**claims, "azp": "another"}),
    "expired": lambda claims: signed({**claims, "exp": int(time.time()) - 3600}),
    "of tomorrow": lambda claims: signed({**claims, "iat": int(time.time()) + 86400, "nbf": int(time.time()) + 86400}),
    "another nonce": lambda claims: signed({**claims, "nonce": "another"}),
    "no nonce": without("nonce"),
    "no end": without("exp"),
    "no audience": without("aud"),
    "no issuer": without("iss"),
    "no subject": without("sub"),
    "a subject that is no text": lambda claims: signed({**claims, "sub": ["u-lan"]}),
    "nothing": lambda _: "",
    "no token": lambda _: "x.y.z",
}


@pytest.fixture(scope="module")
def at() -> Iterator[str]:
    with issuer() as address:
        yield address


@pytest.fixture
async def world(database: str, at: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(database, **known_to(at, tmp_path)) as made:
        await made.account(signs_in="oidc")
        yield made


def tampered(monkeypatch: pytest.MonkeyPatch, forge: Callable[[Claims], str]) -> OnTheWire:
    wire = OnTheWire(forge)
    monkeypatch.setattr(Issuer, "_client", lambda _: httpx.AsyncClient(transport=wire))
    return wire


async def test_what_the_issuer_did_not_sign_for_this_sign_in_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, (forged, forge) in enumerate(FORGED.items()):
        tampered(monkeypatch, forge)
        async with world.browser(f"6.6.6.{n}") as browser:
            sent = await browser.get("/sign-in/oidc")
            refused = await browser.get(await consents(sent.headers["location"], LAN))
            assert refused.status_code == 401, forged
            assert (await browser.get("/v1/me")).status_code == 401, forged
    assert len(await world.told("sign_in_refused")) == len(FORGED)
    assert not await world.told("signed_in")


async def test_the_same_way_leads_in_where_nothing_is_forged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = tampered(monkeypatch, signed)
    async with world.browser() as browser:
        sent = await browser.get("/sign-in/oidc")
        assert (await browser.get(await consents(sent.headers["location"], LAN))).status_code == 303
        assert (await browser.get("/v1/me")).status_code == 200
    (verifier,) = wire.verifiers
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert verifier not in sent.headers["location"]
    assert len(asked["code_challenge"][0]) == 43


async def test_an_expired_token_of_the_real_issuer_is_refused(database: str, tmp_path: Path) -> None:
    with issuer(lasts=-3600) as late:
        async with world_of(database, **known_to(late, tmp_path)) as world, world.browser() as browser:
            await world.account(signs_in="oidc")
            sent = await browser.get("/sign-in/oidc")
            assert (await browser.get(await consents(sent.headers["location"], LAN))).status_code == 401


async def test_an_answer_counts_in_the_browser_that_began_it_and_once(world: World) -> None:
    async with world.browser() as browser, world.browser() as another:
        back = await consents((await browser.get("/sign-in/oidc")).headers["location"], LAN)
        assert (await another.get(back)).status_code == 401, "not begun there"
        await another.get("/sign-in/oidc")
        assert (await another.get(back)).status_code == 401, "another state"
        parts = urlsplit(back)
        for query in (
            "code=x&state=x",
            parts.query.replace("code=", "code=x"),
            parts.query + "&iss=https://evil.example.org",
            "error=access_denied&" + parts.query,
            "",
        ):
            async with world.browser() as third:
                await third.get("/sign-in/oidc")
                assert (await third.get(f"{parts.path}?{query}")).status_code == 401, query
        assert (await browser.get(back)).status_code == 303
        assert (await browser.get(back)).status_code == 401, "a code is for once"


async def test_an_issuer_that_calls_itself_otherwise_is_not_the_one(database: str, at: str, tmp_path: Path) -> None:
    async with world_of(database, **known_to(f"{at}/", tmp_path)) as world, world.browser() as browser:
        assert (await browser.get("/sign-in/oidc")).status_code == 503


async def test_nobody_fills_the_audit_log_with_refusals(world: World) -> None:
    async with world.browser("6.6.6.6") as browser:
        for n in range(20):
            assert (await browser.get(f"/sign-in/oidc/callback?code={n}&state={n}")).status_code == 401
            assert (
                await browser.get("/v1/me", headers={"authorization": f"Bearer tonghop_{'a' * 43}"})
            ).status_code == 401
    assert len(await world.told("sign_in_refused", "refused")) == 1
