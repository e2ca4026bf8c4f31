"""Hostile names, notes, reasons, fields and parameters on roll-ups, events and differences are text, and are seen."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import quote

import httpx

from events.names import UNSEEN
from tests.integration.pages.over_log import pages_over
from tests.integration.pages.service import text_of
from tests.oracle.telling import ROOT, Said, admitted, founded, moved, renamed, root, say

SCRIPT = "<script>alert(1)</script>{{ 7*7 }}"
IMAGE = "\"'><img src=x onerror=alert(1)>"
TURNED = "Đảng bộ \u202egnud gnàđ\u202c\u200b\u0007 xã"
BLANK = "\u2066\u200b\u2069"
DAYS = "from=2023-01-01&to=2023-12-31"
EVIL = (SCRIPT, IMAGE, TURNED, BLANK)
LOG = [
    root(name=f"Trung ương {SCRIPT}"),
    *(founded(f"xa-{n}", ROOT, "2000-01-01", "grassroots") for n in range(len(EVIL))),
    *(renamed(f"xa-{n}", name, "2001-01-01", f"name-{n}") for n, name in enumerate(EVIL)),
    founded("huyen", ROOT, "2000-01-01"),
    *(admitted(f"xa-{n}", "2023-02-03", f"a-{n}") for n in range(len(EVIL))),
    moved("xa-1", "huyen", "2023-09-01", "moved"),
    admitted("xa-0", "2023-03-03", "taken-back"),
    say("xa-0", "back", "event.retracted", "xa-0", {"source": "/units/xa-0", "id": "taken-back", "reason": IMAGE}),
    admitted("xa-9", "2023-03-03", "waits", by=ROOT),
    say("xa-0", "bad-1", "member.admitted", "xa-0", {"member": "m", "decided_on": "2023-01-01", IMAGE: SCRIPT}),
    say(
        "xa-0", "bad-2", "member.admitted", "xa-0", {"member": IMAGE, "decided_on": TURNED, "facets": {SCRIPT: [BLANK]}}
    ),
    say("xa-0", "bad-3", "figure.declared", "xa-0", {"figure": SCRIPT, "on": IMAGE, "value": {"x": TURNED}, "note": 5}),
    say("xa-0", "bad-4", "member.admitted", IMAGE, {"member": "m", "decided_on": "2023-01-01"}),
    say("xa-0", IMAGE, "member.admitted", "xa-0", {"member": "m", "decided_on": "2023-01-01"}),
    Said("party.v1.xa-0.member.admitted", f"{SCRIPT}{IMAGE}{TURNED}".encode() + b"\xff"),
    say(
        "xa-0",
        "target",
        "target.assigned",
        "xa-0",
        {
            "measure": "admissions",
            "from": "2023-01-01",
            "to": "2023-12-31",
            "at_least": 3,
            "resolution": f"{SCRIPT} {TURNED}",
        },
    ),
]
ADDRESSES = {
    "bao-cao": ("sort", "measures", "by", "split", "position", "cells", "from", "x"),
    "su-kien": ("measure", "member", "cursor", "outcome"),
    "chenh-lech": ("measure", "against", "known"),
}
_seen = re.compile(f"(?![\n\t])[{UNSEEN}]")


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def require_harmless(page: httpx.Response) -> list[str]:
    """Require that nothing of what was said is anything but text; return the links of the page."""
    tags = Tags(page.text).found
    assert not [tag for tag, _ in tags if tag in {"img", "iframe", "base", "style", "object"}], page.url
    assert all(tag != "script" or attributes.get("src", "").startswith("/static/") for tag, attributes in tags), (
        page.url
    )
    names = {name for _, attributes in tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"], page.url
    assert not _seen.search(html.unescape(page.text)), page.url
    assert "49" not in text_of(page.text.replace("Mã lỗi 4", "")).split(), page.url
    hrefs = [attributes["href"] or "" for tag, attributes in tags if tag == "a" and attributes.get("href")]
    assert all(href.startswith(("/", "#")) for href in hrefs), (page.url, hrefs)
    return hrefs


async def test_what_others_said_and_what_an_address_says_is_text_on_every_page(database: str) -> None:
    async with pages_over(database, LOG) as browser:
        told = await look_at_all(browser)
        for shown in (SCRIPT, IMAGE, "\\u202egnud gnàđ\\u202c\\u200b\\u0007", "\\u2066\\u200b\\u2069"):
            assert shown in told
        for end, names in ADDRESSES.items():
            for name in names:
                page = await browser.get(f"/don-vi/{ROOT}/{end}?{DAYS}&{name}={quote(SCRIPT + IMAGE + TURNED)}")
                assert page.status_code in {200, 422}, page.url
                require_harmless(page)


async def look_at_all(browser: httpx.AsyncClient) -> str:
    """Look at the pages of the root, and at each event that they list; return what one reads there."""
    unit = f"/don-vi/{ROOT}"
    begun = [
        *(f"{unit}/bao-cao?{DAYS}&{more}" for more in ("compare=last-year&lang=en", "by=level:grassroots&lang=vi")),
        *(f"{unit}/su-kien?{DAYS}{more}" for more in ("", "&outcome=any")),
        *(f"{unit}/chenh-lech?{DAYS}{more}" for more in ("", "&position=10")),
    ]
    events: set[str] = set()
    told = ""
    for where in begun:
        page = await browser.get(where)
        assert page.status_code == 200, where
        told += text_of(page.text)
        events.update(link for link in require_harmless(page) if link.startswith("/su-kien/"))
    assert {"/su-kien/xa-0/bad-1", "/su-kien/xa-0/bad-2", "/su-kien/xa-0/bad-3"} <= events
    for where in sorted({*events, "/su-kien/xa-0/taken-back", "/su-kien/xa-0/target"}):
        page = await browser.get(where)
        assert page.status_code in {200, 404}, where
        told += text_of(page.text)
        require_harmless(page)
    return told
