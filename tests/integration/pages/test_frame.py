"""What all pages have in common: who may see them, what they say of problems, their headers, their languages."""

from __future__ import annotations

import re

from services.pages.assets import address
from tests.integration.pages.service import Service, text_of

GIA_BINH = "/don-vi/gia-binh?from=2023-01-01&to=2023-11-28"


async def test_one_begins_at_the_unit_of_ones_first_role(service: Service) -> None:
    async with service.browser("leader") as browser:
        begun = await browser.get("/")
    assert (begun.status_code, begun.headers["location"]) == (303, "/don-vi/gia-binh")


async def test_who_is_not_known_signs_in_and_comes_back(service: Service) -> None:
    async with service.browser(None) as browser:
        sent = await browser.get(GIA_BINH)
    assert sent.status_code == 303
    assert sent.headers["location"] == "/sign-in?next=%2Fdon-vi%2Fgia-binh%3Ffrom%3D2023-01-01%26to%3D2023-11-28"


async def test_a_page_shows_what_v1_answers_with_days_basis_position_and_time(service: Service) -> None:
    async with service.browser("leader") as browser:
        page = await browser.get(GIA_BINH)
        answer = (await browser.get("/v1/units/gia-binh/report?from=2023-01-01&to=2023-11-28")).json()
    assert page.status_code == 200
    said = text_of(page.text)
    assert all(f" {n} " in said for n in answer["total"].values())
    position = f"{answer['position']:,}".replace(",", ".")
    assert "01/01/2023 – 28/11/2023" in said
    assert "(as-was)" in said
    assert f"Vị trí {position} trong nhật ký" in said


async def test_what_may_not_be_seen_is_a_page_that_says_so(service: Service) -> None:
    async with service.browser("leader") as browser:
        refused = await browser.get("/don-vi/bac-ninh?from=2023-01-01&to=2023-11-28")
    assert refused.status_code == 403
    assert "Tỉnh ủy Bắc Ninh" in text_of(refused.text)


async def test_a_unit_that_is_not_there_is_a_page_with_those_that_may_be_meant(service: Service) -> None:
    async with service.browser() as browser:
        missing = await browser.get("/don-vi/gia-bin")
    assert missing.status_code == 404
    assert 'href="/don-vi/gia-binh"' in missing.text


async def test_days_that_are_none_are_named(service: Service) -> None:
    async with service.browser() as browser:
        bad = await browser.get("/don-vi/gia-binh?from=2023-13-01")
        backwards = await browser.get("/don-vi/gia-binh?from=2023-12-01&to=2023-01-01")
    assert (bad.status_code, backwards.status_code) == (422, 422)
    assert "“from”" in text_of(bad.text)


async def test_english_is_a_switch_that_is_kept(service: Service) -> None:
    async with service.browser() as browser:
        english = await browser.get(f"{GIA_BINH}&lang=en")
        kept = await browser.get(GIA_BINH)
    assert '<html lang="en">' in english.text
    assert '<html lang="en">' in kept.text
    assert "Units below" in text_of(kept.text)


async def test_pages_allow_no_script_or_style_but_their_own_files(service: Service) -> None:
    async with service.browser() as browser:
        page = await browser.get(GIA_BINH)
        style = await browser.get(address("style.css"))
        none = await browser.get("/static/style.css")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on[a-z]+=", page.text)
    assert "immutable" in style.headers["cache-control"]
    assert none.status_code == 404


async def test_what_is_no_page_is_said_in_words_to_a_browser_and_as_a_problem_to_a_program(service: Service) -> None:
    html = {"accept": "text/html,*/*"}
    async with service.browser() as browser:
        missing = await browser.get("/khong-co", headers=html)
        program = await browser.get("/khong-co")
        of_v1 = await browser.get("/v1/khong-co", headers=html)
    async with service.browser(None) as nobody:
        sent = await nobody.get("/docs", headers=html)
        told = await nobody.get("/docs")
    assert missing.status_code == program.status_code == of_v1.status_code == 404
    assert "Về trang đầu" in text_of(missing.text)
    assert program.json()["status"] == of_v1.json()["status"] == 404
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Fdocs")
    assert told.status_code == 401
