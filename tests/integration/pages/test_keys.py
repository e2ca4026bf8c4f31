"""Accounts, grants, tokens, sessions and the audit log, as keepers and all others have them on pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.access import audit, sessions
from services.pages.words import DOINGS
from tests.integration.access.world import ORIGIN, PHRASE
from tests.integration.pages.forms import hidden_of, send
from tests.integration.pages.service import Service, text_of

AT = "/quyen?unit=gia-binh"


@asynccontextmanager
async def new_browser(service: Service, session: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser in which nobody of the shared people has signed in."""
    async with service.browser(None) as browser:
        if session is not None:
            browser.cookies.set("tonghop-session", session)
        yield browser


async def session_of(service: Service, account: str) -> str:
    connection = await asyncpg.connect(service.settings.database_url)
    try:
        return await sessions.begin(connection, account, by="password", hours=1, came_from="10.0.0.9", instead_of=None)
    finally:
        await connection.close()


async def newcomer(keeper: httpx.AsyncClient) -> tuple[str, str, str]:
    """Make an account by the page of keepers; give its name, its id, and the path of its invitation."""
    name = f"nguoi-moi-{uuid4().hex[:8]}"
    invited = await send(keeper, await keeper.get(AT), "/quyen/tai-khoan", name=name, signs_in="local")
    assert (invited.status_code, invited.headers["cache-control"]) == (200, "no-store")
    path = invited.text.partition(f'value="{ORIGIN}')[2].partition('"')[0]
    listed = await keeper.get(f"/quyen?q={name}")
    account = hidden_of(listed.text, "/quyen/khoa", name=name)["account"]
    assert path.startswith("/invitation/")
    assert path not in listed.text
    return name, account, path


async def test_a_newcomer_is_invited_is_told_whom_to_ask_and_sees_as_much_as_is_granted(service: Service) -> None:
    async with service.browser("keeper") as keeper, new_browser(service) as browser:
        name, account, path = await newcomer(keeper)
        begun = await send(browser, await browser.get(path), path, password=PHRASE, again=PHRASE)
        assert (begun.status_code, begun.headers["location"]) == (303, "/")
        told = await browser.get("/")
        assert told.status_code == 200
        assert name in text_of(told.text)
        assert "người quản lý quyền" in text_of(told.text)

        given = await send(keeper, await keeper.get(AT), "/quyen", account=name, role="reader", until="")
        assert given.status_code == 303
        shown = await keeper.get(given.headers["location"])
        assert f"Đã cấp vai trò “người xem số liệu” cho {name}" in text_of(shown.text)
        assert (await browser.get("/")).headers["location"] == "/don-vi/gia-binh"
        assert (await browser.get("/don-vi/gia-binh")).status_code == 200

        which = {"account": account, "role": "reader"}
        taken = await send(keeper, await keeper.get(AT), "/quyen/thu-hoi", which)
        said = text_of((await keeper.get(taken.headers["location"])).text)
        assert f"Đã thu hồi vai trò “người xem số liệu” của {name}" in said
        assert (await browser.get("/don-vi/gia-binh")).status_code == 403

        listed = await keeper.get(f"/quyen?q={name}")
        await send(keeper, listed, "/quyen/khoa", {"account": account})
        assert (await browser.get("/")).headers["location"].startswith("/sign-in")
        assert "bị khóa từ" in text_of((await keeper.get(f"/quyen?q={name}")).text)
        await send(keeper, await keeper.get(f"/quyen?q={name}"), "/quyen/mo", {"account": account})
        assert "bị khóa từ" not in text_of((await keeper.get(f"/quyen?q={name}")).text)

        log = text_of((await keeper.get("/nhat-ky-truy-cap?unit=gia-binh&what=granted")).text)
        assert "cấp quyền" in log
        assert name in log


async def test_what_is_not_in_effect_yet_is_said(service: Service) -> None:
    async with service.browser("keeper") as keeper:
        far = text_of((await keeper.get(f"{AT}&order=bac-ninh/k-0&at=99999999")).text)
        decided = text_of((await keeper.get(f"{AT}&order=bac-ninh/k-0&at=1")).text)
    assert "Chưa có hiệu lực. Lệnh đã vào nhật ký ở vị trí 99.999.999" in far
    assert "hiệu lực." not in decided.partition("Cấp quyền Tài khoản")[0]


@pytest.mark.parametrize(
    ("action", "filled", "kept"),
    [
        ("/quyen", {"account": "khong-co-ai", "role": "reader", "until": ""}, 'value="khong-co-ai"'),
        ("/quyen", {"account": "leader", "role": "reader", "until": "31/02/2027"}, 'value="leader"'),
        ("/quyen", {"account": "leader", "role": "reader", "until": "2001-01-01"}, 'value="2001-01-01"'),
        ("/quyen/tai-khoan", {"name": "có khoảng trắng", "signs_in": "local"}, 'value="có khoảng trắng"'),
        ("/quyen/tai-khoan", {"name": "leader", "signs_in": "local"}, 'value="leader"'),
    ],
)
async def test_what_was_filled_in_stays_beside_what_is_wrong_with_it(
    service: Service, action: str, filled: dict[str, str], kept: str
) -> None:
    async with service.browser("keeper") as keeper:
        answer = await send(keeper, await keeper.get(AT), action, **filled)
    assert answer.status_code in {409, 422}
    assert 'role="alert"' in answer.text
    assert kept in answer.text


async def test_a_keeper_is_offered_what_may_be_granted_there(service: Service) -> None:
    async with service.browser("keeper") as keeper, service.browser() as everything:
        own, below = [(await keeper.get(f"/quyen?unit={unit}")).text for unit in ("bac-ninh", "gia-binh")]
        root = (await everything.get("/quyen")).text
        aside = await keeper.get("/quyen?unit=trung-uong")
    assert "(keeper)</option>" not in own
    assert "(keeper)</option>" in below
    assert "(operator)</option>" not in below
    assert "(operator)</option>" in root
    assert aside.status_code == 403


async def test_one_sees_ones_roles_and_makes_a_token_that_is_shown_once(service: Service) -> None:
    async with service.browser("officer") as browser, new_browser(service) as machine:
        page = await browser.get("/tai-khoan")
        assert "Cán bộ nghiệp vụ (officer) · Tỉnh ủy Bắc Ninh" in text_of(page.text)
        action = "/tai-khoan/token"
        bare = await send(browser, page, action, name="bảng tin", until="")
        assert (bare.status_code, 'value="bảng tin"' in bare.text) == (422, True)
        made = await send(browser, page, action, name="bảng tin", until="2027-12-31", role=["reader@bac-ninh"])
        assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
        secret = made.text.partition('id="token-value" readonly value="')[2].partition('"')[0]
        known = {"authorization": f"Bearer {secret}"}
        assert (await machine.get("/v1/me", headers=known)).json()["roles"] == [{"role": "reader", "unit": "bac-ninh"}]
        after = await browser.get("/tai-khoan")
        assert "bảng tin" in after.text
        assert secret not in after.text
        token = hidden_of(after.text, "/tai-khoan/token/xoa")["token"]
        gone = await send(browser, after, "/tai-khoan/token/xoa", {"token": token})
        assert gone.headers["location"] == "/tai-khoan#token"
        assert (await machine.get("/v1/me", headers=known)).status_code == 401
        assert "bảng tin" not in (await browser.get("/tai-khoan")).text


async def test_one_ends_one_session_or_all_others_and_signs_out(service: Service) -> None:
    async with service.browser("keeper") as keeper:
        _, account, _ = await newcomer(keeper)
    secrets = [await session_of(service, account) for _ in range(4)]
    async with new_browser(service, secrets[0]) as mine, new_browser(service, secrets[1]) as other:
        page = await mine.get("/tai-khoan")
        assert page.text.count('name="session"') == 3
        listed = [
            each["session"] for each in (await mine.get("/v1/sessions")).json()["sessions"] if not each["current"]
        ]
        await send(mine, page, "/tai-khoan/phien", {"session": listed[0]})
        assert len((await mine.get("/v1/sessions")).json()["sessions"]) == 3
        await send(mine, await mine.get("/tai-khoan"), "/tai-khoan/phien-khac")
        assert len((await mine.get("/v1/sessions")).json()["sessions"]) == 1
        assert (await other.get("/tai-khoan")).headers["location"] == "/sign-in?next=%2Ftai-khoan"
        out = await send(mine, await mine.get("/tai-khoan"), "/sign-out")
        assert (out.status_code, out.headers["location"], out.headers["clear-site-data"]) == (
            303,
            "/sign-in",
            '"cache"',
        )
        assert (await mine.get("/tai-khoan")).status_code == 303


async def test_the_audit_log_is_asked_and_paged(service: Service) -> None:
    async with service.browser("operator") as browser, service.browser("leader") as leader:
        page = await browser.get("/nhat-ky-truy-cap?what=signed_in&from=&to=&account=&unit=")
        none = await browser.get("/nhat-ky-truy-cap?from=01/01/2001&to=31/12/2001")
        bad = await browser.get("/nhat-ky-truy-cap?from=hôm qua")
        refused = await leader.get("/nhat-ky-truy-cap")
    assert page.status_code == 200
    assert set(audit.KINDS) == DOINGS.keys()
    assert "đăng nhập" in text_of(page.text)
    assert "Không có dòng nào như vậy" in text_of(none.text)
    assert (bad.status_code, refused.status_code) == (422, 403)
    assert "“from”" in text_of(bad.text)


async def test_where_one_begins_is_what_ones_roles_are_for(service: Service) -> None:
    begun = {}
    for who in ("leader", "officer", "keeper", "operator"):
        async with service.browser(who) as browser:
            begun[who] = (await browser.get("/")).headers["location"]
    assert begun == {
        "leader": "/don-vi/gia-binh",
        "officer": "/don-vi/bac-ninh",
        "keeper": "/quyen",
        "operator": "/van-hanh",
    }


async def test_signing_in_looks_like_the_other_pages_and_leads_back(service: Service) -> None:
    async with new_browser(service) as browser:
        sent = await browser.get("/tai-khoan")
        page = await browser.get(sent.headers["location"])
        style = page.text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
        assert (await browser.get(style)).status_code == 200
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert 'name="next" value="/tai-khoan"' in page.text


async def test_help_says_the_words_and_the_keys(service: Service) -> None:
    async with service.browser("leader") as browser:
        said = text_of((await browser.get("/tro-giup")).text)
    for word in ("Khi đó", "Hiện nay", "ẩn", "Vị trí", "Ctrl"):
        assert word in said
