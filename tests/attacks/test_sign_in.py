"""Attacks on signing in and on sessions: guessing, replaying, planting, forging, sending astray."""

from __future__ import annotations

import asyncio
import datetime as dt

import httpx
import pytest

from services.access.guessing import OF_ADDRESS, OF_BOTH, OF_NAME
from services.access.passwords import AT_A_TIME, WAITING, Passwords, TooBusyError
from tests.integration.access.world import ORIGIN, PHRASE, World, fill_in, ok, sign_in, world_of
from tests.integration.access.world import world as world  # noqa: PLC0414 - a fixture

WRONG = "nhất định không phải"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, world: World) -> None:
        self.now = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
        world.access.clock = lambda: self.now

    def goes(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


async def tries(world: World, address: str, n: int, name: str = "lan.nguyen", phrase: str = WRONG) -> list[int]:
    """Try a password so often from an address, one browser after the other; give the answers."""
    found = []
    for _ in range(n):
        async with world.browser(address) as browser:
            found.append((await sign_in(browser, name, phrase)).status_code)
    return found


class TestGuessing:
    """It is slowed down by a clock that the test moves, and nobody is locked out."""

    async def test_one_name_from_one_address(self, world: World) -> None:
        await world.member()
        clock = Clock(world)
        assert await tries(world, "6.6.6.6", OF_BOTH.burst + 3) == [401] * OF_BOTH.burst + [429] * 3
        tried = world.access.passwords.tried
        assert await tries(world, "6.6.6.6", 1, phrase=PHRASE) == [429], "also the right one waits"
        assert world.access.passwords.tried == tried, "and costs nothing"
        async with world.browser("6.6.6.6") as browser:
            assert 0 < int((await sign_in(browser)).headers["retry-after"]) <= OF_BOTH.seconds
        clock.goes(OF_BOTH.seconds)
        assert await tries(world, "6.6.6.6", 1, phrase=PHRASE) == [303]
        assert await tries(world, "6.6.6.6", OF_BOTH.burst + 1) == [401] * OF_BOTH.burst + [429], (
            "the right one counts not"
        )
        told = [entry["detail"]["why"] for entry in await world.told("sign_in_refused")]
        assert told == (["wrong"] * 5 + ["slowed down"]) * 2, "a flood of refusals is one line"

    async def test_one_name_from_everywhere_is_slow_for_strangers_alone(self, world: World) -> None:
        await world.member()
        Clock(world)
        assert await tries(world, "10.0.0.7", 1, phrase=PHRASE) == [303]  # now this one is familiar
        everywhere = [status for n in range(OF_NAME.burst + 5) for status in await tries(world, f"6.6.6.{n}", 1)]
        assert everywhere == [401] * OF_NAME.burst + [429] * 5
        assert await tries(world, "10.0.0.8", 1, phrase=PHRASE) == [429]
        assert await tries(world, "10.0.0.7", 1, phrase=PHRASE) == [303], "nobody locks the owner out"
        account = (await world.told("signed_in"))[0]["account"]
        async with world.browser("10.0.0.8") as browser:  # and an invitation opens everywhere
            assert (
                await fill_in(browser, await world.invitation(account), password=PHRASE, again=PHRASE)
            ).status_code == 303

    async def test_all_names_from_one_address(self, world: World) -> None:
        clock = Clock(world)
        statuses = [status for n in range(OF_ADDRESS.burst + 2) for status in await tries(world, "6.6.6.6", 1, f"n{n}")]
        assert statuses == [401] * OF_ADDRESS.burst + [429] * 2
        clock.goes(OF_ADDRESS.seconds)
        assert await tries(world, "6.6.6.6", 2, "another") == [401, 429]

    async def test_processes_share_what_was_tried(self, world: World, database: str) -> None:
        async with world_of(database) as another:
            for each in (world, another):
                Clock(each)
            assert await tries(world, "6.6.6.6", OF_BOTH.burst) == [401] * OF_BOTH.burst
            assert await tries(another, "6.6.6.6", 1) == [429]

    async def test_tries_at_once_are_counted_before_they_are_looked_at(self, world: World) -> None:
        await world.member()
        Clock(world)
        together = await asyncio.gather(*(tries(world, "6.6.6.6", 1) for _ in range(2 * OF_BOTH.burst)))
        assert sorted(status for each in together for status in each) == [401] * OF_BOTH.burst + [429] * OF_BOTH.burst

    async def test_what_was_tried_long_ago_is_forgotten(self, world: World) -> None:
        clock = Clock(world)
        await tries(world, "6.6.6.6", 1, "one")
        clock.goes(2 * 3600)
        await tries(world, "6.6.6.7", 1, "two")
        await tries(world, "6.6.6.7", 1, "two")
        assert await world.pool.fetchval("SELECT count(*) FROM attempt") == 3


async def test_every_refused_name_costs_the_same_and_is_told_the_same(world: World) -> None:
    """By what is done, not by a clock: one hash is tried whatever the name is."""
    await world.member("known")
    await world.account("never.invited")
    await world.account("of.the.issuer", signs_in="oidc")
    disabled = await world.member("disabled")
    async with world.machine() as admin:
        await ok(admin.post(f"/v1/accounts/{disabled}/disable"))
    said = set()
    for n, name in enumerate(("known", "unknown", "never.invited", "of.the.issuer", "disabled", "admin", "x" * 9999)):
        before = world.access.passwords.tried
        async with world.browser(f"6.6.6.{n}") as browser:
            answer = await sign_in(browser, name, PHRASE if name == "disabled" else WRONG)
        assert world.access.passwords.tried == before + 1, name
        said.add((answer.status_code, answer.text.partition("<form")[0]))
    assert len(said) == 1
    assert {entry["detail"]["why"] for entry in await world.told("sign_in_refused")} == {"wrong"}


async def test_what_is_typed_is_written_down_nowhere(world: World) -> None:
    await world.member()
    await tries(world, "6.6.6.6", 1, name="mật-khẩu-gõ-nhầm-vào-đây", phrase=WRONG)
    for table in ("audit", "attempt", "account", "session"):
        rows = " ".join(str(row) for row in await world.pool.fetch(f"TABLE {table}"))
        assert not [typed for typed in ("gõ-nhầm", WRONG, PHRASE) if typed in rows], table


async def test_signing_in_takes_no_more_than_its_share_of_the_machine() -> None:
    passwords = Passwords(1)
    tried = await asyncio.gather(
        *(passwords.verify(None, WRONG) for _ in range(AT_A_TIME + WAITING + 20)), return_exceptions=True
    )
    passwords.close()
    assert len([each for each in tried if isinstance(each, TooBusyError)]) >= 20
    assert all(each is False for each in tried if not isinstance(each, TooBusyError))
    assert len(passwords._threads._threads) <= AT_A_TIME


class TestSessions:
    """What is planted, stolen or forged is worth nothing."""

    async def test_a_planted_session_is_not_the_one_that_is_begun(self, world: World) -> None:
        await world.member()
        await world.member("attacker")
        async with world.browser("6.6.6.6") as attacker, world.browser("10.0.0.7") as victim:
            await sign_in(attacker, "attacker")
            for planted in (attacker.cookies["tonghop-session"], "a" * 43, "x"):
                victim.cookies.set("tonghop-session", planted, domain="localhost.local", path="/")
                assert (await sign_in(victim)).status_code == 303
                begun = victim.cookies["tonghop-session"]
                assert begun not in {planted, ""}
                victim.cookies.clear()
            assert (await attacker.get("/v1/me")).status_code == 401, "the one that was planted is over"

    async def test_a_stolen_session_is_worth_nothing_once_it_is_ended(self, world: World) -> None:
        account = await world.member()
        for ending in ("sign-out", "sessions", "admin", "invitation", "disable"):
            async with world.browser("10.0.0.7") as owner, world.browser("6.6.6.6") as thief, world.machine() as admin:
                await sign_in(owner)
                thief.cookies.set("tonghop-session", owner.cookies["tonghop-session"])
                me = await ok(thief.get("/v1/me"))
                assert me["account"] == account
                if ending == "sign-out":
                    await fill_in(owner, "/sign-out")
                elif ending == "sessions":
                    await ok(owner.delete("/v1/sessions", headers={"x-csrf-token": me["csrf"]}))
                elif ending == "admin":
                    await ok(admin.delete(f"/v1/sessions?account={account}"))
                elif ending == "invitation":
                    async with world.browser() as another:
                        await fill_in(another, await world.invitation(account), password=PHRASE, again=PHRASE)
                else:
                    await ok(admin.post(f"/v1/accounts/{account}/disable"))
                assert (await thief.get("/v1/me")).status_code == 401, ending
        assert "session" in {entry["means"] for entry in await world.told("refused")}

    async def test_a_session_ends_by_itself(self, world: World) -> None:
        await world.member()
        async with world.browser() as browser:
            await sign_in(browser)
            await world.pool.execute("UPDATE session SET expires_at = now()")
            assert (await browser.get("/v1/me")).status_code == 401

    async def test_cookies_are_for_this_service_over_tls_alone(self, database: str) -> None:
        async with world_of(database, public_url="https://figures.example.org") as world:
            async with world.browser() as browser:
                page = await browser.get("/sign-in")
            (kept,) = page.headers.get_list("set-cookie")
            assert kept.startswith("__Host-tonghop-form=")
            assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= set(kept.split("; "))
            assert "domain" not in kept.lower()


class TestForgedRequests:
    """A page elsewhere can make a browser send what it holds; it can't know what our page was given."""

    async def test_a_change_in_a_session_needs_the_proof_of_a_page(self, world: World) -> None:
        await world.member()
        async with world.browser() as browser, world.browser() as another:
            await sign_in(browser)
            await sign_in(another)
            mine, others = [(await ok(each.get("/v1/me")))["csrf"] for each in (browser, another)]
            for headers in (
                {},
                {"x-csrf-token": ""},
                {"x-csrf-token": others},
                {"x-csrf-token": mine, "origin": "https://evil.example.org"},
                {"x-csrf-token": mine, "origin": "null"},
                {"x-csrf-token": mine, "origin": "http://localhost:81"},
                {"x-csrf-token": mine, "sec-fetch-site": "cross-site"},
                {"x-csrf-token": mine, "sec-fetch-site": "same-site"},
            ):
                refused = await browser.post("/v1/tokens", json={"name": "x"}, headers=headers)
                assert refused.status_code == 403, headers
                assert (await browser.delete("/v1/sessions", headers=headers)).status_code == 403, headers
            made = await browser.post(
                "/v1/tokens", json={"name": "x"}, headers={"x-csrf-token": mine, "sec-fetch-site": "same-origin"}
            )
            assert made.status_code == 201

    async def test_a_token_beside_the_session_is_what_counts(self, world: World) -> None:
        await world.member()
        async with world.browser() as browser:
            await sign_in(browser)
            wrong = {"authorization": f"Bearer tonghop_{'a' * 43}"}
            assert (await browser.get("/v1/me", headers=wrong)).status_code == 401

    @pytest.mark.parametrize("path", ["/sign-in", "/invitation", "/sign-out"])
    async def test_no_page_elsewhere_fills_in_a_form(self, world: World, path: str) -> None:
        account = await world.member()
        if path == "/invitation":
            path = await world.invitation(account)
        fields = {"name": "lan.nguyen", "password": PHRASE, "again": PHRASE}
        async with world.browser() as browser, world.browser() as attacker:
            page = await attacker.get("/sign-in")
            theirs = page.text.partition('name="csrf" value="')[2].partition('"')[0]
            if path == "/sign-out":
                await sign_in(browser)
            for csrf in ({}, {"csrf": "x"}, {"csrf": theirs}):
                assert (await browser.post(path, data={**fields, **csrf})).status_code == 403
            elsewhere = {"origin": "https://evil.example.org"}
            (await browser.get(path)).raise_for_status()
            browser.headers.update(elsewhere)
            assert (await fill_in(browser, path, **fields)).status_code == 403
            browser.headers["origin"] = ORIGIN
            assert (await fill_in(browser, path, **fields)).status_code == 303


class TestInvitations:
    """They are used once."""

    async def test_one_that_was_used_is_over(self, world: World) -> None:
        path = await world.invitation(await world.account())
        async with world.browser() as browser, world.browser("6.6.6.6") as thief:
            page = await thief.get(path)
            assert (await fill_in(browser, path, password=PHRASE, again=PHRASE)).status_code == 303
            hidden = page.text.partition('name="csrf" value="')[2].partition('"')[0]
            replayed = await thief.post(path, data={"csrf": hidden, "password": WRONG, "again": WRONG})
            assert replayed.status_code == 404
            assert (await thief.get(path)).status_code == 404
            assert await tries(world, "10.0.0.7", 1, phrase=PHRASE) == [303]

    async def test_of_many_at_once_one_is_taken(self, world: World) -> None:
        path = await world.invitation(await world.account())

        async def take() -> int:
            async with world.browser() as browser:
                hidden = (await browser.get(path)).text.partition('name="csrf" value="')[2].partition('"')[0]
                return (
                    await browser.post(path, data={"csrf": hidden, "password": PHRASE, "again": PHRASE})
                ).status_code

        assert sorted(await asyncio.gather(*(take() for _ in range(5)))) == [303, 404, 404, 404, 404]

    async def test_one_that_is_old_or_was_replaced_is_over(self, world: World) -> None:
        account = await world.account()
        first, second = await world.invitation(account), await world.invitation(account)
        async with world.browser() as browser:
            assert (await browser.get(first)).status_code == 404
            assert (await browser.get(second)).status_code == 200
            await world.pool.execute("UPDATE invitation SET expires_at = now()")
            assert (await browser.get(second)).status_code == 404
            for wrong in ("x", "a" * 43, "%00", "a" * 5000):
                assert (await browser.get(f"/invitation/{wrong}")).status_code == 404


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example.org", "//evil.example.org", "/\\evil.example.org", "\\\\evil.example.org"),
        *("http:evil", "javascript:alert(1)", "/\t/evil.example.org", "/\n/evil.example.org", " //evil.example.org"),
        *("///evil.example.org", "/ok\r\nset-cookie: a=b", "evil", "/" + "x" * 2000, "/%0d%0a\x00", "data:text/html,x"),
    ],
)
async def test_nobody_is_sent_elsewhere(world: World, elsewhere: str) -> None:
    await world.member()
    async with world.browser() as browser:
        begun = await fill_in(browser, "/sign-in", name="lan.nguyen", password=PHRASE, next=elsewhere)
        assert (begun.status_code, begun.headers["location"]) == (303, "/")
        shown = await browser.get("/sign-in", params={"next": elsewhere})
        assert 'name="next" value="/"' in shown.text


async def test_nothing_that_is_typed_becomes_part_of_a_page(world: World) -> None:
    account = await world.account('"><script>x</script>')
    async with world.browser() as browser:
        pages = [await browser.get(await world.invitation(account))]
        pages += [await browser.get("/sign-in", params={"next": '/"><script>x</script>'})]
        for page in pages:
            assert "<script" not in page.text
            assert page.headers["content-security-policy"].startswith("default-src 'none'; form-action 'self'")
            assert page.headers["x-frame-options"] == "DENY"
            assert page.headers["referrer-policy"] == "same-origin", "else its form has no origin in a browser"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"a=1", "text/plain", 415),
        (b"a" * (17 << 10), "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % n for n in range(20)), "application/x-www-form-urlencoded", 400),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=a&name=b", "application/x-www-form-urlencoded", 403),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(world: World, content: bytes, kind: str, status: int) -> None:
    async with world.browser() as browser:
        answer: httpx.Response = await browser.post("/sign-in", content=content, headers={"content-type": kind})
        assert answer.status_code == status
