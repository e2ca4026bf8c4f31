"""Attacks on the pages of accounts and grants: forging, acting beyond one's part, replaying, framing, hostile names."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from services.embedded.postgres import PostgresServer
from services.pages.mounting import mount
from tests import servers
from tests.integration.access.test_keepers import CELL, PROVINCE, TOP, granted
from tests.integration.access.world import ORIGIN, PHRASE, World, fill_in, ok, sign_in, world_of
from tests.integration.pages.forms import hidden_of
from tests.integration.test_api import small_world

HOSTILE = "\"><script>alert(1)</script><img/src=x/onerror=alert(1)>{{7*7}}'"
OWN_FORMS = (
    *("/quyen", "/quyen/thu-hoi", "/quyen/tai-khoan", "/quyen/moi", "/quyen/khoa", "/quyen/mo"),
    *("/tai-khoan/phien", "/tai-khoan/phien-khac", "/tai-khoan/token", "/tai-khoan/token/xoa"),
)
FORGED = (
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example.org"},
    {"sec-fetch-site": "same-site", "origin": "http://evil.localhost"},
    {"origin": "https://evil.example.org"},
    {"origin": "null"},
    {"origin": "http://localhost:81"},
)


@pytest.fixture(scope="module")
async def world(postgres: PostgresServer, _template: None) -> AsyncIterator[World]:
    """Run pages on the small world, once for all; each test has accounts of its own."""
    async with servers.fresh_database(postgres) as database:
        connection = await servers.connect(database)
        await small_world().write(connection)
        await connection.close()
        async with world_of(database, pages=mount) as made:
            yield made


@asynccontextmanager
async def signed_in(world: World, name: str, *roles: tuple[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """Give the browser of a new account with roles."""
    account = await world.member(name)
    for role, unit in roles:
        await granted(world, account, role, unit)
    async with world.browser() as browser:
        assert (await sign_in(browser, name)).status_code == 303
        yield browser


def paths(world: World, *, changing: bool) -> set[str]:
    """Find the paths of everything but `/v1` that is answered, or that a form may be sent to."""
    found = set()
    for route in iter_route_contexts(world.app.routes):
        changes = bool(set(route.methods or ()) - {"GET", "HEAD"})
        if not str(route.path).startswith("/v1/") and changes == changing:
            found.add(re.sub(r"\{(\w+)(?::\w+)?\}", r"x", str(route.path)))
    return found


async def test_no_page_elsewhere_sends_a_form_of_ours(world: World) -> None:
    forms = paths(world, changing=True)
    assert forms >= {*OWN_FORMS, "/sign-in", "/sign-out", "/invitation/x"}
    async with signed_in(world, "forged", ("keeper", TOP)) as browser:
        proof = (await ok(browser.get("/v1/me")))["csrf"]
        told = len(await world.told("account_added", "token_made", "invited", "session_ended"))
        for path in sorted(forms):
            for headers in FORGED:
                fields = {"csrf": proof, "name": "x", "signs_in": "local", "unit": TOP, "role": "*", "account": "admin"}
                answer = await browser.post(path, data=fields, headers=headers)
                assert answer.status_code == (404 if path.startswith("/invitation/") else 403), (path, headers)
        assert len(await world.told("account_added", "token_made", "invited", "session_ended")) == told


async def test_a_form_without_the_proof_of_this_session_changes_nothing(world: World) -> None:
    async with (
        signed_in(world, "unproven", ("keeper", TOP)) as browser,
        world.browser() as beside,
        world.browser() as another,
    ):
        victim = await world.member("victim")
        await sign_in(beside, "unproven")
        await sign_in(another, "victim")
        theirs = (await ok(another.get("/v1/me")))["csrf"]
        session = (await ok(another.get("/v1/sessions")))["sessions"][0]["session"]
        fields = {"account": victim, "name": "late", "signs_in": "local", "unit": TOP, "role": "reader", "token": "t-x"}
        for proof in (None, "", "0" * 64, "ă\r\nx-evil: 1", theirs):
            given = {} if proof is None else {"csrf": proof}
            for path in OWN_FORMS:
                answer = await browser.post(path, data={**fields, "session": session, **given})
                assert answer.status_code == 403, (path, proof)
        for each in (another, beside):
            assert (await each.get("/tai-khoan")).status_code == 200
    assert "late" not in str(await world.pool.fetch("SELECT name FROM account"))


async def test_a_keeper_does_nothing_beyond_his_part(world: World) -> None:
    above = await world.member("above")
    await granted(world, above, "reader", TOP)
    async with signed_in(world, "of.a.cell", ("keeper", CELL)) as browser, world.browser() as other:
        await sign_in(other, "above")
        proof = hidden_of((await browser.get("/quyen")).text, "/quyen")["csrf"]
        for path, fields in (
            ("/quyen", {"unit": PROVINCE, "account": "of.a.cell", "role": "reader"}),
            ("/quyen", {"unit": CELL, "account": "of.a.cell", "role": "keeper"}),
            ("/quyen", {"unit": CELL, "account": "of.a.cell", "role": "operator"}),
            ("/quyen", {"unit": "../../accounts", "account": "x", "role": "reader"}),
            ("/quyen/thu-hoi", {"unit": TOP, "account": above, "role": "reader"}),
            ("/quyen/thu-hoi", {"unit": CELL, "account": "../../../x", "role": "reader"}),
            ("/quyen/moi", {"account": above}),
            ("/quyen/moi", {"account": "admin"}),
            ("/quyen/khoa", {"account": above}),
            ("/quyen/khoa", {"account": f"{above}/enable?x="}),
            ("/quyen/mo", {"account": above}),
        ):
            answer = await browser.post(path, data={"csrf": proof, **fields})
            assert answer.status_code in {403, 404}, (path, fields)
            assert "/invitation/" not in answer.text
        assert (await other.get("/tai-khoan")).status_code == 200
        for path in (f"/quyen?unit={TOP}", f"/quyen?unit={PROVINCE}"):
            assert (await browser.get(path)).status_code == 403
        listed = (await browser.get("/quyen")).text
        assert above not in listed
    assert not await world.told("granted", "revoked")


async def test_who_keeps_nothing_is_refused_every_form(world: World) -> None:
    async with signed_in(world, "keeps.nothing", ("reader", TOP)) as browser:
        proof = (await ok(browser.get("/v1/me")))["csrf"]
        for path in OWN_FORMS:
            if path.startswith("/quyen"):
                fields = {"csrf": proof, "unit": TOP, "account": "admin", "role": "reader", "name": "x"}
                assert (await browser.post(path, data=fields)).status_code == 403, path
        assert (await browser.get("/quyen")).status_code == 403
        assert (await browser.get("/nhat-ky-truy-cap")).status_code == 403
        assert not await world.told("account_disabled", "account_enabled", "granted", "revoked")


async def test_a_session_that_was_ended_or_planted_opens_no_page(world: World) -> None:
    async with signed_in(world, "ended", ("keeper", TOP)) as browser, world.browser() as thief:
        planted = browser.cookies["tonghop-session"]
        thief.cookies.set("tonghop-session", planted)
        assert (await thief.get("/quyen")).status_code == 200
        proof = hidden_of((await thief.get("/quyen")).text, "/quyen")["csrf"]
        assert (await sign_in(browser, "ended")).status_code == 303, "signs in anew: what was known before is over"
        assert browser.cookies["tonghop-session"] != planted
        assert (await thief.get("/quyen")).headers["location"] == "/sign-in?next=%2Fquyen"
        late = await thief.post("/quyen/tai-khoan", data={"csrf": proof, "name": "late", "signs_in": "local"})
        assert (late.status_code, late.headers["location"]) == (303, "/sign-in")
        page = await browser.get("/quyen")
        await fill_in(browser, "/sign-out")
        again = await browser.post("/quyen/tai-khoan", data={**hidden_of(page.text, "/quyen"), "name": "late"})
        assert again.headers["location"] == "/sign-in"
    assert "late" not in str(await world.pool.fetch("SELECT name FROM account"))


async def test_no_page_is_framed_or_runs_what_is_not_ours(world: World) -> None:
    async with signed_in(world, "framed", ("keeper", TOP), ("operator", TOP), ("reader", TOP)) as browser:
        for path in sorted(paths(world, changing=False) - {"/docs", "/docs/fastapi", "/openapi.json"}):
            answer = await browser.get(path)
            policy = answer.headers["content-security-policy"]
            assert answer.headers["x-frame-options"] == "DENY", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert "public" not in answer.headers["cache-control"] or path.startswith("/static/"), path


async def test_hostile_names_are_text_wherever_they_stand(world: World) -> None:
    hostile = await world.account(HOSTILE)
    await granted(world, hostile, "reader", PROVINCE)
    async with signed_in(world, "named", ("keeper", TOP)) as browser, world.machine() as admin:
        proof = (await ok(browser.get("/v1/me")))["csrf"]
        pages = [
            await browser.get(f"/quyen?unit={PROVINCE}"),
            await browser.get("/quyen", params={"tim": HOSTILE, "q": HOSTILE, "unit": TOP}),
            await browser.get("/nhat-ky-truy-cap", params={"account": HOSTILE, "what": "account_added"}),
            await browser.get("/nhat-ky-truy-cap"),
            await browser.get("/van-hanh/bi-tu-choi/" + "%3Cscript%3E"),
            await browser.post("/quyen/moi", data={"csrf": proof, "account": hostile, "name": HOSTILE}),
            await browser.post("/quyen", data={"csrf": proof, "unit": TOP, "account": HOSTILE * 2, "role": HOSTILE}),
            await browser.post("/tai-khoan/token", data={"csrf": proof, "name": HOSTILE, "role": "*"}),
            await browser.get("/tai-khoan"),
            await browser.get("/sign-in", params={"next": '/"><script>x</script>'}),
        ]
        await ok(admin.get("/v1/audit"))
    for page in pages:
        assert page.headers["content-type"].startswith("text/html")
        assert "<script>" not in page.text
        assert "<img" not in page.text
        assert "49" not in re.sub(r"<[^>]*>", "", page.text.partition("alert(1)")[2][:40])
    assert "&lt;script&gt;" in pages[0].text


async def test_nobody_is_led_elsewhere_by_a_page(world: World) -> None:
    await world.member("lan")
    async with world.browser() as browser:
        for path in ("/quyen?x=//evil.example.org", "//evil.example.org/quyen", "/quyen/..//evil.example.org"):
            where = (await browser.get(ORIGIN + path)).headers.get("location", "/sign-in?next=")
            assert where.startswith("/sign-in?next=")
            begun = await fill_in(browser, where, name="lan", password=PHRASE)
            assert re.fullmatch(r"/(?!/).*", begun.headers["location"])
            browser.cookies.clear()


async def test_the_audit_log_shows_no_secret(world: World) -> None:
    async with signed_in(world, "audited", ("keeper", TOP)) as browser:
        proof = (await ok(browser.get("/v1/me")))["csrf"]
        fresh = {"csrf": proof, "name": "moi", "signs_in": "local"}
        invited = (await browser.post("/quyen/tai-khoan", data=fresh)).text
        made = (await browser.post("/tai-khoan/token", data={"csrf": proof, "name": "t", "role": "*"})).text
        secrets = [
            invited.partition("/invitation/")[2].partition('"')[0],
            made.partition('readonly value="')[2].partition('"')[0],
            *(browser.cookies["tonghop-session"], proof, PHRASE),
        ]
        assert all(len(each) > 10 for each in secrets)
        log = (await browser.get("/nhat-ky-truy-cap")).text
        assert "lập token" in log
        others = (await browser.get("/quyen?q=moi")).text + (await browser.get("/tai-khoan")).text
    assert not [each for each in secrets if each in log]
    assert not [each for each in secrets if each in others and each != proof]
