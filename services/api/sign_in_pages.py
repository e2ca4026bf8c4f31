"""The plain pages of signing in: no script, the style sheet that the app names, all that comes from outside escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from fastapi import Request, Response

_POLICY: Final = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; img-src 'self'"
_REFERRER: Final = {"referrer-policy": "same-origin"}
"""With none at all a browser says of its own form that it comes from nowhere (`Origin: null`), and it is refused."""
_PAGE: Final = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
{links}</head>
<body>
<header class="top"><div class="wide"><a class="brand" href="/">tổng hợp</a></div></header>
<main class="wide sign-in"><h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(request: Request, title: str, *parts: str, status: int = 200, again: int | None = None) -> Response:
    """Write a page of parts that are HTML already; `again` is seconds for `Retry-After`.

    What adds pages to the app may say where their style sheet and their icon are served: in `app.state`.
    """
    style, icon = [getattr(request.app.state, name, None) for name in ("style", "icon")]
    headers = {"cache-control": "no-store", "content-security-policy": _POLICY, **_REFERRER}
    links = ""
    if style is not None:
        headers["content-security-policy"] = f"{_POLICY}; style-src 'self'"
        links = f'<link rel="stylesheet" href="{escape(style)}">\n'
    if icon is not None:
        links += f'<link rel="icon" href="{escape(icon)}" type="image/svg+xml">\n'
    headers |= {} if again is None else {"retry-after": str(again)}
    text = _PAGE.format(title=escape(title), links=links, body="\n".join(parts))
    return Response(text, status, headers, "text/html; charset=utf-8")


def said(text: object) -> str:
    """Write a message; screen readers tell it at once."""
    return f'<p class="note" role="alert">{escape(str(text))}.</p>'


def form(action: str, proof: str, button: str, *fields: str, hidden: Iterable[tuple[str, str]] = ()) -> str:
    """Write a form with the proof that it is ours."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in (("csrf", proof), *hidden)
    )
    return (
        f'<form method="post" action="{escape(action)}">{kept}\n'
        + "\n".join(fields)
        + f'\n<p><button class="main">{escape(button)}</button></p></form>'
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
