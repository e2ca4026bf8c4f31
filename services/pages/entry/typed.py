"""What was typed into a form of ours: its fields, each once, as texts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from services.pages.asking import ProblemSaid, RefusedPage
from services.pages.page import Page

MOST_FIELDS: Final = 400


async def typed(page: Page) -> dict[str, str]:
    """Read the fields that a page of ours sent. Raises RefusedPage where another did, or it is no form."""
    page.require_own()
    body = await page.request.body()
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        title, detail = page.gettext("Không đọc được"), page.gettext("Biểu mẫu này không đọc được.")
        raise RefusedPage(ProblemSaid(title, detail, HTTPStatus.BAD_REQUEST)) from error
