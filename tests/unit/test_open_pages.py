"""What an open page is told when: what it doesn't take adds up, nothing is said twice, a page that is full says so."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from projections.answers.report.news_answers import Moved
from projections.answers.report.report_answers import Behind
from services.access.asker import ANYBODY_HERE
from services.api.news import BEAT, EVERY, Opened, OpenPage, OpenPages

BEHIND = Behind(7, "paused", "chờ")


def page_at(now: float = 0.0, after: int = 10) -> OpenPage:
    return OpenPage(Opened(ANYBODY_HERE, "gia-binh", None, after), now)


def at(position: int) -> Moved:
    return Moved(0, position, None, 0)


def data_of(message: bytes | None) -> list[dict[str, Any]]:
    assert message is not None
    return [json.loads(line[6:]) for line in message.decode().splitlines() if line.startswith("data: ")]


async def waiting(page: OpenPage) -> asyncio.Task[bytes | None]:
    """Let the reader wait for the next message."""
    task = asyncio.create_task(page.message())
    await asyncio.sleep(0)
    return task


async def test_what_a_slow_reader_does_not_take_adds_up_to_one_message() -> None:
    page = page_at()
    first = await waiting(page)
    page.add(2, 12)
    page.tell(1.0, at(12), None)
    assert data_of(await first) == [{"after": 10, "position": 12, "as_of": None, "events": 2}]
    for position in range(13, 20):
        page.add(1, position)
        assert not page.is_due(100.0, None), "the message before is on its way still"
    second = await waiting(page)
    assert page.is_due(100.0, None)
    page.tell(100.0, at(19), None)
    assert data_of(await second) == [{"after": 12, "position": 19, "as_of": None, "events": 7}]


async def test_nothing_is_due_without_news_but_a_beat() -> None:
    page = page_at()
    reading = await waiting(page)
    page.add(0, 5_000)
    assert not page.is_due(BEAT - EVERY - 0.1, None)
    assert page.is_due(BEAT, None)
    page.tell(BEAT, at(5_000), None)
    assert await reading == b": \n\n"


async def test_once_a_second_at_most() -> None:
    page = page_at()
    assert await waiting(page)
    page.add(1, 11)
    page.tell(50.0, at(11), None)
    await waiting(page)
    page.add(1, 12)
    assert not page.is_due(50.0 + EVERY / 2, None)
    assert page.is_due(50.0 + EVERY, None)


async def test_being_behind_is_told_when_it_begins_and_when_it_ends() -> None:
    page = page_at()
    told = []
    for now, behind in ((1.0, BEHIND), (3.0, Behind(9, "paused", "chờ")), (5.0, None)):
        reading = await waiting(page)
        if page.is_due(now, None if behind is None else behind.state):
            page.tell(now, at(10), behind)
            told += data_of(await reading)
        reading.cancel()
    assert told == [{"behind": {"events": 7, "state": "paused", "detail": "chờ"}}, {"behind": None}]


async def test_more_than_is_counted_is_told_without_a_number() -> None:
    page = page_at()
    reading = await waiting(page)
    page.add(None, 500_000)
    page.add(3, 500_003)
    page.tell(1.0, at(500_003), None)
    assert data_of(await reading) == [{"after": 10, "position": 500_003, "as_of": None, "events": None}]


async def test_a_page_that_comes_at_the_end_ends() -> None:
    pages = OpenPages()
    pages.end()
    async with pages.opened(Opened(ANYBODY_HERE, "gia-binh", None, 1)) as page:
        assert await page.message() is None
