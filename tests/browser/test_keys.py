"""Access, accounts, operations and help in a browser: on all screens, and the whole way of a newcomer."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.browser.visiting import Visits

PAGES = (
    ("keeper", "/quyen?unit=gia-binh", "Huyện ủy Gia Bình"),
    ("everything", "/quyen", "Ban Chấp hành Trung ương Đảng"),
    ("officer", "/tai-khoan", "officer@example.org"),
    ("everything", "/nhat-ky-truy-cap", "Nhật ký truy cập"),
    ("operator", "/van-hanh", "Vận hành"),
    ("everything", "/van-hanh/dang-cho", "Sự kiện đang chờ"),
    ("leader", "/tro-giup", "Trợ giúp"),
    ("nobody", "/", "Chưa có quyền xem số liệu"),
    (None, "/sign-in?next=/quyen", "Đăng nhập / Sign in"),
    ("leader", "/sign-out", "Đăng xuất / Sign out"),
)


@pytest.mark.parametrize(("who", "path", "title"), PAGES, ids=[path for _, path, _ in PAGES])
def test_it_is_read_on_every_screen(visits: Visits, width: int, who: str | None, path: str, title: str) -> None:
    for script in (True, False):
        page = visits(path, who=who, width=width, script=script).page
        assert page.locator("h1").inner_text() == title


def test_a_newcomer_is_invited_and_let_in_and_out(visits: Visits, *, script: bool) -> None:
    name = f"moi-{uuid4().hex[:8]}"
    keeper = visits("/quyen?unit=gia-binh", who="keeper", script=script).page
    keeper.get_by_label("Tên đăng nhập của người mới").fill(name)
    keeper.get_by_role("button", name="Lập và mời").click()
    address = keeper.get_by_label("Địa chỉ thư mời").input_value()
    if script:
        keeper.get_by_role("button", name="Chép").click()
        keeper.get_by_role("button", name="Đã chép").wait_for()

    newcomer = visits(who=None, script=script).page
    newcomer.goto(address)
    for label in ("Mật khẩu mới / New password", "Nhập lại / Once more"):
        newcomer.get_by_label(label).fill("một mật khẩu đủ dài")
    newcomer.get_by_role("button").click()
    assert newcomer.locator("h1").inner_text() == "Chưa có quyền xem số liệu"

    keeper.get_by_role("link", name="Cấp quyền").click()
    keeper.get_by_role("combobox", name="Tài khoản").fill(name)
    keeper.get_by_role("button", name="Cấp", exact=True).click()
    assert "Đã có hiệu lực" in keeper.locator(".note").inner_text()
    newcomer.get_by_role("link", name="Mở lại").click()
    assert newcomer.locator("h1").inner_text() == "Huyện ủy Gia Bình"

    row = keeper.get_by_role("row").filter(has_text=name).first
    row.locator("summary").click()
    row.get_by_role("button").click()
    assert "Đã thu hồi" in keeper.locator(".note").inner_text()
    newcomer.goto(newcomer.url.partition("/don-vi")[0] + "/")
    assert newcomer.locator("h1").inner_text() == "Chưa có quyền xem số liệu"

    newcomer.get_by_role("link", name=name).click()
    newcomer.get_by_role("button", name="Đăng xuất").click()
    assert newcomer.locator("h1").inner_text() == "Đăng nhập / Sign in"
    newcomer.get_by_label("Tên đăng nhập").fill(name)
    newcomer.get_by_label("Mật khẩu").fill("một mật khẩu đủ dài")
    newcomer.get_by_role("button").click()
    assert newcomer.locator("h1").inner_text() == "Chưa có quyền xem số liệu"


def test_a_token_is_made_shown_once_and_deleted(visits: Visits, *, script: bool) -> None:
    page = visits("/tai-khoan", who="officer", script=script).page
    name = f"bảng tin {uuid4().hex[:6]}"
    page.get_by_text("Lập token mới").click()
    page.get_by_label("Tên, để nhớ nó dùng vào việc gì").fill(name)
    page.get_by_label("Người xem số liệu").check()
    page.get_by_role("button", name="Lập token").click()
    assert page.get_by_label("Token", exact=True).input_value().startswith("tonghop_")
    page.get_by_role("link", name="Về tài khoản của tôi").click()
    row = page.get_by_role("row").filter(has_text=name)
    row.locator("summary").click()
    row.get_by_role("button").click()
    assert name not in page.locator("main").inner_text()


def test_the_page_of_operators_keeps_itself_fresh(visits: Visits) -> None:
    visit = visits(who="operator")
    visit.page.clock.install()
    visit.open("/van-hanh")
    visit.page.evaluate("document.getElementById('tinh-trang').dataset.old = '1'")
    visit.page.clock.run_for(31_000)
    visit.page.wait_for_selector("#tinh-trang:not([data-old])")
    assert "Dịch vụ" in visit.page.locator("#tinh-trang").inner_text()
