"""The body of a form of one of our own pages: its fields, and the proof that the page was given to this browser."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from fastapi import Request, Response

from services.access.credentials import proof_of, proves
from services.access.secret_digests import digest_of, new_secret
from services.api.access import cookie_name, is_own_page, set_cookie
from services.api.problems import Problem

MOST: Final = 16 * 1024
MOST_FIELDS: Final = 10
_COOKIE: Final = "form"
_LASTS: Final = 24 * 3_600


async def fields_of(request: Request) -> dict[str, str]:
    """Read the fields, each once. Raises a Problem: 415, 413, 400."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        detail = "Cần một biểu mẫu (application/x-www-form-urlencoded). / The body must be a form."
        raise Problem(415, "Sai kiểu nội dung", detail, parameter="Content-Type")
    body = await request.body()
    if len(body) > MOST:
        raise Problem(413, "Quá dài", "Biểu mẫu quá dài. / The form is too long.")
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Problem(400, "Không đọc được", "Biểu mẫu không đọc được. / The form can't be read.") from error
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def is_ours(request: Request, fields: dict[str, str]) -> bool:
    """Tell whether a form was filled in on a page that this browser was given by us."""
    kept = request.cookies.get(cookie_name(request, _COOKIE), "")
    return is_own_page(request) and digest_of(kept) is not None and proves(fields.get("csrf"), kept)


class Proof:
    """The proof for the forms of one page; the browser keeps what it is made of."""

    def __init__(self, request: Request) -> None:
        self._request = request
        kept = request.cookies.get(cookie_name(request, _COOKIE), "")
        self._secret = kept if digest_of(kept) is not None else new_secret()

    def __str__(self) -> str:
        return proof_of(self._secret)

    def kept_with(self, page: Response) -> Response:
        """Let the browser keep it with the page."""
        set_cookie(self._request, page, _COOKIE, self._secret, seconds=_LASTS, strict=True)
        return page
