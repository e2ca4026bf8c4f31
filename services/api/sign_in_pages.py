"""The plain pages of signing in: no script, no style, everything that comes from outside escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from fastapi import Response

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; img-src 'self'"
    ),
}
_PAGE: Final = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
</head>
<body><main><h1>{title}</h1>
{body}
</main></body>
</html>
"""


def page(title: str, *parts: str, status: int = 200, again: int | None = None) -> Response:
    """Write a page of parts that are HTML already; `again` is seconds for `Retry-After`."""
    headers = {**_HEADERS, **({} if again is None else {"retry-after": str(again)})}
    text = _PAGE.format(title=escape(title), body="\n".join(parts))
    return Response(text, status, headers, "text/html; charset=utf-8")


def said(text: object) -> str:
    """Write a message; screen readers tell it at once."""
    return f'<p role="alert">{escape(str(text))}.</p>'


def form(action: str, proof: str, button: str, *fields: str, hidden: Iterable[tuple[str, str]] = ()) -> str:
    """Write a form with the proof that it is ours."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in (("csrf", proof), *hidden)
    )
    return (
        f'<form method="post" action="{escape(action)}">{kept}\n'
        + "\n".join(fields)
        + f"\n<p><button>{escape(button)}</button></p></form>"
    )


def field(name: str, label: str, kind: str, complete: str) -> str:
    """Write a field with its label."""
    return (
        f'<p><label for="{name}">{escape(label)}</label><br>'
        f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{complete}" required></p>'
    )


def link(address: str, text: str) -> str:
    """Write a link."""
    return f'<p><a href="{escape(address)}">{escape(text)}</a></p>'
