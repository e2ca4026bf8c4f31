"""A unit at one look, against what `/v1` says."""

from __future__ import annotations

import re

from tests.integration.pages.service import Service, text_of

GIA_BINH = "/don-vi/gia-binh?from=2023-01-01&to=2023-11-28"


async def test_every_number_is_that_of_the_report(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = await browser.get(GIA_BINH)
        report = (await browser.get("/v1/units/gia-binh/report?from=2023-01-01&to=2023-11-28&compare=last-year")).json()
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page.text, re.DOTALL)
    table = [text_of(row) for row in rows if "colgroup" not in row][-len(report["rows"]) - 1 :]
    for shown, row in zip(table[:-1], report["rows"], strict=True):
        numbers = [
            n for name in report["total"] for n in (row["values"][name], row["last_year"][name], row["change"][name])
        ]
        said = re.findall(r"(?<= )[+−]?\d[\d.]*", shown.removeprefix(row["unit"]["name"]))
        assert [int(n.replace(".", "").replace("−", "-")) for n in said] == numbers
    assert [int(n) for n in re.findall(r"(?<= )\d+(?= )", table[-1])][:1] == [89]


async def test_it_says_the_sentence_the_missing_and_that_there_is_no_target(service: Service) -> None:
    async with service.browser("leader") as browser:
        said = text_of((await browser.get(GIA_BINH)).text)
        sentence = (await browser.get("/v1/units/gia-binh/statement?from=2023-01-01&to=2023-11-28")).json()["text"]
        silence = (await browser.get("/v1/units/gia-binh/silence?from=2023-01-01&to=2023-11-28&limit=1")).json()
    assert sentence in said
    assert f"Đơn vị chưa báo cáo {silence['silent']['count']} / {silence['asked']}" in said
    assert "Chưa được giao chỉ tiêu nào" in said
    assert "%" not in said


async def test_a_target_has_its_deadline_and_its_share(service: Service) -> None:
    async with service.browser() as browser:
        said = text_of((await browser.get("/don-vi/tp-thanh-hoa?from=2021-01-01&to=2021-12-31")).text)
    assert "128% chỉ tiêu từ 200, đến 31/12/2021" in said
    assert "1–100 của 111 Trang sau" in said


async def test_numbers_lead_officers_to_events_and_others_to_the_report(service: Service) -> None:
    async with service.browser("officer") as browser:
        officer = (await browser.get(GIA_BINH)).text
    async with service.browser("leader") as browser:
        leader = (await browser.get(GIA_BINH)).text
    assert "/don-vi/gia-binh/su-kien?from=2023-01-01&amp;to=2023-11-28&amp;measure=badges" in officer
    assert "/su-kien?" not in leader
    assert "/don-vi/gia-binh/bao-cao?from=2023-01-01&amp;to=2023-11-28&amp;measures=badges" in leader


async def test_a_look_ahead_by_the_browser_is_no_visit(service: Service) -> None:
    async with service.browser("leader") as browser:
        ahead = await browser.get(GIA_BINH, headers={"sec-purpose": "prefetch"})
        looked = await browser.get(GIA_BINH)
    assert "set-cookie" not in ahead.headers
    assert looked.headers["set-cookie"].startswith("tonghop-seen=gia-binh:")
    assert "HttpOnly" in looked.headers["set-cookie"]
