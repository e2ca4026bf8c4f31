"""Forms of pages, filled in as a browser would: with all that stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any, NamedTuple

import httpx

_FORM = re.compile(r"<form\b(?P<head>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
_FIELD = re.compile(r"<input\b[^>]*>")
_BUTTON = re.compile(r"(?P<head><button\b[^>]*>)(?P<says>.*?)</button>", re.DOTALL)


class Form(NamedTuple):
    """A form of a page: how and where it is sent, what it sends unseen, and what each button adds, by what it says."""

    method: str
    action: str
    hidden: dict[str, str]
    buttons: dict[str, dict[str, str]]


def forms_of(page: str) -> Iterator[Form]:
    """Read the forms of a page."""
    for found in _FORM.finditer(page):
        fields = [each for each in _FIELD.findall(found["body"]) if _value("type", each) == "hidden"]
        buttons = {}
        for button in _BUTTON.finditer(found["body"]):
            name = _value("name", button["head"])
            buttons[unescape(button["says"]).strip()] = {name: _value("value", button["head"])} if name else {}
        hidden = {_value("name", each): _value("value", each) for each in fields}
        yield Form(_value("method", found["head"]), _value("action", found["head"]), hidden, buttons)


def hidden_of(page: str, action: str, **known: str) -> dict[str, str]:
    """Give the hidden fields of the form with an action; of several, the one that has these among them."""
    for form in forms_of(page):
        if (form.method, form.action.partition("#")[0]) == ("post", action) and known.items() <= form.hidden.items():
            return form.hidden
    raise LookupError(f"no form {action} with {known}: {page}")


def pressed(page: str, button: str) -> tuple[str, dict[str, str]]:
    """Give where the form with a button goes, and all that is sent with it."""
    for form in forms_of(page):
        if button in form.buttons:
            return form.action, form.hidden | form.buttons[button]
    raise LookupError(f"no button {button}: {page}")


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


async def post(
    browser: httpx.AsyncClient, action: str, fields: Mapping[str, str | list[str]] | None = None, **given: Any
) -> httpx.Response:
    """Send a form, filled in by hand, with the proof of this session."""
    me = (await browser.get("/v1/me")).json()
    return await browser.post(action, data={"csrf": me.get("csrf") or "", **(fields or {})}, **given)


async def press(browser: httpx.AsyncClient, page: httpx.Response, button: str) -> httpx.Response:
    """Press a button of a page whose form is filled in already."""
    action, fields = pressed(page.text, button)
    return await browser.post(action, data=fields)


def _value(attribute: str, tag: str) -> str:
    found = re.search(rf'\b{attribute}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
