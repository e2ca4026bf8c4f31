"""The events under a number, those that wait, and one of them: for officers; what a clerk may do about one."""

from __future__ import annotations

import html
import re

from tests.integration.pages.service import Service, text_of

DAYS = "from=2023-01-01&to=2023-11-28"
PARKED = "/su-kien/viet-yen/demo-late-00018"


def events_in(page: str) -> list[str]:
    return re.findall(r'href="(/su-kien/[^"]+)"', page)


def onward(page: str) -> str | None:
    found = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', page)
    return html.unescape(found[1]) if found else None


async def test_there_are_as_many_events_as_the_number_says_page_by_page(service: Service) -> None:
    where = f"/don-vi/gia-binh/su-kien?{DAYS}&measure=badges"
    async with service.browser("officer") as browser:
        pages = [await browser.get(where)]
        while (link := onward(pages[-1].text)) is not None:
            pages.append(await browser.get(link))
        answer = (await browser.get(f"/v1/units/gia-binh/events?{DAYS}&measure=badges&limit=1000")).json()
    listed = [link for page in pages for link in events_in(page.text)]
    assert listed == [f"/su-kien/{each['publisher']}/{each['id']}" for each in answer["events"]]
    assert len(listed) == 396
    assert "396 sự kiện: Huy hiệu Đảng, 01/01 – 28/11/2023" in text_of(pages[0].text)
    assert all(unit["name"] in text_of(" ".join(page.text for page in pages)) for unit in answer["units"])


async def test_a_reader_is_told_why_there_are_none(service: Service) -> None:
    async with service.browser("leader") as browser:
        refused = await browser.get(f"/don-vi/gia-binh/su-kien?{DAYS}&measure=badges")
        waiting = await browser.get("/don-vi/gia-binh/su-kien?outcome=parked")
        one = await browser.get(PARKED)
    assert [each.status_code for each in (refused, waiting, one)] == [403, 403, 403]
    assert "Người xem số liệu thấy mọi con số" in text_of(refused.text)
    assert not events_in(refused.text)


async def test_an_event_says_what_it_says_and_where_it_is(service: Service) -> None:
    async with service.browser("officer") as browser:
        listed = await browser.get(f"/don-vi/gia-binh/su-kien?{DAYS}&measure=admissions")
        link = events_in(listed.text)[0]
        page = await browser.get(link)
        said = (await browser.get(f"/v1{link.replace('su-kien', 'events')}")).json()
    member = said["event"]["data"]["member"]
    told = text_of(page.text)
    for words in ("Kết nạp đảng viên", "Đã tính", f"Mã đảng viên {member}", "Ngày quyết định", f"{said['position']:,}"):
        assert words.replace(",", ".") in told
    assert f"member={member}" in page.text
    assert "/nhap/rut-lai/" not in page.text


async def test_events_of_one_person_are_found_by_the_reference(service: Service) -> None:
    async with service.browser("officer") as browser:
        listed = await browser.get(f"/don-vi/gia-binh/su-kien?{DAYS}&measure=admissions")
        page = await browser.get(events_in(listed.text)[0])
        link = re.search(r'href="([^"]*su-kien\?[^"]*member=[^"]*)"', page.text)
        assert link is not None
        found = await browser.get(html.unescape(link[1]))
    assert page.url.path in events_in(found.text)


async def test_what_waits_says_for_what(service: Service) -> None:
    async with service.browser("officer") as browser:
        listed = await browser.get("/don-vi/bac-ninh/su-kien?outcome=parked")
        rejected = await browser.get("/don-vi/bac-ninh/su-kien?outcome=rejected")
        bad = await browser.get("/don-vi/bac-ninh/su-kien?outcome=x")
        page = await browser.get(PARKED)
    assert PARKED in events_in(listed.text)
    for told in (listed, page):
        assert "nằm ngoài thời gian hoạt động của “viet-yen”" in text_of(told.text)
    assert "Không có sự kiện nào" in text_of(rejected.text)
    assert bad.status_code == 422


async def test_who_may_enter_may_take_it_back_or_replace_it(service: Service) -> None:
    async with service.browser("everything") as browser:
        page = await browser.get(PARKED)
        listed = await browser.get(f"/don-vi/gia-binh/su-kien?{DAYS}&measure=badges")
        counted = events_in(listed.text)[0]
    async with service.browser("clerk") as browser:
        own = await browser.get(counted)
    for shown, at in ((page, PARKED), (own, counted)):
        assert f'href="/nhap/rut-lai{at.removeprefix("/su-kien")}"' in shown.text
        assert f'href="/nhap/thay{at.removeprefix("/su-kien")}"' in shown.text


async def test_a_structure_event_can_be_taken_back_and_not_replaced(service: Service) -> None:
    async with service.browser("everything") as browser:
        history = (await browser.get("/v1/units/gia-binh/history")).json()
        said = history["dissolved"]["said"]
        page = await browser.get(f"/su-kien/{said['publisher']}/{said['id']}")
    assert "Đơn vị kết thúc hoạt động" in text_of(page.text)
    assert "/nhap/rut-lai/" in page.text
    assert "/nhap/thay/" not in page.text


async def test_an_event_that_is_not_there_is_a_page_that_says_so(service: Service) -> None:
    async with service.browser("everything") as browser:
        missing = await browser.get("/su-kien/gia-binh/nothing")
    assert missing.status_code == 404
