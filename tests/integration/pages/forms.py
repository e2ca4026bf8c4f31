"""Forms of pages, filled in as a browser would: with all that stands in them."""

from __future__ import annotations

import re
from html import unescape

import httpx

_FORM = re.compile(r"<form\b(?P<head>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<input\b[^>]*>")


def hidden_of(page: str, action: str, **known: str) -> dict[str, str]:
    """Give the hidden fields of the form with an action; of several, the one that has these among them."""
    for found in _FORM.finditer(page):
        if (_value("method", found["head"]), _value("action", found["head"]).partition("#")[0]) != ("post", action):
            continue
        fields = [each for each in _FIELD.findall(found["body"]) if _value("type", each) == "hidden"]
        hidden = {_value("name", each): _value("value", each) for each in fields}
        if known.items() <= hidden.items():
            return hidden
    raise LookupError(f"no form {action} with {known}: {page}")


async def send(
    browser: httpx.AsyncClient,
    page: httpx.Response,
    action: str,
    known: dict[str, str] | None = None,
    **filled: str | list[str],
) -> httpx.Response:
    """Fill in a form of a page and send it."""
    assert page.status_code == 200, page.text
    hidden = hidden_of(page.text, action, **(known or {}))
    return await browser.post(action, data={**hidden, **filled})


def _value(attribute: str, tag: str) -> str:
    found = re.search(rf'\b{attribute}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
