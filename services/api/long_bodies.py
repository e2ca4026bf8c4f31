"""Bodies that are read as they come, by the route that bounds them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from services.api.problems import Problem


def length_said(request: Request) -> int | None:
    """Return how long a request says that its body is, None where it says nothing of use."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else None


def require_plain(content_encoding: str) -> None:
    """Raise a 415 Problem for a body that is compressed."""
    if content_encoding.strip().lower() not in {"", "identity"}:
        detail = "Nội dung phải không nén. / The body must not be compressed."
        raise Problem(415, "Sai kiểu nội dung", detail, parameter="Content-Encoding")


async def body_of(request: Request, most: int, too_long: Callable[[], Problem]) -> bytes:
    """Read a body of so many bytes at the most; raise what `too_long` makes as soon as there are more."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise too_long()
    return bytes(body)
