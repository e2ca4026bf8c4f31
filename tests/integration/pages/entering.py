"""A few units whose clerks enter by pages, and how a browser fills in and sends their forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest

from services.embedded.postgres import PostgresServer
from tests.integration.pages.forms import post, press
from tests.integration.pages.service import ROOT, Service, demonstration
from tests.integration.reading_here import read_here
from tests.oracle.telling import event_of

COMMUNE, CELL, OTHER, HOSTILE = "xa-a", "chi-bo-a1", "xa-b", "chi-bo-la"
NAMED: Final = '<script>alert("xã")</script> =HYPERLINK("http://x.example")'
"""The name of a unit that means harm."""
PEOPLE: Final = {
    "clerk": {"clerk": COMMUNE},
    "other": {"clerk": OTHER},
    "reader": {"reader": COMMUNE},
    "officer": {"officer": COMMUNE, "reader": COMMUNE},
}
_UNITS: Final = (
    (ROOT, None, "central", "Trung ương"),
    (COMMUNE, ROOT, "grassroots", "Đảng ủy xã A"),
    (OTHER, ROOT, "grassroots", "Đảng ủy xã B"),
    (CELL, COMMUNE, "cell", "Chi bộ thôn Một"),
    (HOSTILE, COMMUNE, "cell", NAMED),
    # More than a search shows, and found before CELL: for whoever enters for COMMUNE they must not stand before it.
    *((f"chi-bo-0{n:02}", OTHER, "cell", f"Chi bộ thôn Một số {n}") for n in range(21)),
)


@pytest.fixture(scope="module")
async def running(postgres: PostgresServer) -> AsyncIterator[Service]:
    """Run the service over these units."""
    said = [
        event_of(
            parent or unit,
            f"est-{unit}",
            "unit.established",
            unit,
            {"parent": parent, "name": name, "level": level, "since": "2000-01-01"},
        )
        for unit, parent, level, name in _UNITS
    ]
    async with demonstration(postgres, said, PEOPLE, read_sheet=read_here) as service:
        yield service


@pytest.fixture
async def clerk(running: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Give the browser of the clerk of COMMUNE."""
    async with running.browser("clerk") as browser:
        yield browser


async def look(browser: httpx.AsyncClient, event_type: str, unit: str = CELL, **typed: str) -> httpx.Response:
    """Fill in the form of a type, and look at it before it is sent."""
    return await post(browser, "/nhap/mot", {"type": event_type, "unit": unit, "step": "xem", **typed})


async def say(browser: httpx.AsyncClient, event_type: str, unit: str = CELL, **typed: str) -> str:
    """Send a fact by the form, and return where its receipt is."""
    sent = await press(browser, await look(browser, event_type, unit, **typed), "Gửi")
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


async def paste(browser: httpx.AsyncClient, event_type: str, cells: str, unit: str = COMMUNE) -> httpx.Response:
    """Paste cells."""
    where = {"unit": unit, "type": event_type, "dan": "1"}
    return await post(browser, "/nhap/tai-len", params=where, files={"cells": (None, cells.encode())})


async def upload(browser: httpx.AsyncClient, event_type: str, sheet: bytes, unit: str = COMMUNE) -> httpx.Response:
    """Upload a file."""
    where = {"unit": unit, "type": event_type}
    return await post(browser, "/nhap/tai-len", params=where, files={"file": ("bảng.xlsx", sheet)})


async def counted(browser: httpx.AsyncClient, receipt: str) -> str:
    """Wait until all of a receipt is decided, and return its page."""
    for _ in range(100):
        page = (await browser.get(receipt)).text
        if "data-undecided" not in page:
            return page
    raise AssertionError(page)
