"""The page of who has not reported: three states, never merged, counts first, words to remind with (screen 5)."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.integration.pages.over_log import pages_over
from tests.integration.pages.service import Service, text_of
from tests.oracle.telling import ROOT, admitted, declared, founded, renamed, root

YEAR = "from=2023-01-01&to=2023-12-31"
DAYS = ("2023-01-01", "2023-12-31")
PAGE = f"/don-vi/{ROOT}/im-lang?{YEAR}"
HOSTILE = "</textarea><script>alert(1)</script>{{ 7*7 }}\u202eđảo"
UNITS = ["co-so-lieu", "khong", "im", "khac", "doc-hai"]
LOG = [
    root(),
    *(founded(unit, ROOT, "2000-01-01", "province") for unit in UNITS),
    admitted("co-so-lieu", "2023-03-03", "a-1"),
    declared("khong", "admissions", DAYS, 0, "d-1"),
    declared("khac", "admissions", DAYS, 3, "d-2"),
    renamed("doc-hai", HOSTILE, "2001-01-01", "ten"),
]


def counts(page: str) -> dict[str, int]:
    """Read the counts that stand at the head of the page."""
    found = re.findall(r'<div class="count is-(\w+)"><dt>.*?</dt>\s*<dd>([\d.]+)</dd>', page, re.DOTALL)
    return {state: int(n.replace(".", "")) for state, n in found}


def states_of(answer: dict[str, Any]) -> dict[str, int]:
    silent, zero = answer["silent"]["count"], answer["only_zero"]["count"]
    figures = answer["asked"] - silent - zero
    return {"figures": figures, "only_zero": zero, "silent": silent, "differing": answer["differing"]["count"]}


@pytest.mark.parametrize("level", ["", "&level=cell", "&level=province"])
async def test_its_counts_are_those_of_v1(service: Service, level: str) -> None:
    async with service.browser("everything") as browser:
        page = (await browser.get(f"{PAGE}{level}")).text
        answer = (await browser.get(f"/v1/units/{ROOT}/silence?{YEAR}{level}&limit=1000")).json()
    assert counts(page) == states_of(answer)
    silent = answer["silent"]["count"]
    asked = f"{silent} trong {answer['asked']} đơn vị chưa báo cáo" if silent else f"Cả {answer['asked']} đơn vị đã"
    assert asked in text_of(page)


async def test_the_list_is_in_vietnamese_order_a_hundred_a_page(service: Service) -> None:
    async with service.browser("everything") as browser:
        pages = [(await browser.get(f"{PAGE}{more}")).text for more in ("", "&trang=2")]
        answer = (await browser.get(f"/v1/units/{ROOT}/silence?{YEAR}&limit=1000")).json()
    listed = [re.findall(r'<th scope="row"><a href="/don-vi/([\w-]+)\?', page) for page in pages]
    assert [len(each) for each in listed] == [100, answer["silent"]["count"] - 100]
    assert sorted([*listed[0], *listed[1]]) == [unit["id"] for unit in answer["silent"]["units"]]
    names = {unit["id"]: unit["name"] for unit in answer["silent"]["units"]}
    wards = [names[unit] for unit in [*listed[0], *listed[1]] if names[unit].startswith("Đảng bộ phường Quảng")]
    endings = [name.removeprefix("Đảng bộ phường Quảng ") for name in wards]
    assert endings == ["Cát", "Đông", "Hưng", "Phú", "Tâm", "Thành", "Thắng", "Thịnh"]


async def test_a_unit_that_says_zero_is_not_silent_and_one_that_is_silent_is_not_zero(database: str) -> None:
    async with pages_over(database, LOG) as browser:
        page = (await browser.get(PAGE)).text
        lists = {
            name: text_of(
                (await browser.get(f"{PAGE}&list={name}")).text.partition("<tbody>")[2].partition("</table")[0]
            )
            for name in ("silent", "only_zero", "declared_zero", "differing", "admitted_nobody")
        }
    assert counts(page) == {"figures": 2, "only_zero": 1, "silent": 2, "differing": 1}
    assert "Đảng bộ im Trung ương Tỉnh ủy và tương đương Nhắc" in lists["silent"]
    assert "khong" not in lists["silent"]
    assert lists["only_zero"] == "Đảng bộ khong Trung ương Tỉnh ủy và tương đương"
    assert lists["declared_zero"].endswith("Kết nạp (01/01/2023 – 31/12/2023)")
    assert lists["differing"].endswith("Kết nạp 01/01/2023 – 31/12/2023 3 0 +3")
    assert "co-so-lieu" not in lists["admitted_nobody"]


async def test_a_hostile_name_is_text_on_the_page_and_in_the_reminder(database: str) -> None:
    async with pages_over(database, LOG) as browser:
        page = (await browser.get(f"{PAGE}&nhac=doc-hai")).text
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert page.count("</textarea>") == 1
    reminder = html.unescape(page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]).strip()
    assert reminder.startswith("Kính gửi: </textarea><script>alert(1)</script>{{ 7*7 }}\\u202eđảo\n")


async def test_one_is_reminded_or_all_and_a_deadline_is_not_invented(database: str) -> None:
    async with pages_over(database, LOG) as browser:
        all_, one, due, provinces = [
            (await browser.get(f"{PAGE}{more}")).text
            for more in ("", "&nhac=im", "&nhac=im&han=2024-01-25", "&level=province")
        ]
        refused = await browser.get(f"{PAGE}&han=mai")
    assert "Hạn" not in all_.partition("<textarea")[2].partition("</textarea>")[0]
    assert "Sau hạn vẫn nhận" not in text_of(all_)
    assert "chưa nhận được số liệu nào từ 01/01/2023 đến 31/12/2023 của 2 đơn vị" in all_
    assert "1. " in all_
    assert "Kính gửi: Đảng bộ im" in one
    assert text_of(due).count("Hạn 25/01/2024. Sau hạn vẫn nhận, ghi là muộn.") == 2
    assert "Hạn 30/01/2024. Sau hạn vẫn nhận, ghi là muộn. Theo Hướng dẫn 12-HD/BTCTW" in text_of(provinces)
    assert refused.status_code == 422
    assert "“han”" in text_of(refused.text)


async def test_a_list_that_is_too_long_is_in_pages_of_v1_and_says_so(database: str) -> None:
    many = [root(), *(founded(f"u-{no:04}", ROOT, "2000-01-01", "province") for no in range(1_002))]
    async with pages_over(database, many) as browser:
        first = (await browser.get(PAGE)).text
        following = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', first)
        assert following is not None
        second = (await browser.get(html.unescape(following[1]))).text
    assert "1.002 dòng, xếp theo mã đơn vị" in text_of(first)
    assert "lời nhắc chỉ gồm các đơn vị trên trang này" in text_of(first)
    listed = [re.findall(r'<th scope="row"><a href="/don-vi/([\w-]+)\?', page) for page in (first, second)]
    assert [(each[0], each[-1]) for each in listed] == [("u-0000", "u-0099"), ("u-0100", "u-0199")]
    assert "Về đầu danh sách" in second


async def test_it_is_confined_by_access_and_the_clerk_of_a_unit_sees_hers(service: Service) -> None:
    address = f"/don-vi/gia-binh/im-lang?{YEAR}"
    for who in ("leader", "officer", "clerk"):
        async with service.browser(who) as browser:
            page = await browser.get(address)
            answer = (await browser.get(f"/v1/units/gia-binh/silence?{YEAR}")).json()
        assert page.status_code == 200
        assert counts(page.text) == states_of(answer)
    async with service.browser("leader") as browser:
        above = await browser.get(PAGE)
    async with service.browser("nobody") as browser:
        nobody = await browser.get(address)
    assert (above.status_code, nobody.status_code) == (403, 403)


async def test_it_takes_home_the_list_that_is_shown(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = (await browser.get(f"/don-vi/gia-binh/im-lang?{YEAR}&list=admitted_nobody&basis=as-now&lang=en")).text
        links = [html.unescape(each) for each in re.findall(r'href="(/v1/[^"]+)" download', page)]
        sheet = await browser.get(next(each for each in links if "format=csv" in each))
    assert len(links) == 4
    assert sheet.status_code == 200
    assert "(as-was)" in text_of(page)  # on the tree of the last day, whatever basis other pages are asked for
    assert "have reported" in text_of(page)


@pytest.mark.parametrize("asked", ["list=all", "level=village", "cursor=x"])
async def test_what_v1_refuses_is_named(service: Service, asked: str) -> None:
    async with service.browser("leader") as browser:
        page = await browser.get(f"/don-vi/gia-binh/im-lang?{YEAR}&{asked}")
    assert page.status_code == 422
    assert f"“{asked.partition('=')[0]}”" in text_of(page.text)
