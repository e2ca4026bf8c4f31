"""What holds for every request before a route sees it, and for every answer after.

The host that is asked, how much is sent, whether anybody still waits; headers that keep browsers from doing harm.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import Problem, unforeseen
from services.settings import Address

MOST_BODY: Final = 1 << 20
"""Bytes of a request's body; what a route takes in one, it bounds itself."""
AS_IT_COMES: Final = re.compile(r"/v1/(?:events|units/[^/]+/imports)|/nhap/tai-len")
"""Paths to which is posted what is read by their route, when it is known who sends it; the route bounds it.

The page hands what is uploaded on to the import of a sheet as it comes, which bounds it.
"""

_PAGE: Final = "/docs"
_SAFE: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cache-control": "no-store",
}
# The page of the API's description is made of its own files and one script within it.
_SAFE_PAGE: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HTTPS: Final = "max-age=31536000"
_HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(:[0-9]{1,5})?")


class Hosts:
    """The names by which the service may be asked: a page elsewhere that gives its own name to our address is refused.

    An address in figures is nobody's name, and is taken.
    """

    def __init__(self, listens: Address, named: str = "") -> None:
        names = [each for each in named.split(",") if each]
        self._any = "*" in names
        self._exact = {"localhost", listens.host.lower(), *(name for name in names if not name.startswith("*."))}
        self._below = tuple(name[1:] for name in names if name.startswith("*."))

    def takes(self, host: str) -> bool:
        """Tell whether the value of a `Host` header names this service."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].lower().removesuffix(".")
        return self._any or name in self._exact or name.endswith(self._below) or _is_address(name)


class Guard:
    """ASGI middleware, the outermost but for what counts requests."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on where it may be; cancel what answers it when its asker goes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        as_it_comes = scope["method"] == "POST" and AS_IT_COMES.fullmatch(scope["path"]) is not None
        try:
            self._check(scope)
            body = None if as_it_comes else await _whole(receive)
        except Problem as problem:
            await problem.response({"connection": "close"})(scope, receive, answer.send)
            return
        if body is not None or as_it_comes:
            await self._pass_on(scope, body, receive, answer)

    async def _pass_on(self, scope: Scope, body: bytes | None, receive: Receive, answer: _Answer) -> None:
        """Pass a request on, and see when its asker goes; a body that is not here yet is handed on as it comes."""
        asked = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        coming = _Coming(body, receive)
        gone = coming.gone
        work: asyncio.Future[None] = asyncio.ensure_future(self._run(asked, coming, answer.send))
        try:
            await asyncio.wait((gone, work), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()  # what it asks of the database is cancelled with it
            with suppress(asyncio.CancelledError):
                await work
        except Exception:
            if not answer.started:  # the framework's own answer would lack what every answer has
                await unforeseen().response()(scope, receive, answer.send)
            raise
        finally:
            scope["route"] = asked.get("route")
            for task in (gone, work):
                task.cancel()

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        """Raise a Problem for a request that isn't for this service, or says twice what it says once."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if not hosts and scope["http_version"] == "1.0":  # some health checks; no browser
            return
        if len(hosts) != 1:
            detail = "Cần đúng một trường Host. / There must be one Host."
            raise Problem(400, "Yêu cầu không hợp lệ", detail, parameter="Host")
        if not self._hosts.takes(hosts[0]):
            detail = (
                f"Dịch vụ này không tên là “{hosts[0][:100]}”; người vận hành đặt tên bằng TONGHOP_HOSTS. / "
                "This service doesn't go by that name; the operator names it by TONGHOP_HOSTS."
            )
            raise Problem(421, "Sai địa chỉ", detail, parameter="Host")


class _Coming:
    """The way in: a body that is here, or one that is handed on as it comes; then that the asker goes."""

    def __init__(self, body: bytes | None, receive: Receive) -> None:
        self._body = body
        self._receive = receive
        self._arrived = asyncio.Event()
        self._left = False
        if body is not None:
            self._arrived.set()
        self.gone: asyncio.Future[Message] = asyncio.ensure_future(self._going())

    async def __call__(self) -> Message:
        """Give the next message to the application."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self._arrived.is_set():
            message = await self._receive()
            self._left = message["type"] == "http.disconnect"
            if self._left or not message.get("more_body", False):
                self._arrived.set()
            if not self._left:
                return message
        return await asyncio.shield(self.gone)

    async def _going(self) -> Message:
        await self._arrived.wait()
        return {"type": "http.disconnect"} if self._left else await _until_gone(self._receive)


class _Answer:
    """The way back: headers for every answer, no body for HEAD."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._bodiless = scope["method"] == "HEAD"
        self._done = False
        self.started = False

    async def send(self, message: Message) -> None:
        """Send a message of the application, with what every answer has."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
            if self._scope["path"].startswith(_PAGE):
                headers["content-security-policy"] = _SAFE_PAGE
            if self._scope["scheme"] == "https":
                headers.setdefault("strict-transport-security", _HTTPS)
        elif self._bodiless:
            if self._done:
                return
            self._done, message = True, {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)


async def _whole(receive: Receive) -> bytes | None:
    """Read the body, None where the asker goes meanwhile. Raises a 413 Problem where it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BODY:
            detail = f"Nội dung gửi lên dài quá {MOST_BODY} byte. / The body is too long."
            raise Problem(413, "Quá dài", detail)
        if not message.get("more_body", False):
            return bytes(body)


async def _until_gone(receive: Receive) -> Message:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return message


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
