"""Signing in at an issuer of OpenID Connect that others use, over real sockets, into a session of the service's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.settings import Settings, SettingsError
from tests.integration.access.issuer import ANOTHER, consents, issuer, known_to
from tests.integration.access.world import World, fill_in, ok, world_of


@pytest.fixture(scope="module")
def at() -> Iterator[str]:
    with issuer() as address:
        yield address


@pytest.fixture
async def world(database: str, at: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(database, **known_to(at, tmp_path)) as made:
        yield made


async def test_a_person_signs_in_at_the_issuer_and_has_a_session_here(world: World) -> None:
    account = await world.account(signs_in="oidc")
    async with world.browser("10.0.0.9") as browser:
        page = await browser.get("/sign-in?next=/v1/me")
        assert 'href="/sign-in/oidc?next=%2Fv1%2Fme"' in page.text
        sent = await browser.get("/sign-in/oidc?next=/v1/me")
        asked = parse_qs(urlsplit(sent.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) == len(asked["nonce"][0]) == len(asked["code_challenge"][0]) == 43
        begun = await browser.get(await consents(sent.headers["location"]))
        assert (begun.status_code, begun.headers["location"]) == (303, "/v1/me")
        me = await ok(browser.get("/v1/me"))
        assert (me["account"], me["came_by"]) == (account, "session")
        assert not [each for each in browser.cookies.jar if "issuer" in each.name], "nothing is left of the way"
    (entry,) = await world.told("signed_in")
    assert (entry["account"], entry["detail"], entry["came_from"]) == (account, {"by": "oidc"}, "10.0.0.9")


async def test_who_has_no_account_here_does_not_come_in(world: World) -> None:
    await world.account("another", signs_in="local")  # a name alone is not enough
    async with world.browser() as browser:
        for _ in range(2):
            sent = await browser.get("/sign-in/oidc")
            refused = await browser.get(await consents(sent.headers["location"], ANOTHER))
            assert refused.status_code == 403
        assert (await browser.get("/v1/me")).status_code == 401
    assert [entry["detail"]["why"] for entry in await world.told("sign_in_refused")] == ["no account"] * 2


async def test_an_account_stays_with_the_person_who_had_it_first(world: World) -> None:
    """A sign-in name that the issuer gives to another does not give him the account."""
    account = await world.account(signs_in="oidc")
    async with world.browser() as browser:
        await browser.get(await consents((await browser.get("/sign-in/oidc")).headers["location"]))
        await world.pool.execute("UPDATE account SET subject = 'u-before' WHERE id = $1", account)
        again = await browser.get(await consents((await browser.get("/sign-in/oidc")).headers["location"]))
        assert again.status_code == 403
        async with world.machine() as admin:
            await ok(admin.post(f"/v1/accounts/{account}/disable"))
            refused = await browser.get(await consents((await browser.get("/sign-in/oidc")).headers["location"]))
            assert refused.status_code == 403
            await ok(admin.post(f"/v1/accounts/{account}/enable"))
        anew = await browser.get(await consents((await browser.get("/sign-in/oidc")).headers["location"]))
        assert anew.status_code == 303


async def test_an_account_of_the_issuer_has_no_password(world: World) -> None:
    account = await world.account(signs_in="oidc")
    async with world.machine() as admin:
        assert (await admin.post(f"/v1/accounts/{account}/invitation")).status_code == 409
    async with world.browser() as browser:
        assert (await fill_in(browser, "/sign-in", name="lan.nguyen", password="")).status_code == 401


async def test_an_issuer_that_is_away_is_said_to_be(database: str, tmp_path: Path) -> None:
    async with world_of(database, **known_to("http://127.0.0.1:1", tmp_path)) as world, world.browser() as browser:
        assert (await browser.get("/sign-in/oidc")).status_code == 503
        assert (await browser.get("/sign-in")).status_code == 200


async def test_without_an_issuer_there_is_no_way_to_it(database: str) -> None:
    async with world_of(database) as world, world.browser() as browser:
        assert (await browser.get("/sign-in/oidc")).status_code == 404
        assert "oidc" not in (await browser.get("/sign-in")).text


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"TONGHOP_OIDC_ISSUER": "http://issuer.example.org"}, "TONGHOP_OIDC_ISSUER"),
        ({"TONGHOP_OIDC_ISSUER": "https://issuer.example.org"}, "TONGHOP_OIDC_CLIENT"),
        ({"TONGHOP_OIDC_ISSUER": "https://i.example.org", "TONGHOP_OIDC_CLIENT": "c"}, "TONGHOP_PUBLIC_URL"),
        ({"TONGHOP_PUBLIC_URL": "https://figures.example.org/under"}, "TONGHOP_PUBLIC_URL"),
        ({"TONGHOP_PASSWORD_MEMORY": "1"}, "TONGHOP_PASSWORD_MEMORY"),
    ],
)
def test_settings_that_do_not_fit_are_named(environ: dict[str, str], names: str) -> None:
    with pytest.raises(SettingsError, match=names):
        Settings.from_environment(environ)
