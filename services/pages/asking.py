"""Questions `/v1` in this process, as the browser that a page is drawn for: with its cookie and from its address.

A page has no rights of its own, and knows nothing that `/v1` does not tell: who may, what is hidden, what is written in
the audit log and how many may ask at once are decided there.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar, cast
from urllib.parse import quote, unquote, urlencode

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Scope

from projections.answers.report.report_answers import UnitName

Answer = TypeVar("Answer")
Value: TypeAlias = str | int | float | dt.date | Iterable[str] | None
"""What a parameter may be: of several there is one text with commas; None leaves it out."""

PASSED_ON: Final = frozenset(
    {
        *("host", "cookie", "authorization", "user-agent", "origin", "sec-fetch-site", "x-request-id", "traceparent"),
        *("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip"),
    }
)
"""What of a browser's request goes along: who it is, and where it comes from."""
OF_THE_APP: Final = "tonghop."
"""How the names begin of what the app itself has put with the browser's request: it is of what is asked for it, too."""
AGAIN: Final = 3
"""Times that answers of one page are asked for again, so that they are of one position."""
WAIT: Final = 2
"""Seconds that an answer may wait for the position of the one beside it."""


class NearestPeriod(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """The whole period nearest to one that can't be broken down."""

    first: dt.date | None = None
    last: dt.date | None = None


class ClauseRefused(msgspec.Struct, frozen=True):
    """A clause of a statement, or its claim, that the data does not say."""

    parameter: str
    clause: str
    detail: str


class ProblemSaid(msgspec.Struct, frozen=True):
    """A problem as `/v1` says it (RFC 9457)."""

    title: str = ""
    detail: str = ""
    status: int = 500
    parameter: str | None = None
    clause: str | None = None
    unit: str | None = None
    name: str | None = None
    position: int | None = None
    suggestions: list[UnitName] | None = None
    nearest: NearestPeriod | None = None
    refused: list[ClauseRefused] | None = None

    def told(self, language: str) -> ProblemSaid:
        """Return it in one language: `/v1` says things in Vietnamese, and in English after a stroke."""
        title, detail = (in_language(text, language) for text in (self.title, self.detail))
        return msgspec.structs.replace(self, title=title, detail=detail)


class RefusedPage(Exception):  # noqa: N818 - it is an answer, of which a page is drawn
    """What `/v1` refuses, or a page itself."""

    def __init__(self, said: ProblemSaid, again: str | None = None, body: bytes = b"") -> None:
        super().__init__(said.detail)
        self.said = said
        self.again = again
        """Seconds after which it may be tried again."""
        self.body = body

    @classmethod
    def unfit(cls, parameter: str, detail: str) -> RefusedPage:
        """Refuse a parameter of the page's own address."""
        return cls(
            ProblemSaid(
                "Tham số không hợp lệ / A parameter can't be used", detail, HTTPStatus.UNPROCESSABLE_ENTITY, parameter
            )
        )


class Ask(NamedTuple, Generic[Answer]):
    """A question: a path below `/v1`, the type of its answer, its parameters."""

    path: str
    answer: type[Answer]
    parameters: Mapping[str, Value]


class CameBack(NamedTuple):
    """What came back, as it came."""

    status: int
    headers: Headers
    body: bytes


def ask(path: str, answer: type[Answer], **parameters: Value) -> Ask[Answer]:
    """Make a question; `from_` stands for `from`."""
    return Ask(path, answer, {name.removesuffix("_"): value for name, value in parameters.items()})


def path_of(*parts: str) -> str:
    """Join a path below `/v1` out of parts that may be anything."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def address_of(path: str, parameters: Mapping[str, Value]) -> str:
    """Return an address with its parameters; those that are None are left out, and `from_` stands for `from`."""
    given = {name.removesuffix("_"): _text(value) for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given, safe=',:')}" if given else path


def in_language(text: str, language: str) -> str:
    """Return one of two languages of a text: `/v1` says things in Vietnamese, and in English after a stroke."""
    vietnamese, _, english = text.partition(" / ")
    return english if english and language == "en" else vietnamese


class Questions:
    """Asks for one page. What is refused raises RefusedPage."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.proof = ""
        """That of the form that was sent: it goes along with whatever is changed, and nothing is changed without it."""

    async def one(self, question: Ask[Answer], **more: Value) -> Answer:
        """Ask one question."""
        parameters = {**question.parameters, **{name.removesuffix("_"): value for name, value in more.items()}}
        answered = await self.send("GET", question.path, parameters=parameters)
        return msgspec.json.decode(answered.body, type=question.answer)

    async def together(self, *questions: Ask[Any]) -> list[Any]:
        """Ask several questions at once, whose answers are of one position.

        Those that were behind another are asked again. Where the log moves on faster than they are answered, for
        a few times, they are of several: each says its own.
        """
        found = list(await asyncio.gather(*(self.one(each) for each in questions)))
        return await self._at_one_position(found, questions)

    async def together_as_far_as_may_be(self, first: Ask[Any], *others: Ask[Any]) -> list[Any]:
        """Ask several questions at once of which only the first has to be answered: None stands for what is refused."""
        answers = asyncio.gather(self.one(first), *(self._or_none(each) for each in others))
        return await self._at_one_position(list(await answers), (first, *others))

    async def _or_none(self, question: Ask[Any]) -> Any:
        try:
            return await self.one(question)
        except RefusedPage as problem:
            if problem.said.status == HTTPStatus.UNAUTHORIZED:
                raise
            return None

    async def _at_one_position(self, found: list[Any], questions: Sequence[Ask[Any]]) -> list[Any]:
        for _ in range(AGAIN):
            positions = [_position(each, question) for each, question in zip(found, questions, strict=True)]
            last = max((each for each in positions if each is not None), default=0)
            late = [i for i, each in enumerate(positions) if each is not None and each < last]
            if not late:
                break
            again = (self.one(questions[i], min_position=last, wait=WAIT) for i in late)
            for i, answer in zip(late, await asyncio.gather(*again), strict=True):
                found[i] = answer
        return found

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | AsyncIterator[bytes] = b"",
        content_type: str | None = "application/json",
        *,
        parameters: Mapping[str, Value] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> CameBack:
        """Send a request, and return what is answered; a body that is still coming is handed on as it comes.

        Raises RefusedPage from 400 on.
        """
        given = {"content-type": content_type} if body and content_type is not None else {}
        if method != "GET" and self.proof:
            given["x-csrf-token"] = self.proof
        answered = await self._go(method, path, body, parameters or {}, {**given, **(headers or {})})
        if answered.status >= HTTPStatus.BAD_REQUEST:
            raise refusal_of(answered)
        return answered

    async def _go(
        self,
        method: str,
        path: str,
        body: bytes | AsyncIterator[bytes],
        parameters: Mapping[str, Value],
        headers: Mapping[str, str],
    ) -> CameBack:
        outer = self._request.scope
        kept = [(name, value) for name, value in outer["headers"] if name.decode("latin-1") in PASSED_ON]
        given = {"accept": "application/json", **headers}
        if isinstance(body, bytes) and body:
            given |= {"content-length": str(len(body))}
        query = urlencode({name: _text(value) for name, value in parameters.items() if value is not None})
        scope: Scope = {
            **{name: outer[name] for name in ("type", "asgi", "http_version", "scheme", "client", "server")},
            **{name: value for name, value in outer.items() if name.startswith(OF_THE_APP)},
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [*kept, *((name.encode(), value.encode()) for name, value in given.items())],
        }
        whole = _Whole(body)
        await self._request.app(scope, whole.receive, whole.send)
        return whole.answered()


class _Whole:
    """The two ends of a request in this process: its body, and what is answered."""

    def __init__(self, body: bytes | AsyncIterator[bytes]) -> None:
        self._body: bytes | AsyncIterator[bytes] | None = body
        self._gone: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._status = 500
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []

    async def receive(self) -> Message:
        if isinstance(self._body, bytes):
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self._body is not None:
            try:
                piece = await anext(self._body, None)
            except ClientDisconnect:  # what comes no further is not taken for whole
                return {"type": "http.disconnect"}
            self._body = None if piece is None else self._body
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        return await asyncio.shield(self._gone)  # whoever asks does not go before the answer is there

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message.get("headers", ()))
        else:
            self._pieces.append(message.get("body", b""))

    def answered(self) -> CameBack:
        return CameBack(self._status, Headers(raw=self._headers), b"".join(self._pieces))


def _position(answer: object, question: Ask[Any]) -> int | None:
    """Return the position that an answer is of; none of one that is asked for as known then."""
    if question.parameters.get("position") is not None:
        return None
    return cast("int | None", getattr(answer, "position", None))


def refusal_of(answered: CameBack) -> RefusedPage:
    """Read a problem as it came; what can't be read has its status alone."""
    try:
        said = msgspec.json.decode(answered.body, type=ProblemSaid, strict=False)
    except msgspec.DecodeError:
        said = ProblemSaid(status=answered.status)
    said = msgspec.structs.replace(said, status=answered.status)
    return RefusedPage(said, answered.headers.get("retry-after"), answered.body)


def _text(value: Value) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    return ",".join(value or ())
