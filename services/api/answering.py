"""From a question to its answer: who waits for what, and for whom (contract §5, decision 0027).

1. Waiting for `min_position` takes no slot. Which server has what must be reflected: `services.api.reflecting`.
2. Quick questions take turns at the quick connections: a snapshot is opened, the ETag compared, and only then is
   anything worked out (`services.api.asked` has the order, and where it is decided who may).
3. What turns out to be slow lets go of all that, takes its turn among the slow ones, and goes the same way again in a
   process of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import asyncpg
import msgspec
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from projections.answers.access.sight import EVERYTHING, Sight
from projections.answers.report.report_answers import Behind
from projections.store.reading.cost import Class, Work, class_of
from projections.store.reading.extent import reach
from projections.store.reading.snapshot import Snapshot, at_once, snapshot
from services.access.audit import Entry, record
from services.api.apart import Apart
from services.api.apart_messages import Job
from services.api.asked import Asked, Circumstances, Given, begin, finish, packed, require_reached
from services.api.bodies import takes_gzip
from services.api.clients import Clients
from services.api.gate import who_asks
from services.api.lag import Lags
from services.api.log_end import LogEnd
from services.api.metrics import DROPPED, REFUSED
from services.api.parameters import Parameters, today
from services.api.primary import Primary
from services.api.problems import Problem, not_audited, too_busy
from services.api.reflecting import Reflecting
from services.api.retrying import retried
from services.api.shared import standing_of
from services.api.sights import About, sees_everything, sight_of, unit_of
from services.api.turns import Bounded, Limits, Turns
from services.api.waiting import Positions
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.needs import need_of
from services.tracing import spans

if TYPE_CHECKING:
    from asyncpg import Pool, Record

Answer = TypeVar("Answer")

# Answers hold sensitive figures and change with the log: nobody else keeps them, and a kept one is asked for again.
CACHING: Final = "private, no-cache"
BY_HAND: Final = 32 * 1024
"""Bytes up to which an answer is compressed between two others, in a millisecond; a longer one in a thread."""
PIECE: Final = 128 * 1024
REMEMBERED: Final = 10_000
"""Questions whose reach is remembered."""
REMEMBERED_FOR: Final = 60.0

QUICK: Final = Limits(slots=6, vast=6, waiting=1_000, a_client=500, patience=10, again=2)
SLOW: Final = Limits(slots=2, vast=1, waiting=200, a_client=100, patience=60, again=15)
WAITING: Final = (1_000, 100)
"""Questions that may wait for a position at a time, in all and of a client."""
WAITING_AGAIN: Final = 10
UNWRITTEN: Final[tuple[type[Exception], ...]] = (*DATABASE_AWAY, *NOT_MIGRATED, asyncpg.PostgresError)
"""What keeps the audit log from having something."""
UNTOLD: Final = frozenset({"member", "cursor", "min_position", "wait"})
"""Parameters that the audit log doesn't have: it never names a member, and a page goes on from another."""
READING: Final = 32
"""Answers out of files that are sent at a time: 40 MB each at the most, 3 where they are compressed."""
READ_WITHIN: Final = 300.0
"""Seconds in which such an answer must be taken."""


class Reader:
    """What the routes share; made once an app."""

    def __init__(
        self,
        quick: Pool[Record],
        service: Pool[Record],
        primary: Primary,
        apart: Apart,
        *,
        writing: Pool[Record],
        positions: Positions,
        log_end: LogEnd,
        lags: Lags,
    ) -> None:
        self.standing = standing_of(service)
        """For health, status and metrics, which never wait for questions: over connections of their own."""
        self.log_end = log_end
        self._service = service
        self._writing = writing
        self._quick = quick
        self._apart = apart
        self._primary = primary
        self._positions = positions
        self._reflecting = Reflecting(positions, primary)
        self._lags = lags
        self._quick_turns = Turns("quick", QUICK)
        self._slow_turns = Turns("slow", SLOW)
        self._waiting = Bounded("position", *WAITING, WAITING_AGAIN)
        self._reading: set[int] = set()
        """The long answers that are being sent."""
        self._reached: OrderedDict[Work, tuple[float, int]] = OrderedDict()

    async def answer(self, request: Request, query: Parameters, asked: Asked) -> Response:
        """Answer a question from one snapshot.

        304 where the asker has this very answer. Raises Problems: 503 where `min_position` isn't reached in time or
        too many ask, 429 where one client does, and what `asked.compute` raises.
        """
        client = clients_of(request).of(request.scope)
        asked = asked._replace(may=self._may(request, asked.about))
        await self.wait(request, query)
        how = Circumstances(
            query.min_position,
            request.headers.get("if-none-match"),
            takes_gzip(request.headers.get("accept-encoding")),
            await self._lags.now() if asked.figures else None,
        )
        # Whom it may be refused, or who may have it already, is told without a place among the slow ones.
        quickly = how.if_none_match is not None or not sees_everything(who_asks(request))
        asked = asked._replace(work=_with_file(asked))

        async def ask(primary: bool, floor: int | None) -> tuple[int, Given]:
            given = await self._given(client, asked, how._replace(min_position=floor), primary=primary, quickly=quickly)
            return given.position, given

        given = await self._reflecting.answer(request, client, query.min_position, ask)
        spans.note({"tonghop.position": given.position})
        await self._note(request, asked.about, given)
        return self._response(given)

    async def _given(self, client: str, asked: Asked, how: Circumstances, *, primary: bool, quickly: bool) -> Given:
        """Work an answer out, on the primary or here, among the quick questions or among the slow ones."""
        cost = None if quickly else self._known(asked.work)
        if cost is None or cost is Class.QUICK:
            async with self._turn(client, primary=primary):
                pool = self._pool(primary=primary)
                given = None if cost is None else await _at_once(pool, asked, how)
                if given is None:
                    async with snapshot(pool) as opened:
                        begun = await begin(asked, how, opened)
                        if begun.had is not None:
                            return Given(304, begun.had, position=opened.position)
                        cost = await self._cost(asked.work, opened)
                        given = await finish(asked, how, opened, begun) if cost is Class.QUICK else None
            if given is not None:
                by_hand = given.length <= BY_HAND
                return packed(given, how) if by_hand else await asyncio.to_thread(packed, given, how)
        if len(self._reading) >= READING:
            REFUSED.labels("reading", "full").inc()
            raise too_busy(SLOW.again)
        async with self._slow_turn(client, primary=primary, vast=cost is Class.VAST):
            lag = await self._lags.now() if asked.figures else None  # it may have waited for a minute
            with spans.span("answer apart"):
                return await self._apart.answer(Job(asked, how._replace(lag=lag), primary))

    def _pool(self, *, primary: bool) -> Pool[Record]:
        return self._primary.pool if primary else self._quick

    def _turn(self, client: str, *, primary: bool) -> AbstractAsyncContextManager[None]:
        return self._primary.turn(client) if primary else self._quick_turns.turn(client)

    @asynccontextmanager
    async def _slow_turn(self, client: str, *, primary: bool, vast: bool) -> AsyncIterator[None]:
        # The primary's first, so that nobody here waits for those who wait for it.
        of_primary = self._primary.turn(client, slow=True) if primary else nullcontext()
        async with of_primary, self._slow_turns.turn(client, vast=vast):
            yield

    async def allow(self, request: Request, about: About) -> None:
        """Raise a 403 Problem where who asks may not have what the route answers without `answer`."""
        if sees_everything(who_asks(request)):
            return

        async def ask() -> None:
            async with snapshot(self._service) as opened:
                await self._may(request, about)(opened)

        await retried(ask)

    async def ask(
        self,
        request: Request,
        about: About,
        compute: Callable[[Snapshot, Sight], Awaitable[Answer]],
        min_position: int | None = None,
    ) -> Answer:
        """Ask something small, in the one snapshot in which it is decided who may, for a route that answers itself.

        With ``about`` None it was decided before. Raises a 403 Problem, NotReachedProblem, and what `compute` raises.
        """

        async def ask(primary: bool, floor: int | None) -> tuple[int, Answer]:
            turn = self._primary.turn(self.client(request)) if primary else nullcontext()  # here it waits for nobody
            async with turn, snapshot(self._primary.pool if primary else self._service) as opened:
                await require_reached(floor, opened)
                sight = EVERYTHING if about is None else await self._may(request, about)(opened)
                return opened.position, await compute(opened, sight)

        return await self._reflecting.answer(request, self.client(request), min_position, ask)

    def client(self, request: Request) -> str:
        """Name whoever asks as turns are taken."""
        return clients_of(request).of(request.scope)

    async def at_once(
        self,
        request: Request,
        compute: Callable[[Snapshot, Sight], Awaitable[Answer]],
        min_position: int | None = None,
    ) -> Answer:
        """Ask in the asker's turn among the quick questions, for a route that decides itself who may and answers.

        Raises Problems: 503 where too many ask or the position isn't reached, 429 where one client does.
        """
        client = self.client(request)

        async def ask(primary: bool, floor: int | None) -> tuple[int, Answer]:
            async with self._turn(client, primary=primary), snapshot(self._pool(primary=primary)) as opened:
                await require_reached(floor, opened)
                return opened.position, await compute(opened, EVERYTHING)

        return await self._reflecting.answer(request, client, min_position, ask)

    async def apart(self, request: Request, compute: Callable[[Snapshot, Sight], Awaitable[msgspec.Struct]]) -> bytes:
        """Ask what takes seconds in a process of its own, in the asker's turn among the slow ones; return its JSON.

        It was decided before who may. `compute` can be pickled. Raises Problems as `at_once` does.
        """
        asked, client = Asked(("apart",), compute, may=_anybody), self.client(request)

        async def ask(primary: bool, floor: int | None) -> tuple[int, Given]:
            async with self._slow_turn(client, primary=primary, vast=False):
                found = await self._apart.answer(Job(asked, Circumstances(floor, None, False, None), primary))
                return found.position, found

        given = await self._reflecting.answer(request, client, None, ask)
        if given.spooled is None:
            return given.body
        try:
            return await asyncio.to_thread(given.spooled.read_bytes)
        finally:
            given.spooled.unlink(missing_ok=True)

    async def reach_beside_others(self, request: Request, position: int, within: float) -> None:
        """Wait for a position in bounded company, as `min_position` is waited for; where too many wait, not at all."""
        with suppress(Problem):
            async with self._waiting.place(self.client(request)):
                await self._positions.reach(position, within)

    async def reach(self, position: int, within: float) -> None:
        """Wait for the outcome of what a route has just published, at most `within` seconds."""
        await self._positions.reach(position, within)

    async def behind(self, position: int) -> Behind | None:
        """Say why an answer at a position is behind the log, where it is."""
        lag = await self._lags.now()
        return None if lag is None else lag.at(position)

    async def seconds_behind(self) -> float:
        """Say for how long the log has gone beyond the figures; as last known where nothing can be asked."""
        await self._lags.now()
        return self._lags.seconds

    async def _note(self, request: Request, about: About, given: Given) -> None:
        """Write into the audit log what an answer shows, before it is sent. Raises a 503 Problem where it can't."""
        if given.shows is None:
            return
        asked = {name: value for name, value in request.query_params.items() if name not in UNTOLD}
        entry = Entry(
            given.shows,
            who_asks(request),
            unit=unit_of(about),
            came_from=clients_of(request).of(request.scope),
            detail={"path": request.scope["route"].path, **request.path_params, **asked},
        )
        try:
            await record(self._writing, entry)
        except UNWRITTEN as error:
            if given.spooled is not None:
                given.spooled.unlink(missing_ok=True)
            raise not_audited() from error

    def _may(self, request: Request, about: About) -> Callable[[Snapshot], Awaitable[Sight]]:
        return partial(sight_of, asker=who_asks(request), need=need_of(request), about=about, today=today())

    async def wait(self, request: Request, query: Parameters) -> None:
        """Wait as long as the query allows for the position that it asks for, in bounded company."""
        if query.min_position is not None and query.wait and not self._positions.passed(query.min_position):
            async with self._waiting.place(clients_of(request).of(request.scope)):
                with spans.span("wait for a position", attributes={"tonghop.position": query.min_position}):
                    await self._reflecting.wait(query.min_position, query.wait)

    def _response(self, given: Given) -> Response:
        headers = {"etag": given.tag, "cache-control": CACHING, "vary": "Accept, Accept-Encoding"}
        if given.file_name is not None:
            headers["content-disposition"] = f'attachment; filename="{given.file_name}"'
        if given.gzipped:
            headers["content-encoding"] = "gzip"
        if given.spooled is not None:
            return _Spooled(given, headers, self._reading)
        return Response(given.body or None, given.status, headers, given.media_type)

    def _known(self, work: Work) -> Class | None:
        """Return the class of a question as far as it is known without asking the database."""
        if work.known:
            return class_of(work, 0)
        found = self._reached.get(work)
        if found is None or time.monotonic() - found[0] > REMEMBERED_FOR:
            return None
        return class_of(work, found[1])

    async def _cost(self, work: Work, opened: Snapshot) -> Class:
        known = self._known(work)
        if known is None:
            reached = await reach(opened, work)
            self._reached[work] = (time.monotonic(), reached)
            self._reached.move_to_end(work)
            if len(self._reached) > REMEMBERED:
                self._reached.popitem(last=False)
            known = class_of(work, reached)
        return known


async def _at_once(pool: Pool[Record], asked: Asked, how: Circumstances) -> Given | None:
    """Answer one who sees everything and has no answer yet, in one statement; None where that can't be done."""
    found = None if asked.at_once is None else await at_once(pool, asked.at_once)
    if found is None:
        return None
    opened, answer = found
    if how.min_position is not None and opened.position < how.min_position:
        return None
    return await finish(asked, how, opened, await begin(asked, how, opened), answer)


def _with_file(asked: Asked) -> Work:
    """Say what a question makes the service do: what is written in a process of its own is never answered at once."""
    if asked.file is None or not asked.file.apart:
        return asked.work
    return asked.work.at_least(Class.SLOW)


async def _anybody(_: Snapshot) -> Sight:
    return EVERYTHING


def reader_of(request: Request) -> Reader:
    """Return the reader of the app that serves the request."""
    reader: Reader = request.app.state.reader
    return reader


def clients_of(request: Request) -> Clients:
    """Return what tells the clients of the app apart."""
    clients: Clients = request.app.state.clients
    return clients


class _Spooled(Response):
    """An answer out of a file, which nobody else sees and which is gone with its reader."""

    def __init__(self, given: Given, headers: dict[str, str], places: set[int]) -> None:
        assert given.spooled is not None, "else it has a body"  # noqa: S101
        self._file = given.spooled.open("rb")
        given.spooled.unlink()  # at once, so that nothing is left behind whatever happens
        self._places = places
        super().__init__(None, given.status, {**headers, "content-length": str(given.length)}, given.media_type)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it piece by piece, each when the one before is taken; who takes too long is cut off."""
        self._places.add(id(self))
        try:
            async with asyncio.timeout(READ_WITHIN):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                while piece := await asyncio.to_thread(self._file.read, PIECE):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            DROPPED.labels("unread").inc()
        finally:
            self._places.discard(id(self))
            self._file.close()
