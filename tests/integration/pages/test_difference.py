"""Why a number changed: two bases by units that moved, two moments by unit for readers and by event for officers."""

from __future__ import annotations

import html
import re

from tests.integration.pages.service import Service, text_of

DAYS = "from=2023-01-01&to=2023-11-28"


def bars(page: str) -> list[str]:
    return re.findall(r'<svg class="bridge [^>]*aria-label="([^"]*)"', page)


async def test_both_bases_are_bridged_without_being_asked(service: Service) -> None:
    async with service.browser("officer") as browser:
        page = await browser.get(f"/don-vi/bac-ninh/chenh-lech?{DAYS}&measure=admissions")
        answer = (await browser.get(f"/v1/units/bac-ninh/difference?{DAYS}")).json()
        moved = html.unescape(next(re.finditer(r'Chuyển đến: <a href="([^"]*)"', page.text))[1])
        below = await browser.get(moved)
    values = [each["values"]["admissions"] for each in answer["contributions"]]
    assert bars(page.text) == ["105", *(f"+{n}" for n in values if n), "139"]
    assert "Đã đối chiếu" in text_of(page.text)
    assert "(as-was)" in text_of(page.text)
    assert str(values[0]) in text_of(below.text)


async def test_two_moments_are_explained_by_events_to_officers_and_by_units_to_readers(service: Service) -> None:
    asked = f"{DAYS}&position=1500&measure=badges"
    async with service.browser("officer") as browser:
        of_officer = await browser.get(f"/don-vi/gia-binh/chenh-lech?{asked}")
    async with service.browser("leader") as browser:
        of_leader = await browser.get(f"/don-vi/gia-binh/chenh-lech?{asked}")
        answer = (await browser.get(f"/v1/units/gia-binh/difference?{DAYS}&position=1500")).json()
        link = next(re.finditer(r'Mới được tính: <a href="([^"]*/chenh-lech\?[^"]*)"', of_leader.text))[1]
        below = await browser.get(html.unescape(link))
    total, against = answer["total"]["badges"], answer["against_total"]["badges"]
    for page in (of_officer, of_leader):
        assert bars(page.text)[0] == str(total)
        assert bars(page.text)[-1] == str(against)
        changes = [int(each.replace("−", "-")) for each in bars(page.text)[1:-1]]
        assert total + sum(changes) == against
        assert "vị trí 1.500" in text_of(page.text)
    assert "/su-kien/" in of_officer.text
    assert "/su-kien/" not in of_leader.text
    assert below.status_code == 200
    assert bars(below.text)


async def test_days_stand_for_the_positions_that_the_log_had_reached(service: Service) -> None:
    async with service.browser("leader") as browser:
        sent = await browser.get(f"/don-vi/gia-binh/chenh-lech?{DAYS}&known=2020-01-01&against_known=")
        page = await browser.get(sent.headers["location"])
        bad = await browser.get(f"/don-vi/gia-binh/chenh-lech?{DAYS}&known=soon")
    assert sent.headers["location"] == f"/don-vi/gia-binh/chenh-lech?{DAYS}&position=0"
    assert page.status_code == 404  # nobody knew of the unit then
    assert bad.status_code == 422


async def test_reorganisations_of_the_unit_are_offered_as_moments(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = await browser.get(f"/don-vi/gia-binh/chenh-lech?{DAYS}")
        link = next(re.finditer(r'href="([^"]*position=[0-9]+[^"]*)">Đơn vị kết thúc hoạt động', page.text))[1]
        before = await browser.get(html.unescape(link))
    assert before.status_code == 200
    assert "Hai thời điểm" in text_of(before.text)


async def test_nothing_that_changed_is_said_too(service: Service) -> None:
    async with service.browser("leader") as browser:
        status = (await browser.get(f"/v1/units/gia-binh/report?{DAYS}")).json()["position"]
        page = await browser.get(f"/don-vi/gia-binh/chenh-lech?{DAYS}&position={status}")
    assert "Không có gì làm số này thay đổi" in text_of(page.text)
    assert "hai số bằng nhau" in text_of(page.text)


async def test_what_can_not_be_compared_is_named(service: Service) -> None:
    async with service.browser("leader") as browser:
        refused = [
            await browser.get(f"/don-vi/gia-binh/chenh-lech?{DAYS}&{asked}")
            for asked in ("position=9999999", "measure=x", "against_position=5")
        ]
        forbidden = await browser.get(f"/don-vi/bac-ninh/chenh-lech?{DAYS}")
    assert [each.status_code for each in refused] == [422, 422, 422]
    assert forbidden.status_code == 403
