"""Entering by pages: one fact by form, many by paste or sheet, receipts, taking back and saying anew."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import quote

import httpx
import openpyxl
import pytest

from events import words
from events.catalogue import FACTS
from tests.integration.pages.entering import (
    CELL,
    COMMUNE,
    HOSTILE,
    NAMED,
    OTHER,
    counted,
    look,
    paste,
    say,
    upload,
)
from tests.integration.pages.entering import clerk as clerk  # noqa: PLC0414 - a fixture
from tests.integration.pages.entering import running as running  # noqa: PLC0414 - a fixture
from tests.integration.pages.forms import post, press, pressed
from tests.integration.pages.service import text_of
from tests.integration.sheets import DAY

HEADS = "Đơn vị\tMã đảng viên\tNgày quyết định\tGiới tính\n"


async def test_entering_begins_with_the_unit_of_the_role_and_what_happened_in_words(clerk: httpx.AsyncClient) -> None:
    begun = await clerk.get("/nhap")
    said = text_of(begun.text)
    assert "Đảng ủy xã A" in said
    assert all(words.TYPES[fact.type] in said for fact in FACTS)
    below = await clerk.get("/nhap", params={"q": "thon mot"})
    assert f'href="/nhap?unit={CELL}"' in below.text
    assert OTHER not in (await clerk.get("/nhap", params={"q": "xa b"})).text


async def test_each_form_has_the_fields_of_its_type(clerk: httpx.AsyncClient) -> None:
    for fact in FACTS:
        page = (await clerk.get("/nhap/mot", params={"unit": CELL, "type": fact.type})).text
        for name, field in {**words.FIELDS[fact.type], **words.FACETS}.items():
            assert f'name="{name}"' in page
            assert field.head in text_of(page)


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(clerk: httpx.AsyncClient) -> None:
    bad = await look(clerk, "member.admitted", member="Nguyễn Văn A", decided_on="31/02/2024", sex="female")
    assert bad.status_code == 422
    assert 'value="Nguyễn Văn A"' in bad.text
    assert 'value="31/02/2024"' in bad.text
    assert 'value="female" checked' in bad.text
    assert 'id="f-decided_on-sai">không phải một ngày có thật' in bad.text
    assert bad.text.count('aria-invalid="true"') == 2
    empty = await look(clerk, "badge.awarded")
    assert text_of(empty.text).count("Cần điền ô này.") == 6  # three fields, beside each and above them


async def test_a_fact_is_looked_at_then_sent_and_twice_is_once(clerk: httpx.AsyncClient) -> None:
    shown = await look(clerk, "badge.awarded", member="h-1", grade="40", awarded_on="3/2/2026", sex="male")
    said = text_of(shown.text)
    assert "03/02/2026" in said
    assert "Sẽ được tính" in said
    sent = [await press(clerk, shown, "Gửi") for _ in range(2)]
    receipts = [each.headers["location"] for each in sent]
    receipt = await counted(clerk, receipts[0])
    assert "1 đã tính" in text_of(receipt)
    # Pressed again after a while it leads to the event that was sent.
    later = await press(clerk, shown, "Gửi")
    assert later.headers["location"].startswith(f"/su-kien/{CELL}/s-")
    again = text_of(
        (await look(clerk, "badge.awarded", member="h-1", grade="40", awarded_on="03/02/2026", sex="male")).text
    )
    assert "đã gửi rồi, không cần gửi nữa" in again
    event = (await clerk.get(later.headers["location"])).text
    assert "Đã tính" in text_of(event)


async def test_what_was_changed_after_it_was_looked_at_is_looked_at_again(clerk: httpx.AsyncClient) -> None:
    shown = await look(clerk, "candidate.introduced", candidate="u-1", on=DAY)
    action, fields = pressed(shown.text, "Gửi")
    changed = await clerk.post(action, data={**fields, "candidate": "u-2"})
    assert changed.status_code == 200
    assert "Xem trước khi gửi" in text_of(changed.text)
    assert pressed(changed.text, "Gửi")[1]["id"] != fields["id"]


async def test_the_same_fact_with_other_content_is_offered_as_a_replacement(clerk: httpx.AsyncClient) -> None:
    await counted(clerk, await say(clerk, "candidate.introduced", candidate="o-1", on=DAY))
    other = await look(clerk, "candidate.introduced", candidate="o-1", on=DAY, sex="female")
    assert "nội dung khác" in text_of(other.text)
    form = await press(clerk, other, "Thay sự kiện đã gửi")
    assert 'value="female" checked' in form.text


async def test_what_is_suspicious_is_told_and_can_be_sent(clerk: httpx.AsyncClient) -> None:
    await counted(clerk, await say(clerk, "member.admitted", member="d-1", decided_on=DAY))
    shown = await look(clerk, "member.admitted", member="d-1", decided_on="01/03/2026")
    assert "người này còn một lần kết nạp khác" in text_of(shown.text)
    assert pressed(shown.text, "Gửi")[1]["step"] == "gui"


async def test_what_will_wait_says_for_what_and_a_unit_is_found_by_its_name(clerk: httpx.AsyncClient) -> None:
    waits = await look(clerk, "member.transferred", member="c-1", to="chua-co", on=DAY)
    assert "Sẽ chờ : đơn vị chưa được biết" in text_of(waits.text)
    named = await look(clerk, "member.transferred", member="c-1", to="Đảng ủy xã B", on=DAY)
    assert f"Đảng ủy xã B ({OTHER})" in text_of(named.text)
    several = await look(clerk, "member.transferred", member="c-1", to="Đảng ủy xã", on=DAY)
    assert several.status_code == 422
    assert f'type="radio" name="to" value="{OTHER}"' in several.text
    page = await counted(clerk, await say(clerk, "member.transferred", member="c-1", to="chua-co", on=DAY))
    assert "1 đang chờ" in text_of(page)
    assert "đơn vị chưa được biết" in text_of(page)


async def test_pasted_rows_are_looked_at_mended_sent_and_come_back_with_results(clerk: httpx.AsyncClient) -> None:
    rows = f"{CELL}\tp-1\t{DAY}\tnữ\r\n{CELL}\tp-2\t32/01/2026\tnam\r\nChi bộ thôn Một\tp-3\t{DAY}\t\r\n"
    made = await paste(clerk, "member.admitted", HEADS + rows)
    assert made.status_code == 303
    where = made.headers["location"]
    sheet = (await clerk.get(where)).text
    assert "Sửa hàng 3" in text_of(sheet)
    assert "không phải một ngày có thật" in text_of(sheet)
    assert "Gửi 2 hàng" in text_of(sheet)
    assert 'value="32/01/2026"' in sheet
    assert '<option value="male" selected>' in sheet
    assert "1 hàng chưa gửi được" in text_of(sheet)
    begun = text_of((await clerk.get("/nhap")).text)
    assert "Không còn bảng nào chưa gửi" not in begun
    cells = {"c.unit": CELL, "c.member": "p-2", "c.decided_on": "không rõ", "c.sex": "male"}
    still = await post(clerk, f"{where}/hang/3", cells)
    assert still.headers["location"].endswith("?hang=3#hang-3")
    mended = await post(clerk, f"{where}/hang/3", {**cells, "c.decided_on": DAY})
    assert mended.status_code == 303
    assert "Gửi 3 hàng" in text_of((await clerk.get(where)).text)
    sent = await post(clerk, f"{where}/gui")
    receipt = await counted(clerk, sent.headers["location"])
    assert "3 đã tính" in text_of(receipt)
    assert "hàng 3" in text_of(receipt)
    again = await post(clerk, f"{where}/gui")
    assert again.headers["location"] in {sent.headers["location"], f"{where}?gui=0"}
    late = await post(clerk, f"{where}/hang/3", cells)
    assert late.status_code == 409
    result = await clerk.get(f"/v1/imports/{where.rsplit('/', 1)[1]}.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(result.content)).active is not None


async def test_a_long_sheet_is_shown_a_hundred_rows_at_a_time(clerk: httpx.AsyncClient) -> None:
    where = await _confirmed(clerk, 120)
    first = (await clerk.get(where)).text
    assert "Gửi 120 hàng" in text_of(first)
    assert (first.count('id="hang-'), "1–100 của 120" in text_of(first)) == (100, True)
    assert (await clerk.get(f"{where}?trang=2")).text.count('id="hang-') == 20
    await post(clerk, f"{where}/xoa")


@pytest.mark.long
async def test_a_longer_one_goes_on_a_thousand_rows_at_a_time(clerk: httpx.AsyncClient) -> None:
    where = await _confirmed(clerk, 1_050)
    last = (await clerk.get(f"{where}?trang=10")).text
    onward = re.search(r'href="([^"]*cursor=[^"]*)"', last)
    assert onward is not None
    assert (await clerk.get(html.unescape(onward[1]))).text.count('id="hang-') == 50
    await post(clerk, f"{where}/xoa")


async def test_a_template_filled_in_is_uploaded(clerk: httpx.AsyncClient) -> None:
    page = (await clerk.get("/nhap/nhieu", params={"unit": COMMUNE, "type": "member.restored"})).text
    template = f"/v1/units/{COMMUNE}/templates/member.restored.xlsx"
    assert f'href="{template}"' in page
    book = openpyxl.load_workbook(io.BytesIO((await clerk.get(template)).content))
    sheet = book.worksheets[0]
    heads = next(
        row for row in sheet.iter_rows() if {"Đơn vị", "Mã đảng viên"} <= {str(cell.value).strip(" *") for cell in row}
    )
    named = {str(cell.value).strip(" *"): cell.column for cell in heads}
    for head, text in {"Đơn vị": CELL, "Mã đảng viên": "t-1", "Ngày phục hồi": DAY}.items():
        sheet.cell(sheet.max_row + (head == "Đơn vị"), named[head], text)
    written = io.BytesIO()
    book.save(written)
    made = await upload(clerk, "member.restored", written.getvalue())
    assert made.status_code == 303, text_of(made.text)
    assert "Gửi 1 hàng" in text_of((await clerk.get(made.headers["location"])).text)
    gone = await post(clerk, f"{made.headers['location']}/xoa")
    assert gone.headers["location"] == "/nhap"
    assert (await clerk.get(made.headers["location"])).status_code == 404


async def test_a_column_of_personal_data_is_refused_by_name_and_what_was_pasted_is_shown_again(
    clerk: httpx.AsyncClient,
) -> None:
    cells = f"Đơn vị\tMã đảng viên\tNgày quyết định\tHọ và tên\n{CELL}\tx-1\t{DAY}\tBí Mật\n"
    refused = await paste(clerk, "member.admitted", cells)
    assert refused.status_code == 422
    assert "không có cột “Họ và tên”" in text_of(refused.text)
    assert "Bí Mật" in refused.text
    file = await upload(clerk, "member.admitted", cells.replace("\t", ";").encode())
    assert file.status_code == 422
    assert "Bí Mật" not in file.text
    nothing = await upload(clerk, "member.admitted", b"")
    assert nothing.status_code == 422
    assert "hãy chọn tệp" in text_of(nothing.text)


async def test_what_was_taken_back_is_sent_again_only_where_the_clerk_says_so(clerk: httpx.AsyncClient) -> None:
    where = await say(clerk, "member.admitted", member="r-1", decided_on=DAY)
    await counted(clerk, where)
    event = (await _events(clerk, where))[0]
    asked = await clerk.get(f"/nhap/rut-lai/{event}")
    assert "số “Kết nạp” của Chi bộ thôn Một và mọi cấp trên giảm 1" in text_of(asked.text)
    no_reason = await post(clerk, f"/nhap/rut-lai/{event}", {"reason": " "})
    assert no_reason.status_code == 422
    assert "Cần ghi lý do" in text_of(no_reason.text)
    done = await post(clerk, f"/nhap/rut-lai/{event}", {"reason": "nhầm người"})
    await counted(clerk, done.headers["location"])
    twice = await post(clerk, f"/nhap/rut-lai/{event}", {"reason": "nhầm người"})
    assert twice.headers["location"].startswith(f"/su-kien/{CELL}/r-")
    shown = text_of((await clerk.get(f"/su-kien/{event}")).text)
    assert "Lý do: nhầm người" in shown
    assert "Báo lại đúng" in shown
    assert (await clerk.get(f"/nhap/rut-lai/{event}")).status_code == 409
    back = await look(clerk, "member.admitted", member="r-1", decided_on=DAY)
    assert "đã gửi rồi bị rút lại" in text_of(back.text)
    anew = await press(clerk, back, "Vẫn gửi lại")
    sent = await press(clerk, anew, "Gửi")
    assert "1 đã tính" in text_of(await counted(clerk, sent.headers["location"]))
    assert (await _events(clerk, sent.headers["location"]))[0].endswith(".2")
    right = await clerk.get("/nhap/mot", params={"lai": event.replace("/", " ")})
    assert 'value="r-1"' in right.text


async def test_an_event_is_replaced_in_one_step_that_is_looked_at_first(clerk: httpx.AsyncClient) -> None:
    where = await say(clerk, "badge.awarded", member="w-1", grade="30", awarded_on=DAY)
    await counted(clerk, where)
    event = (await _events(clerk, where))[0]
    form = await clerk.get(f"/nhap/thay/{event}")
    assert '<option value="30" selected>' in form.text
    typed = {"member": "w-1", "grade": "50", "awarded_on": DAY, "reason": "nhầm loại", "step": "xem"}
    same = await post(clerk, f"/nhap/thay/{event}", {**typed, "grade": "30"})
    assert (same.status_code, "chưa khác gì" in text_of(same.text)) == (422, True)
    bad = await post(clerk, f"/nhap/thay/{event}", {**typed, "awarded_on": "nay mai", "reason": ""})
    assert (bad.status_code, 'value="nay mai"' in bad.text) == (422, True)
    shown = await post(clerk, f"/nhap/thay/{event}", typed)
    assert "<del>30</del>" in shown.text
    assert "<ins>50</ins>" in shown.text
    done = await press(clerk, shown, "Thay sự kiện này")
    page = text_of(await counted(clerk, done.headers["location"]))
    assert "1 đã tính" in page
    assert "1 đã áp dụng" in page
    twice = await press(clerk, shown, "Thay sự kiện này")
    assert twice.headers["location"].startswith(f"/su-kien/{CELL}/s-")
    assert (await clerk.get(f"/nhap/thay/{event}")).status_code == 409


async def test_that_nothing_happened_is_said_and_that_figures_are_declared(clerk: httpx.AsyncClient) -> None:
    form = await clerk.get("/nhap/khai-bao", params={"unit": HOSTILE})
    assert "Không phát sinh" in text_of(form.text)
    days = {"unit": HOSTILE, "from": "01/01/2019", "to": "31/01/2019", "step": "xem"}
    nothing = await post(clerk, "/nhap/khai-bao", {**days, "khong": "1", "introductions": "1.234"})
    assert "Giới thiệu QCƯT 01/2019 1.234 Sẽ được ghi nhận" in text_of(nothing.text)
    sent = await press(clerk, nothing, "Gửi")
    assert "9 đã áp dụng" in text_of(await counted(clerk, sent.headers["location"]))
    again = await press(clerk, nothing, "Gửi")
    assert again.headers["location"].startswith(f"/su-kien/{HOSTILE}/d-")
    assert (await clerk.get(again.headers["location"])).status_code == 200
    why = text_of((await clerk.get(again.headers["location"].replace("/su-kien", "/nhap/rut-lai"))).text)
    assert "01/01/2019 – 31/01/2019" in why
    bad = await clerk.post(
        "/nhap/khai-bao", data={**days, "to": "1/13/2019", "badges": "vài", "members": "5", "on": ""}
    )
    assert bad.status_code == 422
    assert bad.text.count('aria-invalid="true"') == 3
    assert 'value="vài"' in bad.text
    empty = await post(clerk, "/nhap/khai-bao", days)
    assert "Chưa có số nào" in text_of(empty.text)
    other = await post(clerk, "/nhap/khai-bao", {**days, "unit": OTHER, "khong": "1"})
    assert "không được gửi với tư cách" in text_of(other.text)


async def test_names_that_mean_harm_are_text_everywhere(clerk: httpx.AsyncClient) -> None:
    pages = [
        await clerk.get("/nhap"),
        await clerk.get("/nhap", params={"unit": HOSTILE}),
        await look(clerk, "member.admitted", HOSTILE, member='"><script>', decided_on="<b>"),
        await look(clerk, "member.admitted", HOSTILE, member="n-1", decided_on=DAY),
        await clerk.get(await say(clerk, "member.admitted", HOSTILE, member="n-2", decided_on=DAY)),
        await paste(
            clerk, "member.admitted", HEADS.replace("Giới tính", "<img src=x onerror=alert(1)>") + "a\tb\tc\td\n"
        ),
    ]
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
    assert NAMED.split(">")[1].split("<")[0] in text_of(pages[1].text)


async def test_english_is_said_on_all_of_it(clerk: httpx.AsyncClient) -> None:
    for path in (
        "/nhap",
        f"/nhap/mot?unit={CELL}&type=badge.awarded",
        f"/nhap/nhieu?unit={CELL}&type=badge.awarded",
        "/nhap/bang",
        "/phieu",
    ):
        page = text_of((await clerk.get(path + ("&" if "?" in path else "?") + "lang=en")).text)
        assert "Nhập" not in page
        assert "Xem" not in page


async def _confirmed(clerk: httpx.AsyncClient, many: int) -> str:
    rows = "".join(f"{CELL}\tl-{n}\t{DAY}\t\n" for n in range(many))
    return str((await paste(clerk, "member.confirmed", HEADS + rows)).headers["location"])


async def _events(clerk: httpx.AsyncClient, receipt: str) -> list[str]:
    answer = (await clerk.get(f"/v1/receipts/{receipt.rsplit('/', 1)[1]}")).json()
    return [f"{item['publisher']}/{quote(item['id'])}" for item in answer["items"]]
