"""Connections that can't be held for nothing: what uvicorn's protocol leaves open, closed (decision 0027).

Of uvicorn's own limits only `timeout_keep_alive` is used: `limit_concurrency` counts idle connections too, and refuses
everybody where somebody opens a thousand.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.api.clients import NOBODY, Clients, share_of
from services.api.metrics import CONNECTIONS, DROPPED
from services.api.problems import Problem

MOST_TARGET: Final = 8 * 1024
"""Bytes of a request's path and query."""
MOST_HEADERS: Final = 16 * 1024
"""Bytes of all header fields together."""
MOST_FIELDS: Final = 100
HEAD_WITHIN: Final = 10.0
"""Seconds from a connection's beginning, or from a request's first byte, to the end of its headers."""
BODY_WITHIN: Final = 30.0
"""Seconds from there to the end of its body."""
LINGER: Final = 2.0
"""Seconds for which more is taken from one that was refused."""
TAKEN_WITHIN: Final = 20.0
"""Seconds in which a reader must have taken a part of its answer: what lies ready comes to some 64 KiB."""
OF_A_CLIENT: Final = 200
"""Connections of one client; a trusted proxy may have all."""
LET_GO_AFTER: Final = 1.0
"""Seconds until one above a client's share is ended: those who connect again at once would keep the process busy."""
MOST_LET_GO: Final = 256
"""So many may wait for their end at a time; others are ended at once."""

_UNREAD: Final = "Yêu cầu không hợp lệ"


class Connections:
    """All open connections of a server: how many there may be, and which has to go when there are too many."""

    def __init__(self, clients: Clients, most: int, ending: asyncio.Event | None = None) -> None:
        self._clients = clients
        self.ending = ending or asyncio.Event()
        """Set when the server ends: an answer that goes on for minutes is brought to its end by it."""
        self._most = most
        self._open: dict[Connection, str] = {}
        """In the order in which they were opened, with their clients."""
        self._of: Counter[str] = Counter()
        self._let_go: dict[Connection, asyncio.TimerHandle] = {}
        """Those above a share: they count no more, nothing that they send is read, and they end soon."""

    def admit(self, connection: Connection, address: str) -> bool:
        """Take a connection in; where there are too many, one that is idle goes for it, else it is refused itself."""
        client = NOBODY if self._clients.is_proxy(address) else share_of(address)
        if client != NOBODY and self._of[client] >= OF_A_CLIENT:
            idle = self._oldest_idle(client)
            DROPPED.labels("share" if idle is None else "idle").inc()
            self._end_soon(connection if idle is None else idle)
            if idle is None:
                return False
        if len(self._open) + len(self._let_go) >= self._most and not self._make_room():
            DROPPED.labels("full").inc()
            connection.abort()
            return False
        self._open[connection] = client
        self._of[client] += 1
        CONNECTIONS.set(len(self._open))
        return True

    def forget(self, connection: Connection) -> None:
        """Take a connection off that is closed."""
        ending = self._let_go.pop(connection, None)
        if ending is not None:
            ending.cancel()
        client = self._open.pop(connection, None)
        if client is not None:
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client]
            CONNECTIONS.set(len(self._open))

    def lets_go(self, connection: Connection) -> bool:
        """Tell whether a connection was above its client's share, and ends soon."""
        return connection in self._let_go

    def _oldest_idle(self, client: str) -> Connection | None:
        return next((each for each, whose in self._open.items() if whose == client and each.idle), None)

    def _make_room(self) -> bool:
        """End at once one that ends soon anyway, or else the oldest idle one of those who have most of all."""
        connection = next(iter(self._let_go), None)
        if connection is None:
            connection = self._oldest_idle(self._of.most_common(1)[0][0])
            if connection is None:
                return False
            DROPPED.labels("idle").inc()
        self.forget(connection)
        connection.abort()
        return True

    def _end_soon(self, connection: Connection) -> None:
        self.forget(connection)
        connection.refuse()
        if len(self._let_go) >= MOST_LET_GO:
            self._make_room()
        self._let_go[connection] = connection.loop.call_later(LET_GO_AFTER, connection.abort)


class Connection(HttpToolsProtocol):
    """One connection; its requests are bounded in size and in time."""

    connections_of_all: Connections
    """Set by `of`, on a class of each server's own."""

    @classmethod
    def of(cls, connections: Connections) -> type[Connection]:
        """Make the class that a server of these connections uses."""
        return type(cls.__name__, (cls,), {"connections_of_all": connections})

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None
        self._size = 0
        self._raw = 0
        self._heading = False
        self._refused = False

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        """End it at once, whatever still lies ready."""
        if self.transport is not None:
            self.transport.abort()

    def refuse(self) -> None:
        """Read nothing of it any more: whoever sends a request over it is told by its end."""
        self._expect(None)
        self._refused = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take it in, or end it where there are too many."""
        super().connection_made(transport)
        if self.connections_of_all.admit(self, self.client[0] if self.client else ""):
            self._expect(HEAD_WITHIN)

    def shutdown(self) -> None:
        """Finish the request that runs, and take no other."""
        self.connections_of_all.ending.set()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.connections_of_all.forget(self)
        self._expect(None)
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the request was refused already. Nothing that is sent makes a line in the log."""
        if self._refused:
            if self.connections_of_all.lets_go(self):
                self.abort()
            return
        if self._deadline is None and self.idle:
            self._expect(HEAD_WITHIN)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # nothing is upgraded to: it is answered as it is
            pass
        except httptools.HttpParserError:
            self._refuse(Problem(400, _UNREAD, "Không đọc được yêu cầu HTTP. / It is no HTTP that can be read."))
        if self._heading:  # the parser keeps a field to itself until it is whole
            self._raw += len(data)
            if self._raw > MOST_HEADERS + MOST_TARGET + 1024:
                self._refuse(_too_long())

    def on_message_begin(self) -> None:
        """Begin to count a request's bytes."""
        self._size, self._raw, self._heading = 0, 0, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count the target, which may come in pieces."""
        if self._refused:
            return
        super().on_url(url)
        if len(self.url) > MOST_TARGET:
            detail = f"Đường dẫn và tham số dài quá {MOST_TARGET} byte. / Path and query are too long."
            self._refuse(Problem(414, "Quá dài", detail))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count the headers."""
        self._size += len(name) + len(value) + 4
        if self._size > MOST_HEADERS or len(self.headers) >= MOST_FIELDS:
            self._refuse(_too_long())
        if not self._refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer; the body has its own time."""
        self._heading = False
        if not self._refused:
            self._expect(BODY_WITHIN)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Read on, unless the request was refused."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing more of this request."""
        if self._refused:
            return
        self._expect(None)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for a reader who takes its answer more slowly than it is made."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Stop to wait for it."""
        self._taken()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Wait for the reader of what still lies ready."""
        self._watch()
        super().on_response_complete()

    def _watch(self) -> None:
        """Look after a while whether what lies ready has become less."""
        if self._untaken is None and (ready := self.transport.get_write_buffer_size()):
            self._untaken = self.loop.call_later(TAKEN_WITHIN, self._look, ready)

    def _look(self, before: int) -> None:
        self._untaken = None
        if self.transport.get_write_buffer_size() >= before:
            self._drop("unread")
        else:
            self._watch()

    def _taken(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _expect(self, seconds: float | None) -> None:
        """Wait so long for what comes next, or for nothing."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._drop, "late")

    def _drop(self, why: str) -> None:
        DROPPED.labels(why).inc()
        self.abort()

    def _refuse(self, problem: Problem) -> None:
        """Answer without a route, and end the connection: what follows can't be trusted to begin a request."""
        if self._refused:
            return
        self._refused = True
        self._expect(None)
        if self.idle:  # else an answer is under way that must not be broken into
            response = problem.response({"connection": "close", "x-content-type-options": "nosniff"})
            head = f"HTTP/1.1 {response.status_code} \r\n".encode()
            fields = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
            self.transport.write(head + fields + b"\r\n" + bytes(response.body))
        if self.transport.can_write_eof():  # what is still under way is taken and thrown away, or it would reset ours
            self.transport.write_eof()
            self._expect(LINGER)
        else:
            self._watch()
            self.transport.close()


def _too_long() -> Problem:
    detail = (
        f"Các trường đầu dài quá {MOST_HEADERS} byte hoặc nhiều hơn {MOST_FIELDS}. / "
        "The header fields are too long or too many."
    )
    return Problem(431, "Quá dài", detail)
