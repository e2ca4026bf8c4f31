"""Accounts from the invitation to the end of the session, over HTTP on a real database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.integration.access.world import PHRASE, World, fill_in, ok, sign_in

ROLES = [{"role": "reader", "unit": "gia-binh"}]


async def test_an_invited_colleague_sets_a_password_and_signs_in_and_out(world: World) -> None:
    account = await world.account("Lan.Nguyen@x.vn")
    async with world.browser("10.0.0.7") as browser:
        path = await world.invitation(account)
        short = await fill_in(browser, path, password=PHRASE[:5], again=PHRASE[:5])
        assert (short.status_code, "12-256" in short.text) == (422, True)
        unlike = await fill_in(browser, path, password=PHRASE, again=PHRASE + "x")
        assert unlike.status_code == 422
        begun = await fill_in(browser, path, password=PHRASE, again=PHRASE)
        assert (begun.status_code, begun.headers["location"]) == (303, "/")
        me = await ok(browser.get("/v1/me"))
        assert (me["account"], me["name"], me["came_by"], me["roles"]) == (account, "Lan.Nguyen@x.vn", "session", None)
        out = await fill_in(browser, "/sign-out")
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert (await browser.get("/v1/me")).status_code == 401
        again = await sign_in(browser, "LAN.NGUYEN@X.VN", path="/sign-in?next=/v1/me")
        assert (again.status_code, again.headers["location"]) == (303, "/v1/me")
        assert (await ok(browser.get("/v1/me")))["account"] == account
    told = await world.told("account_added", "invited", "invitation_used", "signed_in", "signed_out")
    assert [entry["what"] for entry in told] == [
        *("account_added", "invited", "invitation_used", "signed_in", "signed_out", "signed_in"),
    ]
    assert {entry["came_from"] for entry in told[2:]} == {"10.0.0.7"}


async def test_names_are_one_whatever_their_case_and_others_are_refused_by_name(world: World) -> None:
    await world.account("Đặng.Hòa")
    async with world.machine() as admin:
        taken = await admin.post("/v1/accounts", json={"name": "ĐẶNG.HÒA"})
        assert taken.status_code == 409
        for body, parameter in (
            ({"name": ""}, "name"),
            ({"name": "có khoảng trắng"}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "a\u202eb"}, "name"),
            ({"name": "a", "signs_in": "magic"}, "signs_in"),
            ({"name": "a", "account": "admin"}, "account"),
            ({"name": "a", "disabled": True}, "disabled"),
            ({"name": 1}, "name"),
            ({}, "body"),
        ):
            refused = await admin.post("/v1/accounts", json=body)
            assert (refused.status_code, refused.json().get("parameter")) == (422, parameter), body
        assert (
            await admin.post("/v1/accounts", content=b"{", headers={"content-type": "application/json"})
        ).status_code == 400
        assert (await admin.post("/v1/accounts", data={"name": "a"})).status_code == 415
        assert (await admin.post("/v1/accounts/a-nobody/disable")).status_code == 404
        assert (await admin.post("/v1/accounts/a-0123456789abcdef/invitation")).status_code == 404


async def test_accounts_are_listed_in_pages(world: World) -> None:
    for name in ("an", "bình", "châu"):
        await world.account(name)
    async with world.machine() as admin:
        names, path = [], "/v1/accounts?limit=2"
        while path:
            page = await ok(admin.get(path))
            names += [each["name"] for each in page["accounts"]]
            path = f"/v1/accounts?limit=2&cursor={page['next']}" if page["next"] else ""
        assert names == ["admin", "an", "bình", "châu"]
        assert [each["name"] for each in (await ok(admin.get("/v1/accounts?q=BÌNH")))["accounts"]] == ["bình"]


async def test_an_account_of_before_a_loss_gets_its_id_back(world: World) -> None:
    async with world.machine() as admin:
        body = {"name": "lan", "account": "a-0123456789abcdef"}
        assert (await ok(admin.post("/v1/accounts", json=body), 201))["account"] == "a-0123456789abcdef"
        assert (await admin.post("/v1/accounts", json={**body, "name": "other"})).status_code == 409


async def test_whoever_is_no_administrator_makes_no_account_and_sees_nobody_elses(world: World) -> None:
    account = await world.member()
    other = await world.account("other")
    async with world.browser() as browser:
        await sign_in(browser)
        csrf = {"x-csrf-token": (await ok(browser.get("/v1/me")))["csrf"]}
        asked: list[tuple[str, str, Any]] = [
            ("GET", "/v1/accounts", None),
            ("POST", "/v1/accounts", {"name": "x"}),
            ("POST", f"/v1/accounts/{account}/invitation", None),
            ("POST", f"/v1/accounts/{other}/disable", None),
            ("POST", "/v1/tokens", {"name": "x", "account": other}),
            ("GET", f"/v1/tokens?account={other}", None),
            ("GET", f"/v1/sessions?account={other}", None),
            ("DELETE", f"/v1/sessions?account={other}", None),
            ("GET", "/v1/audit", None),
        ]
        for method, path, body in asked:
            answer = await browser.request(method, path, json=body, headers=csrf)
            assert answer.status_code == 403, path
    told = await world.told("refused")
    assert {entry["account"] for entry in told} == {account}
    assert {entry["detail"]["path"] for entry in told} >= {"/v1/accounts", "/v1/audit", "/v1/tokens"}


async def test_a_token_is_made_in_a_session_used_and_revoked(world: World) -> None:
    account = await world.member()
    async with world.browser() as browser:
        await sign_in(browser)
        csrf = {"x-csrf-token": (await ok(browser.get("/v1/me")))["csrf"]}
        body = {"name": "bảng tin", "roles": ROLES, "until": "2999-01-01"}
        assert (await browser.post("/v1/tokens", json=body, headers=csrf)).json()["parameter"] == "until"
        made = await ok(browser.post("/v1/tokens", json={**body, "until": None}, headers=csrf), 201)
        ends = dt.datetime.fromisoformat(made["token"]["expires_at"]) - dt.datetime.now(dt.UTC)
        assert 363 < ends.days < 366
        async with world.machine(made["secret"]) as machine:
            me = await ok(machine.get("/v1/me"))
            assert (me["account"], me["came_by"], me["roles"], me["csrf"]) == (account, "token", ROLES, None)
            await world.access.uses.write()
            (listed,) = (await ok(machine.get("/v1/tokens")))["tokens"]
            assert listed["used_at"] is not None
            revoked = await ok(browser.delete(f"/v1/tokens/{listed['token']}", headers=csrf))
            assert revoked["tokens"][0]["revoked_at"] is not None
            assert (await machine.get("/v1/me")).status_code == 401
        async with world.machine() as admin:
            of_admin = (await ok(admin.get("/v1/tokens")))["tokens"][0]["token"]
        assert (await browser.delete(f"/v1/tokens/{of_admin}", headers=csrf)).status_code == 404
    assert [entry["detail"].get("name") for entry in await world.told("token_made")] == ["bootstrap", "bảng tin"]


async def test_sessions_are_listed_and_ended(world: World) -> None:
    await world.member()
    async with world.browser("10.0.0.1") as one, world.browser("10.0.0.2") as two:
        await sign_in(one)
        await sign_in(two)
        listed = (await ok(one.get("/v1/sessions")))["sessions"]
        assert [(each["came_from"], each["current"]) for each in listed] == [
            *(("10.0.0.2", False), ("10.0.0.1", True), ("127.0.0.1", False)),
        ]
        csrf = {"x-csrf-token": (await ok(one.get("/v1/me")))["csrf"]}
        ended = await ok(one.delete(f"/v1/sessions/{listed[0]['session']}", headers=csrf))
        assert ended == {"ended": 1}
        assert (await two.get("/v1/me")).status_code == 401
        assert (await one.delete(f"/v1/sessions/{listed[0]['session']}", headers=csrf)).status_code == 404
        assert await ok(one.delete("/v1/sessions", headers=csrf)) == {"ended": 2}
        assert (await one.get("/v1/me")).status_code == 401


async def test_a_disabled_account_is_out_at_once_and_may_come_back(world: World) -> None:
    account = await world.member()
    async with world.browser() as browser, world.machine() as admin:
        await sign_in(browser)
        assert (await ok(admin.post(f"/v1/accounts/{account}/disable")))["disabled_at"] is not None
        assert (await browser.get("/v1/me")).status_code == 401
        assert (await sign_in(browser)).status_code == 401
        assert (await admin.post(f"/v1/accounts/{account}/invitation")).status_code == 409
        assert (await ok(admin.post(f"/v1/accounts/{account}/enable")))["disabled_at"] is None
        assert (await sign_in(browser)).status_code == 303


async def test_the_audit_log_is_read_in_pages_and_by_what_it_tells(world: World) -> None:
    account = await world.member()
    async with world.machine() as admin:
        first = await ok(admin.get("/v1/audit?limit=1"))
        rest = await ok(admin.get(f"/v1/audit?cursor={first['next']}"))
        numbers = [entry["no"] for entry in (*first["entries"], *rest["entries"])]
        assert numbers == sorted(numbers, reverse=True)
        assert rest["next"] is None
        for asked, n in ((f"account={account}", 2), ("what=invited", 1), ("unit=gia-binh", 0), ("to=2000-01-02", 0)):
            assert len((await ok(admin.get(f"/v1/audit?{asked}")))["entries"]) == n, asked
        for asked in ("from=0001-01-01&to=9999-12-31", "from=9999-12-31"):
            assert (await admin.get(f"/v1/audit?{asked}")).status_code == 200
        assert (await admin.get("/v1/audit?what=x")).json()["parameter"] == "what"


@pytest.mark.parametrize("path", ["/sign-in", "/v1/me", "/healthz"])
async def test_a_path_names_all_methods_that_it_takes(world: World, path: str) -> None:
    async with world.machine() as admin:
        answer = await admin.patch(path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == ("GET, HEAD, POST" if path == "/sign-in" else "GET, HEAD")
