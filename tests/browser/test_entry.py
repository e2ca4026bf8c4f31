"""Entering in a browser: by form, paste and file; drafts, double clicks, corrections; with JavaScript and without."""

from __future__ import annotations

import re
from itertools import count

from playwright.sync_api import Page, expect

from tests.browser.visiting import Visits

DAY = "05/03/2019"
_number = count(1)
PASTE = """(element, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  element.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def reference() -> str:
    return f"duyet-{next(_number)}"


def test_every_kind_of_field_holds_on_every_screen(visits: Visits, width: int) -> None:
    visit = visits(who="clerk", width=width)
    for path in (
        "/nhap?unit=gia-binh&q=dai+bai",
        "/nhap/mot?unit=gia-binh&type=member.departed&sex=female",
        "/nhap/mot?unit=gia-binh&type=candidate.trained",
        "/nhap/nhieu?unit=gia-binh&type=member.transferred",
    ):
        visit.open(path)
        visit.check()


def test_a_clerk_says_what_happened_and_sees_that_it_is_counted(visits: Visits, width: int, *, script: bool) -> None:
    visit = visits("/nhap?unit=gia-binh", who="clerk", width=width, script=script)
    page = visit.page
    page.get_by_role("link", name="Kết nạp đảng viên", exact=True).click()
    visit.expected.add(422)
    page.get_by_role("button", name="Xem trước khi gửi").click()
    expect(page.get_by_role("alert")).to_contain_text("Mã đảng viên")
    page.get_by_label("Mã đảng viên").fill(reference())
    page.get_by_label("Ngày quyết định").fill("5/3/2019")
    page.get_by_role("button", name="Xem trước khi gửi").click()
    expect(page.locator("main")).to_contain_text(DAY)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.locator(".entry-sum")).to_contain_text("1 đã tính")


def test_a_double_click_is_one_event(visits: Visits) -> None:
    page = _looked_at(visits, reference())
    page.get_by_role("button", name="Gửi", exact=True).dblclick()
    expect(page.locator(".entry-sum")).to_contain_text("1 đã tính")
    page.get_by_role("link", name=re.compile("Kết nạp đảng viên")).click()
    expect(page.locator("h1")).to_contain_text("Kết nạp đảng viên")
    page.go_back()
    page.go_back()


def test_what_is_typed_outlives_the_page_until_it_is_sent(visits: Visits) -> None:
    where = "/nhap/mot?unit=gia-binh&type=badge.awarded"
    visit = visits(where, who="clerk")
    kept = reference()
    visit.page.get_by_label("Mã đảng viên").fill(kept)
    visit.page.get_by_label("Loại huy hiệu").select_option("55")
    visit.open("/nhap")
    visit.open(where)
    expect(visit.page.get_by_label("Mã đảng viên")).to_have_value(kept)
    expect(visit.page.get_by_label("Loại huy hiệu")).to_have_value("55")
    visit.page.get_by_label("Ngày trao").fill(DAY)
    visit.page.get_by_role("button", name="Xem trước khi gửi").click()
    visit.page.get_by_role("button", name="Gửi", exact=True).click()
    expect(visit.page.locator(".entry-sum")).to_contain_text("1 đã tính")
    visit.open(where)
    expect(visit.page.get_by_label("Mã đảng viên")).to_have_value("")


def test_cells_are_pasted_mended_and_sent(visits: Visits, width: int, *, script: bool) -> None:
    visit = visits("/nhap/nhieu?unit=gia-binh&type=badge.awarded", who="clerk", width=width, script=script)
    page = visit.page
    first, second = reference(), reference()
    if script:
        cells = (
            "STT\tHọ và tên\tMã đảng viên\tHuy hiệu\tNgày trao\n"
            f"1\tNguyễn Văn A\t{first}\t30\t{DAY}\n2\tTrần Thị B\t{second}\t35\t{DAY}\n"
        )
        page.get_by_label("Hàng 1, Đơn vị").evaluate(PASTE, cells)
        expect(page.get_by_label("Hàng 2, Mã đảng viên")).to_have_value(second)
        expect(page.locator("form.entry-paste [role=status]")).to_contain_text("Họ và tên")
        page.get_by_label("Hàng 2, Mã đảng viên").press("Enter")
        expect(page.get_by_label("Hàng 3, Mã đảng viên")).to_be_focused()
    else:
        cells = (
            "Đơn vị\tMã đảng viên\tLoại huy hiệu\tNgày trao\n"
            f"gia-binh\t{first}\t30\t{DAY}\ngia-binh\t{second}\t35\t{DAY}\n"
        )
        page.get_by_role("textbox", name="Các ô").fill(cells)
    page.get_by_role("button", name="Xem trước", exact=True).click()
    expect(page.get_by_role("heading", name="Sửa hàng 3")).to_be_visible()
    assert "Nguyễn Văn A" not in page.content()
    visit.check()
    page.get_by_label("Loại huy hiệu").select_option("45")
    page.get_by_role("button", name="Lưu hàng này").click()
    page.get_by_role("button", name="Gửi 2 hàng").click()
    expect(page.locator(".entry-sum")).to_contain_text("2 đã tính")


def test_a_file_is_refused_by_its_column_of_names(visits: Visits, *, script: bool) -> None:
    visit = visits("/nhap/nhieu?unit=gia-binh&type=badge.awarded", who="clerk", script=script)
    visit.expected.add(422)
    sheet = f"Đơn vị;Mã đảng viên;Huy hiệu;Ngày trao;Họ và tên\ngia-binh;x;30;{DAY};Nguyễn Văn A".encode()
    visit.page.get_by_label("Tệp").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": sheet})
    visit.page.get_by_role("button", name="Tải lên và xem trước").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("Họ và tên")


def test_an_event_is_replaced_and_taken_back(visits: Visits, width: int, *, script: bool) -> None:
    page = _looked_at(visits, reference(), width=width, script=script)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.locator(".entry-sum")).to_contain_text("1 đã tính")
    page.get_by_role("link", name=re.compile("^Kết nạp đảng viên")).click()
    page.get_by_role("link", name="Thay thế").click()
    page.get_by_label("Ngày quyết định").fill("06/03/2019")
    page.get_by_label("Lý do thay").fill("ghi nhầm ngày")
    page.get_by_role("button", name="Xem điều sẽ thay đổi").click()
    expect(page.locator("ins")).to_have_text("06/03/2019")
    page.get_by_role("button", name="Thay sự kiện này").click()
    expect(page.locator(".entry-sum")).to_contain_text("1 đã tính")
    page.get_by_role("link", name=re.compile("^Kết nạp đảng viên")).click()
    page.get_by_role("link", name="Rút lại").click()
    expect(page.locator("main")).to_contain_text("giảm 1")
    page.get_by_label("Lý do").fill("thử")
    page.get_by_role("button", name="Rút lại sự kiện này").click()
    expect(page.locator(".entry-sum")).to_contain_text("1 đã áp dụng")


def _looked_at(visits: Visits, member: str, *, width: int = 1440, script: bool = True) -> Page:
    where = f"/nhap/mot?unit=gia-binh&type=member.admitted&member={member}&decided_on={DAY}"
    page = visits(where, who="clerk", width=width, script=script).page
    page.get_by_role("button", name="Xem trước khi gửi").click()
    return page
