"""How the service is, for its operator: is it healthy, who sends rubbish, what waits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from projections.answers.report.report_answers import PublisherRejects, RejectsPage, SaidPage, Status
from services.pages.asking import ProblemSaid, RefusedPage, ask, path_of
from services.pages.me import OFFICERS, WhoAsks
from services.pages.page import Page

HERE: Final = "/van-hanh"
SHOWN: Final = 50
"""Publishers, or events, of a page."""
NOBODY: Final = "-"
"""Stands in an address for the publisher of messages that name none."""


async def operations(page: Page) -> Response:
    """Show how the service is; what is asked here leaves nothing in the audit log, for the page asks it again."""
    try:
        me, status, rejects = await page.asking.together(
            page.me(),
            ask(path_of("status"), Status),
            ask(path_of("rejects"), RejectsPage, cursor=page.query.get("cursor"), limit=SHOWN),
        )
    except RefusedPage as refused:
        if refused.said.status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        said = refused.said.told(page.language)
        return page.draw("operations_away.html", said.status, refused.again, said=said)
    return page.draw("operations.html", me=me, standing=status, rejects=rejects, nobody=NOBODY)


async def rejected(page: Page) -> Response:
    """Show the rejects of one publisher: how many and why, and the events as far as the asker may see them."""
    publisher = None if page.part("publisher") == NOBODY else page.part("publisher")
    me = await page.asking.one(page.me())
    found = await _publisher(page, publisher)
    if found is None:
        title = page.gettext("Không có sự kiện bị từ chối")
        detail = page.gettext("Đơn vị này không có sự kiện nào bị từ chối mà bạn được xem.")
        raise RefusedPage(ProblemSaid(title, detail, HTTPStatus.NOT_FOUND))
    events = None if publisher is None else await _events(page, me, "rejected", publisher)
    return page.draw("rejected.html", me=me, found=found, events=events)


async def waiting(page: Page) -> Response:
    """Show what waits, as far as the asker may see it."""
    me = await page.asking.one(page.me())
    return page.draw("waiting.html", me=me, events=await _events(page, me, "parked", None))


async def _publisher(page: Page, publisher: str | None) -> PublisherRejects | None:
    """Look for a publisher among those with rejects."""
    cursor: str | None = None
    while True:
        listed = await page.asking.one(ask(path_of("rejects"), RejectsPage, cursor=cursor, limit=1_000))
        for each in listed.publishers:
            if each.publisher == publisher:
                return each
        cursor = listed.next
        if cursor is None:
            return None


async def _events(page: Page, me: WhoAsks, outcome: str, publisher: str | None) -> SaidPage | None:
    """Ask for events that were not counted; None for who sees no single ones at all."""
    if not me.has(OFFICERS):
        return None
    question = ask(path_of("outcomes"), SaidPage, outcome=outcome, publisher=publisher, limit=SHOWN)
    return await page.asking.one(question, cursor=page.query.get("cursor"))


SCREENS: Final = {
    HERE: operations,
    f"{HERE}/dang-cho": waiting,
    f"{HERE}/bi-tu-choi/{{publisher}}": rejected,
}
