"""What a form of a page was filled in with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from services.pages.asking import ProblemSaid, RefusedPage
from services.pages.page import Page

MOST_FIELDS: Final = 500
MENDED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Refusals of what was filled in: the page is drawn again with it and the reason; all others are pages of their own."""
PROOF: Final = "csrf"
"""The field that says that the page with the form was drawn in this session: `me.csrf`."""
_proof: Final = re.compile(r"[\w.~+/=-]{1,200}", re.ASCII).fullmatch


class Fields(Mapping[str, str]):
    """The fields by their names, without blanks around them; of a field that came more than once the last."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._all = [(name, value.strip()) for name, value in pairs]
        self._last = dict(self._all)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def every(self, name: str) -> list[str]:
        """Return all values of a field that may come more than once."""
        return [value for each, value in self._all if each == name]

    def day(self, page: Page, name: str, *, needed: bool = False) -> dt.date | None:
        """Return a day, None where none was given. Raises RefusedPage for what is none, and for none that is needed."""
        return page.day(name, self.get(name, ""), needed=needed)


def mended(page: Page, refused: RefusedPage) -> ProblemSaid:
    """Return what is said beside a form that can be filled in otherwise. Raises the refusal where that is no help."""
    if refused.said.status not in MENDED:
        raise refused
    said = refused.said.told(page.language)
    return msgspec.structs.replace(said, detail=said.detail.removeprefix(f"{said.parameter}: "))


async def changed(page: Page, method: str, path: str, body: object = None) -> bytes:
    """Have something changed by `/v1`, and return what is answered. Raises RefusedPage."""
    return (await page.asking.send(method, path, b"" if body is None else msgspec.json.encode(body))).body


async def ended(page: Page, path: str) -> None:
    """Have something ended by `/v1`; what is gone already is ended, too. Raises RefusedPage."""
    try:
        await changed(page, "DELETE", path)
    except RefusedPage as refused:
        if refused.said.status != HTTPStatus.NOT_FOUND:
            raise


async def fields_of(page: Page) -> Fields:
    """Read the form that a page of ours sent, and let its proof go along with what it changes.

    Raises RefusedPage for one of another page, and for what is no form.
    """
    page.require_own()
    body = await page.request.body()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        said = ProblemSaid(page.gettext("Không đọc được biểu mẫu"), status=HTTPStatus.BAD_REQUEST)
        raise RefusedPage(said) from error
    fields = Fields(pairs)
    page.asking.proof = proof_in(fields.get(PROOF, ""))
    return fields


def proof_in(given: str) -> str:
    """Return a proof as it was given; nothing of what can be none. `/v1` believes no other than this session's own."""
    return given if _proof(given) else ""
