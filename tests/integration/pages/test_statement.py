"""The page of the sentence: clauses to pick, those of the five documents, refusals beside their clauses (screen 7)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from projections.answers.sentence.clauses import RATES, SAYABLE
from services.pages.asking import Questions
from tests.integration.pages.over_log import pages_over
from tests.integration.pages.service import Service, text_of
from tests.oracle.telling import ROOT, admitted, assigned, founded, renamed, root, say

DAYS = "from=2023-01-01&to=2023-11-28"
PAGE = f"/don-vi/gia-binh/cau-bao-cao?{DAYS}"
HOSTILE = "<b onclick=alert(1)>x</b>{{ 7*7 }}"
DOCUMENTS = {
    "chi-bo-4-bhxh": "from=2022-01-01&to=2022-07-07&say=introductions:goal,members_of_staff",
    "tp-thanh-hoa": "from=2021-01-01&to=2021-12-31&say=admissions:target",
    "btg-dien-bien": "from=2015-01-01&to=2018-02-06&say=admissions,members_of_staff",
    "gia-binh": DAYS,
    "khoi-cqdn-ben-tre": "from=2021-01-01&to=2021-08-28&say=introductions,admissions:goal",
}


def sentence(page: str) -> str:
    found = re.search(r"<blockquote><p>(.*?)</p></blockquote>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def reason(page: str, say: str) -> str:
    """Return what stands beside a clause that is refused."""
    found = re.search(rf'<p class="refusal" id="vi-sao-{re.escape(say)}">(.*?)</p>', page, re.DOTALL)
    assert found is not None
    return text_of(found[1])


@pytest.mark.parametrize("unit", DOCUMENTS)
async def test_the_sentences_of_the_five_documents(service: Service, unit: str) -> None:
    async with service.browser("everything") as browser:
        page = await browser.get(f"/don-vi/{unit}/cau-bao-cao?{DOCUMENTS[unit]}")
        answer = (await browser.get(f"/v1/units/{unit}/statement?{DOCUMENTS[unit]}")).json()
    assert page.status_code == 200
    assert sentence(page.text) == answer["text"]
    said = text_of(page.text)
    assert answer["footing"] in said
    for clause in answer["clauses"]:
        for each in clause["numbers"]:
            for source in each["said"]:
                event = f"{source['publisher']}/{source['id']}"
                assert event in said
                assert f'href="/su-kien/{event}"' in page.text


async def test_gia_binh_of_2023(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = (await browser.get(PAGE)).text
    assert sentence(page) == (
        "Từ đầu năm 2023 đến ngày 28/11/2023, Đảng bộ huyện Gia Bình kết nạp 89 đảng viên mới; chuyển đảng chính thức "
        "cho 99 đảng viên dự bị; trao tặng Huy hiệu Đảng cho 396 đảng viên."
    )


async def test_every_clause_can_be_picked_and_every_rate_checked(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = (await browser.get(PAGE)).text
    assert set(re.findall(r'type="checkbox" name="say" value="([^"]+)"', page)) == set(SAYABLE)
    assert set(re.findall(r'<option value="([^"]+)"', page)) == set(RATES)
    checked = re.findall(r'name="say" value="([^"]+)" checked', page)
    assert checked == ["admissions", "confirmations", "badges"]


async def test_what_a_form_sends_has_one_address(service: Service) -> None:
    sent = f"{PAGE}&say=&say=badges&say=admissions&rate=members_of_staff&percent=84%2C2"
    async with service.browser("leader") as browser:
        moved = await browser.get(sent)
    assert moved.status_code == 303
    assert moved.headers["location"] == (f"{PAGE}&say=admissions,badges&claim=members_of_staff:84,2")


async def test_a_clause_that_is_refused_says_why_and_the_others_are_said(service: Service) -> None:
    asked = "from=2022-01-01&to=2022-07-07&say=admissions,introductions:goal,members_of_staff,key_posts"
    async with service.browser("everything") as browser:
        page = await browser.get(f"/don-vi/chi-bo-4-bhxh/cau-bao-cao?{asked}&claim=members_of_staff:85")
        alone = (await browser.get(f"/v1/units/chi-bo-4-bhxh/statement?{asked}")).json()
        kept = "from=2022-01-01&to=2022-07-07&say=introductions:goal,members_of_staff"
        answer = (await browser.get(f"/v1/units/chi-bo-4-bhxh/statement?{kept}")).json()
    assert page.status_code == 200
    assert sentence(page.text) == answer["text"]
    assert [each["clause"] for each in alone["refused"]] == ["admissions", "key_posts"]
    assert reason(page.text, "admissions") == f"Kết nạp, số đếm được: {alone['detail']}"
    assert "chưa khai báo số đảng viên giữ vị trí chủ chốt" in reason(page.text, "key_posts")
    assert "85% không ứng với số nguyên nào trên 19: 16/19 = 84,2%, 17/19 = 89,5%" in text_of(page.text)
    files = [html.unescape(each) for each in re.findall(r'href="(/v1/[^"]+)" download', page.text)]
    assert all("say=introductions:goal,members_of_staff&format=" in each for each in files)


async def test_where_nothing_can_be_said_each_reason_is_given(service: Service) -> None:
    async with service.browser("leader") as browser:
        none = await browser.get(f"{PAGE}&say=admissions:goal,members")
        empty = await browser.get(f"{PAGE}&say=")
        unknown = await browser.get(f"{PAGE}&say=secrets")
        odd = await browser.get(f"{PAGE}&claim=members_of_staff:viele")
    assert (none.status_code, empty.status_code, unknown.status_code, odd.status_code) == (422, 200, 422, 200)
    assert "<blockquote" not in none.text + empty.text
    assert "Không có chỉ tiêu nào" in reason(none.text, "admissions:goal")
    assert "đơn vị chưa khai báo số đảng viên" in reason(none.text, "members")
    assert "Chưa chọn nội dung nào." in text_of(empty.text)
    assert "“say”" in text_of(unknown.text)
    assert "members_of_staff:84,2" in text_of(odd.text)  # what it takes is said by an example


async def test_whoever_picks_everything_costs_two_questions(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    send = Questions.send

    async def counting(self: Questions, method: str, path: str, *more: Any, **named: Any) -> Any:
        asked.append(path)
        return await send(self, method, path, *more, **named)

    monkeypatch.setattr(Questions, "send", counting)
    async with service.browser("leader") as browser:
        page = await browser.get(f"{PAGE}&say={','.join(SAYABLE)}&claim=members_of_staff:84")
        answer = (await browser.get(f"/v1/units/gia-binh/statement?{DAYS}&say={','.join(SAYABLE)}")).json()
    assert page.status_code == 200
    assert asked.count("/v1/units/gia-binh/statement") == 2
    refused = {each["clause"]: each["detail"] for each in answer["refused"]}
    assert set(refused) == set(re.findall(r'id="vi-sao-([^"]+)"', page.text))
    assert all(reason(page.text, clause).endswith(detail) for clause, detail in refused.items())


async def test_a_hostile_name_or_resolution_or_claim_is_text(database: str) -> None:
    data = {"measure": "admissions", "from": "2023-01-01", "to": "2023-12-31", "at_least": 2, "resolution": HOSTILE}
    log = [
        root(),
        founded("huyen", ROOT, "2000-01-01"),
        renamed("huyen", f"Chi bộ {HOSTILE}", "2001-01-01", "ten"),
        say(ROOT, "chi-tieu", "target.assigned", "huyen", data),
        assigned("huyen", "badges", ("2023-01-01", "2023-12-31"), (0, None), "khong"),
        admitted("huyen", "2023-02-02", "a-1"),
    ]
    address = "/don-vi/huyen/cau-bao-cao?from=2023-01-01&to=2023-12-31&say=admissions,badges:target"
    async with pages_over(database, log) as browser:
        page = (await browser.get(f"{address}&claim=admissions_of_target:%22%3E%3Cscript%3E")).text
    assert "<b onclick" not in page
    assert "<script>" not in page
    assert sentence(page) == f"Năm 2023, Chi bộ {HOSTILE} kết nạp 1 đảng viên mới, đạt 50% chỉ tiêu được giao."
    assert f"theo {HOSTILE}" in html.unescape(page)


async def test_it_is_confined_by_access(service: Service) -> None:
    for who, status in {"leader": 200, "officer": 200, "clerk": 200, "keeper": 403, "nobody": 403, None: 303}.items():
        async with service.browser(who) as browser:
            assert (await browser.get(PAGE)).status_code == status, who
