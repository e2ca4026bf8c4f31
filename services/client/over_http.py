"""The way to the service over HTTP: bounded in time and in bytes, to the one address that it was given and no other."""

from __future__ import annotations

import asyncio
import math
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from projections.bilingual import Bilingual
from services.client.address import Secret, is_loopback, web_address
from services.client.answers import read_sent, strange
from services.client.errors import (
    AnsweredError,
    AwayError,
    BadRequestError,
    ClientError,
    MayNotError,
    MisuseError,
    NoSuchError,
    NoTokenError,
    StandsNoMoreError,
    StrangeAnswerError,
)
from services.client.told import UNSENT, EventTold, SendReceipt
from services.connecting.tls import trusting
from services.error_line import said
from services.publishing.lines import Line
from services.settings import SettingsError
from services.tracing import spans

LONGEST_ANSWER: Final = 32 << 20
"""Bytes."""
LONGEST_WAIT: Final = 30.0
"""Seconds for which the service waits for outcomes at a time."""
NOT_TRUSTED: Final = "not_trusted"
_LONGEST_PAUSE: Final = 300.0
_CONNECT: Final = 10.0
_BATCH: Final = "application/cloudevents-batch+json"
_object: Final = msgspec.json.Decoder(dict[str, Any]).decode
_TOO_FAST, _SERVERS_FAULT, _NOT_READY = 429, 500, 503
_NOBODY_BEHIND: Final = frozenset({502, 504})
_seconds: Final = re.compile("[0-9]{1,9}").fullmatch
_KINDS: Final[Mapping[int, type[AnsweredError]]] = {
    401: NoTokenError,
    403: MayNotError,
    404: NoSuchError,
    409: StandsNoMoreError,
}


class OverHttp:
    """One service, as one account. Nothing is tried twice here; `timeout` are the seconds for one request."""

    def __init__(
        self, address: str, *, token: Secret | None, ca: Path | None, timeout: float, plain_text: bool
    ) -> None:
        self.address = web_address(address, secret=token is not None, plain_text=plain_text)
        self._token = token
        self._timeout = timeout
        self._ca = ca
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """End the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(self, lines: Sequence[Line], *, dry_run: bool = False, wait: float = 0.0) -> SendReceipt:
        """Send at most a thousand events and give what is told of each.

        Raises AwayError, AnsweredError, StrangeAnswerError. Where nothing could be sent because there is no room the
        items say so, as where only some could not.
        """
        body = b"[" + b",".join([line.body for line in lines]) + b"]"
        headers = {"content-type": _BATCH, **_waiting(wait)}
        query = {"dry_run": "true"} if dry_run else {}
        try:
            answer = await self.ask("POST", "v1", "events", query=query, body=body, headers=headers, longer=wait)
        except AnsweredError as refused:
            if refused.status == _NOT_READY and isinstance(refused.problem.get("items"), list):
                return _all_unsent(refused, lines)
            raise
        return read_sent(answer, lines, dry_run=dry_run)

    async def ask(
        self,
        method: str,
        *path: str,
        query: Mapping[str, object] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        longer: float = 0.0,
    ) -> bytes:
        """Ask for a path made of these parts and give the body of the answer; parameters that are None are left out.

        Raises AwayError, AnsweredError (of 429 and 503 too), StrangeAnswerError. Takes ``timeout`` and ``longer``
        seconds at most, whatever the other side does.
        """
        url = "/".join((self.address, *(quote(part, safe="") for part in path)))
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        known = {"accept-encoding": "identity", "accept": "application/json", **spans.carried(), **(headers or {})}
        if self._token is not None:
            known["authorization"] = f"Bearer {self._token.shown_to_the_service()}"
        within = self._timeout + longer
        try:
            async with asyncio.timeout(within):
                return await self._answered(
                    self._opened().build_request(
                        *(method, url),
                        params=given,
                        content=body,
                        headers=known,
                        timeout=httpx.Timeout(within, connect=_CONNECT),
                    )
                )
        except TimeoutError:
            raise _away(Bilingual(f"không trả lời trong {within:g} s", f"no answer within {within:g} s")) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            if _untrusted(error):
                raise AwayError(
                    Bilingual(
                        "chứng thư không được tin, hãy xem ca=", "the certificate is not trusted, see ca="
                    ).within(f"{self.address}: ", f": {said(error)}"),
                    NOT_TRUSTED,
                ) from error
            raise _away(Bilingual.of(said(error)).within(f"{self.address}: ")) from error

    async def _answered(self, request: httpx.Request) -> bytes:
        response = await self._opened().send(request, stream=True)
        try:
            if response.has_redirect_location:
                strange(f"HTTP {response.status_code} → {urlsplit(response.headers['location']).netloc}")
            if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
                strange("content-encoding")
            found = bytearray()
            async for piece in response.aiter_raw():
                found += piece
                if len(found) > LONGEST_ANSWER:
                    strange(f"more than {LONGEST_ANSWER} bytes")
        finally:
            await response.aclose()
        if response.is_success:
            return bytes(found)
        raise _said_no(response, bytes(found))

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=self._trusted(),
                follow_redirects=False,
                trust_env=not is_loopback(self.address),
                limits=httpx.Limits(max_connections=20, keepalive_expiry=30),
            )
        return self._client

    def _trusted(self) -> ssl.SSLContext | bool:
        if not self.address.startswith("https:"):
            return False  # reading the system's authorities takes longer than a question
        try:
            return trusting(self._ca, "ca", beside_the_systems=True)
        except SettingsError as error:
            raise MisuseError(Bilingual.of(error)) from error


def json_of(answer: bytes) -> dict[str, Any]:
    """Read an answer; raises StrangeAnswerError where it is no JSON object."""
    try:
        found: dict[str, Any] = _object(answer)
    except (ValueError, RecursionError):
        strange("JSON")
    return found


def _waiting(wait: float) -> dict[str, str]:
    seconds = math.ceil(min(wait, LONGEST_WAIT))
    return {"prefer": f"wait={seconds}"} if seconds > 0 else {}


def _said_no(response: httpx.Response, body: bytes) -> ClientError:
    status = response.status_code
    try:
        problem = json_of(body)
    except StrangeAnswerError as strange_one:
        # A proxy before the service speaks for itself: that it has no service now passes.
        return _not_now(status, {}, response) if status in {_TOO_FAST, _NOT_READY, *_NOBODY_BEHIND} else strange_one
    if status in {_TOO_FAST, *_NOBODY_BEHIND} or (status == _NOT_READY and "items" not in problem):
        return _not_now(status, problem, response)
    if status >= _SERVERS_FAULT:
        return AnsweredError(status, problem)
    return _KINDS.get(status, BadRequestError)(status, problem)


def _not_now(status: int, problem: Mapping[str, Any], response: httpx.Response) -> AwayError:
    title = str(problem.get("detail") or problem.get("title") or response.reason_phrase)[:500]
    reason = "too_fast" if status == _TOO_FAST else "away"
    return AwayError(Bilingual.of(f"{status} {title}"), reason, _retry_after(response))


def _retry_after(response: httpx.Response) -> float | None:
    found = response.headers.get("retry-after", "").strip()
    return min(float(found), _LONGEST_PAUSE) if _seconds(found) else None


def _all_unsent(refused: AnsweredError, lines: Sequence[Line]) -> SendReceipt:
    body = msgspec.json.encode({"receipt": None, "items": refused.problem["items"]})
    found = read_sent(body, lines)
    if any(item.status != UNSENT for item in found.items):
        strange("503 with events that were sent")
    return found


def unsent(line: Line, reason: str) -> EventTold:
    """Say of an event that it is not known to be in the log."""
    return EventTold(line.publisher, line.id, UNSENT, reason=reason)


def _away(why: Bilingual) -> AwayError:
    return AwayError(
        Bilingual(f"dịch vụ không trả lời: {why.vietnamese}", f"the service doesn't answer: {why.english}")
    )


def _untrusted(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
