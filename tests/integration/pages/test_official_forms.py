"""Official forms: each number is the one that other answers tell, on the page and in every file (screen 13)."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import docx
import httpx
import msgspec
import openpyxl
import pytest
from pypdf import PdfReader

from projections.answers.forms.form_answers import FilledForm
from projections.answers.tables.form_table import form_table
from projections.answers.words.form_words import MISSING
from projections.answers.words.vietnamese_format import number, percentage
from services.files.documents import write_document
from services.files.printing import write_pdf
from services.files.templates import own_templates
from services.files.workbooks import write_workbook
from tests.integration.pages.service import Service, text_of

YEAR = "from=2025-01-01&to=2025-12-31"
GIA_BINH = "from=2023-01-01&to=2023-11-30"
COMPARED = "compare=last-year"


async def get(service: Service, path: str, who: str = "everything") -> Any:
    async with service.browser(who) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Find lines by what stands before them: a text may come again under another one."""
    found, above = {}, ""
    for row in form["rows"]:
        if row["indent"] < 2:
            above = row["text"]
        found[row["text"] if row["indent"] < 2 else f"{above}: {row['text']}"] = row
    return found


async def test_the_forms_are_listed_with_what_they_were_taken_from(service: Service) -> None:
    forms = (await get(service, "/v1/forms", "nobody"))["forms"]
    assert [each["form"] for each in forms] == ["1", "2", "8", "10-ii"]
    assert not any(each["checked"] or each["own"] for each in forms)


@pytest.mark.parametrize("form", ["2", "8"])
async def test_each_number_is_the_reports(service: Service, form: str) -> None:
    filled = await get(service, f"/v1/units/gia-binh/forms/{form}?{GIA_BINH}", "leader")
    reports = {
        dimension: await get(service, f"/v1/units/gia-binh/report?{GIA_BINH}&{COMPARED}&by=facet:{dimension}", "leader")
        for dimension in {row["dimension"] for row in filled["rows"]} - {None}
    }
    codes = {
        "Phụ nữ": ["female"], "Dân tộc thiểu số": ["minority"], "Công nhân": ["worker"], "18 – 30 tuổi": ["18-30"],
        "Trên 50 tuổi": ["51-60", "over-60"], "Đại học": ["bachelor"], "Tiến sĩ": ["doctor"], "Kết nạp lại": ["yes"],
        "Huy hiệu 30 năm tuổi Đảng": ["30"], "Huy hiệu 45 năm tuổi Đảng": ["45"], "Truy tặng": ["yes"],
    }  # fmt: skip
    looked = 0
    for row in filled["rows"]:
        if row["kind"] != "counted" or row["dimension"] is None or row["text"] not in codes:
            continue
        cells = {each["code"]: each for each in reports[row["dimension"]]["rows"] if "code" in each}
        for which, key in (("value", "values"), ("last_year", "last_year")):
            of = [cells[code][key][row["measures"]] for code in codes[row["text"]]]
            expected = None if None in of else sum(of)
            assert row[which] == expected, row
        looked += 1
    assert looked > 2
    total = filled["rows"][0]
    report = await get(service, f"/v1/units/gia-binh/report?{GIA_BINH}&{COMPARED}&by=none", "leader")
    assert (total["value"], total["last_year"]) == (
        report["total"][total["measures"]],
        report["last_year"]["total"][total["measures"]],
    )


@pytest.mark.long
async def test_transfers_are_told_apart_by_the_provinces_of_the_day(service: Service) -> None:
    form = lines(await get(service, f"/v1/units/bac-ninh/forms/1?{YEAR}"))
    async with service.browser() as browser:

        async def asked(path: str) -> Any:
            return (await browser.get(path)).json()

        async def province(unit: str, day: str) -> str | None:
            found = await asked(f"/v1/units/{unit}?on={day}")
            return next((u["id"] for u in [*found["ancestors"], found] if u["level"] == "province"), None)

        for measure, name in (
            ("transfers_in", "Chuyển đến: Từ tỉnh khác"),
            ("transfers_out", "Chuyển đi: Đi tỉnh khác"),
        ):
            listed = (await asked(f"/v1/units/bac-ninh/events?{YEAR}&measure={measure}"))["events"]
            others = 0
            for each in listed:
                event = (await asked(f"/v1/events/{each['publisher']}/{each['id']}"))["event"]
                ends = [await province(unit, each["day"]) for unit in (event["subject"], event["data"]["to"])]
                others += ends[0] != ends[1]
            assert 0 < others < len(listed)
            assert form[name]["value"] == others
            assert form[f"{name.partition(':')[0]}: Trong tỉnh"]["value"] == len(listed) - others


async def test_the_lines_of_increase_and_decrease_sum(service: Service) -> None:
    form = lines(await get(service, f"/v1/units/trung-uong/forms/1?{YEAR}&cells=all"))

    def value(name: str) -> int:
        return int(form[name]["value"])

    assert value("Đảng viên tăng trong kỳ") == value("Kết nạp") + value("Chuyển đến") + value("Phục hồi đảng tịch")
    reasons = ("Từ trần", "Khai trừ", "Xóa tên", "Xin ra khỏi Đảng", "Dự bị không được công nhận")
    assert value("Đảng viên giảm trong kỳ") == sum(map(value, reasons)) + value("Chuyển đi")
    assert value("Chênh lệch chuyển đi – chuyển đến") == value("Chuyển đi") - value("Chuyển đến")


async def test_the_stock_is_that_of_the_indicators(service: Service) -> None:
    unit, days = "chi-bo-4-bhxh", "from=2022-07-01&to=2022-12-31"
    form = lines(await get(service, f"/v1/units/{unit}/forms/1?{days}"))
    ends = [await get(service, f"/v1/units/{unit}/indicators?on={day}") for day in ("2022-06-30", "2022-12-31")]
    opening, closing = (each["stock"]["computed"] for each in ends)
    assert (form["Đảng viên đầu kỳ"]["value"], form["Đảng viên cuối kỳ"]["value"]) == (opening, closing)
    assert closing is not None
    assert (opening is None) == (form["Đảng viên đầu kỳ"]["reason"] == "not_declared")


async def test_who_admitted_nobody_is_counted_as_silence_has_it(service: Service) -> None:
    days = "from=2024-01-01&to=2024-12-31"
    row = lines(await get(service, f"/v1/units/bac-ninh/forms/10-ii?{days}"))[
        "Tổ chức cơ sở đảng không kết nạp được đảng viên (tổ chức)"
    ]
    for which, asked in (("value", days), ("last_year", "from=2023-01-01&to=2023-12-31")):
        silence = await get(service, f"/v1/units/bac-ninh/silence?{asked}&level=grassroots")
        assert row[which] == silence["admitted_nobody"]["count"]
    now = lines(await get(service, f"/v1/units/bac-ninh/forms/10-ii?{days}&basis=as-now"))[row["text"]]
    assert (now["value"], now["reason"]) == (None, "not_on_this_basis")


async def test_what_the_log_cannot_answer_is_said_and_never_zero(service: Service) -> None:
    rows = lines(await get(service, f"/v1/units/gia-binh/forms/2?{GIA_BINH}"))
    age = rows["Tuổi bình quân"]
    assert (age["kind"], age["value"], age["reason"]) == ("not_collected", None, "not_collected")
    async with service.browser() as browser:
        page = text_of((await browser.get(f"/don-vi/gia-binh/bieu/2?{GIA_BINH}")).text)
    assert "Tuổi bình quân không thu thập không thu thập" in page


def printed(value: float | None, reason: str | None, *, percent: bool = False) -> str:
    if reason is not None:
        return MISSING[reason]
    return "" if value is None else percentage(value) if percent else number(int(value))


def as_printed(form: dict[str, Any]) -> list[list[str]]:
    return [
        [
            *(row["mark"], row["text"]),
            printed(row["value"], row["reason"]),
            printed(row["last_year"], row["last_year_reason"]),
            printed(row["percent"], None, percent=True),
        ]
        for row in form["rows"]
    ]


FRAME = (
    *("Tỉnh ủy Bắc Ninh", "Huyện ủy Gia Bình", "BAN TỔ CHỨC", "Biểu số 2-TCTW", "ĐẢNG VIÊN MỚI KẾT NẠP"),
    *("Đvt: Người", "Người lập biểu", "Gửi trước ngày 20/12/2023", "Biểu mẫu chưa đối chiếu bản gốc."),
)


def rows_of_page(page: str) -> list[list[str]]:
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [[text_of(cell) for cell in re.findall(r"<t[hd][^>]*>.*?</t[hd]>", row, re.DOTALL)] for row in rows]


def check_xlsx(form: dict[str, Any], file: bytes) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(file)).worksheets[0]
    cells = [[cell.value or "" if cell.value != 0 else 0 for cell in row] for row in sheet.iter_rows(max_col=5)]
    begin = next(at for at, row in enumerate(cells) if row[0] == "(1)") + 1
    told = cells[begin : begin + len(form["rows"])]
    for row, texts, there in zip(form["rows"], as_printed(form), told, strict=True):
        amounts = (row["value"], row["last_year"], row["percent"])
        assert there == [*texts[:2], *(t if a is None else a for a, t in zip(amounts, texts[2:], strict=True))]
    said = " ".join(str(value) for row in cells for value in row)
    assert all(text in said for text in FRAME)


def check_docx(form: dict[str, Any], file: bytes) -> None:
    document = docx.Document(io.BytesIO(file))
    table = next(each for each in document.tables if len(each.columns) == 5)
    texts = [node.text for node in table._tbl.iter(docx.oxml.ns.qn("w:t"))]
    assert texts[-len([1 for row in as_printed(form) for text in row if text]) :] == [
        text for row in as_printed(form) for text in row if text
    ]
    said = " ".join(node.text or "" for node in document.element.body.iter(docx.oxml.ns.qn("w:t")))
    assert all(text in said for text in FRAME)


def check_pdf(form: dict[str, Any], file: bytes) -> None:
    said = re.sub(r"\s+", " ", " ".join(each.extract_text() for each in PdfReader(io.BytesIO(file)).pages))
    assert all(text in said for text in FRAME)
    assert all(" ".join(text for text in row if text) in said for row in as_printed(form))


async def test_every_file_has_the_frame_and_the_cells_of_the_screen(service: Service, tmp_path: Path) -> None:
    async with service.browser("leader") as browser:
        answer = (await browser.get(f"/v1/units/gia-binh/forms/2?{GIA_BINH}")).content
        page = (await browser.get(f"/don-vi/gia-binh/bieu/2?{GIA_BINH}")).text
        told = (await browser.get(f"/v1/units/gia-binh/forms/2?{GIA_BINH}&format=csv")).text
    form = json.loads(answer)
    assert rows_of_page(page) == as_printed(form)

    table = form_table(msgspec.json.decode(answer, type=FilledForm))
    rows = list(table.rows)
    write_workbook(table, rows, tmp_path / "xlsx", tmp_path)
    write_document(table, rows, own_templates(), tmp_path / "docx")
    write_pdf(table, rows, own_templates().frame, tmp_path / "pdf")
    check_xlsx(form, (tmp_path / "xlsx").read_bytes())
    check_docx(form, (tmp_path / "docx").read_bytes())
    check_pdf(form, (tmp_path / "pdf").read_bytes())

    names = ("kind", "mark", "text", "value", "reason", "last_year", "last_year_reason", "percent", "measures")
    assert [[row[name] for name in names] for row in csv.DictReader(io.StringIO(told, newline=""))] == [
        ["" if row[name] is None else str(row[name]) for name in names] for row in form["rows"]
    ]


@pytest.mark.long
async def test_the_files_come_over_http(service: Service) -> None:
    form = await get(service, f"/v1/units/gia-binh/forms/2?{GIA_BINH}", "leader")
    async with service.browser("leader") as browser:
        for kind, check in (("xlsx", check_xlsx), ("docx", check_docx), ("pdf", check_pdf)):
            found = await browser.get(f"/v1/units/gia-binh/forms/2?{GIA_BINH}&format={kind}")
            assert found.status_code == 200
            check(form, found.content)


async def test_a_reader_is_shown_whole_months_and_told_so(service: Service) -> None:
    async with service.browser("leader") as browser:
        unasked = await browser.get("/don-vi/gia-binh/bieu/8")
        asked = await browser.get("/don-vi/gia-binh/bieu/8?from=2023-01-01&to=2023-11-28")
        whole = await browser.get("/v1/units/gia-binh/forms/8?from=2023-01-01&to=2023-11-28")
        officers = await browser.get(f"/v1/units/gia-binh/forms/8?{GIA_BINH}&cells=all")
        elsewhere = await browser.get(f"/v1/units/bac-ninh/forms/1?{YEAR}")
    assert unasked.status_code in {200, 303}
    assert (asked.status_code, whole.status_code) == (422, 422)
    assert 'href="/don-vi/gia-binh/bieu/8?from=2023-01-01&amp;to=2023-11-30"' in asked.text
    assert (officers.status_code, elsewhere.status_code) == (403, 403)


async def test_a_number_leads_to_the_report_that_tells_it(service: Service) -> None:
    async with service.browser() as browser:
        page = (await browser.get(f"/don-vi/gia-binh/bieu/8?{GIA_BINH}")).text
    assert (
        'href="/don-vi/gia-binh/bao-cao?from=2023-01-01&amp;to=2023-11-30&amp;measures=badges&amp;by=facet:grade"'
        in page
    )
    assert (
        'href="/v1/units/gia-binh/forms/8?from=2023-01-01&amp;to=2023-11-30&amp;basis=as-was&amp;format=docx"' in page
    )


async def test_forms_are_in_english_too(service: Service) -> None:
    async with service.browser() as browser:
        page = text_of((await browser.get(f"/don-vi/gia-binh/bieu?{GIA_BINH}&lang=en")).text)
    assert "Reported to: Ban Tổ chức tỉnh ủy" in page
    assert "This form has not been held against the original." in page


@pytest.mark.parametrize("path", ["/v1/units/gia-binh/forms/9", "/don-vi/gia-binh/bieu/..%2F..%2Fetc"])
async def test_a_form_that_is_not_there(service: Service, path: str) -> None:
    async with service.browser() as browser:
        missing: httpx.Response = await browser.get(path)
    assert missing.status_code == 404
