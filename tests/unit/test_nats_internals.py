"""What is used of nats-py's inside: that it is still there, and that the wire is cut where it should be.

Cut in any places, one subscription's deliveries come out whole, and the client gets all the rest.
"""

import asyncio
import inspect
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

from services.connecting.nats_internals import Cutter, Delivery

SID = 7
ACK = b"$JS.ACK.PARTY.projector.1.%d.%d.1700000000000000000.0"
HEADERS = b"NATS/1.0\r\nNats-Msg-Id: u:%d\r\n\r\n"


class _Client:
    """What a parser tells its client, in order; deliveries that it gives are passed on, as the intake does."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.delivered: list[Delivery] = []

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        if sid == SID and reply.startswith(b"$JS.ACK."):
            self.delivered.append((subject, reply, data, headers))
        else:
            self.told.append((sid, subject, reply, data, headers))

    async def _process_ping(self) -> None:
        self.told.append("ping")

    async def _process_pong(self) -> None:
        self.told.append("pong")

    async def _process_err(self, error: str) -> None:
        self.told.append(error)


def _message(sid: int, subject: bytes, reply: bytes, headers: bytes | None, data: bytes) -> bytes:
    parts = [subject, str(sid).encode(), *([reply] if reply else [])]
    if headers is None:
        return b"MSG %b %d\r\n%b\r\n" % (b" ".join(parts), len(data), data)
    sizes = len(headers), len(headers) + len(data)
    return b"HMSG %b %d %d\r\n%b%b\r\n" % (b" ".join(parts), *sizes, headers, data)


BODIES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"PING\r\n", b"HMSG x 7 $JS.ACK.a 1 1\r\n", b"\r\n\r\n", b""]),
)


@st.composite
def sent(draw: st.DrawFn) -> list[tuple[bytes, Any]]:
    """Draw what the bus sends: bytes, with the delivery that they are or what the client is to be told."""
    found: list[tuple[bytes, Any]] = []
    for number in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["ours", "ours", "ours", "state", "other", "ping", "pong", "ok"]))
        subject = draw(st.sampled_from([b"party.v1.a.member.admitted", b"party.v1.\xff.x"]))
        headers = draw(st.sampled_from([None, HEADERS % number]))
        data = draw(BODIES)
        if kind == "ours":
            reply = ACK % (number, number)
            found.append((_message(SID, subject, reply, headers, data), (subject, reply, data, headers)))
        elif kind == "state":
            status = b"NATS/1.0 100 Idle Heartbeat\r\n\r\n"
            found.append((_message(SID, b"_INBOX.x", b"", status, b""), [(SID, b"_INBOX.x", b"", b"", status)]))
        elif kind == "other":
            reply = draw(st.sampled_from([b"", ACK % (number, number)]))
            found.append((_message(77, subject, reply, headers, data), [(77, subject, reply, data, headers)]))
        else:
            line, told = {"ping": (b"PING\r\n", ["ping"]), "pong": (b"PONG\r\n", ["pong"]), "ok": (b"+OK\r\n", [])}[
                kind
            ]
            found.append((line, told))
    return found


@given(sent(), st.data())
def test_deliveries_and_the_rest_come_out_as_they_were_sent(
    pieces: list[tuple[bytes, Any]], data: st.DataObject
) -> None:
    whole = b"".join(piece for piece, _ in pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    client = _Client()
    parser = Parser(client)
    delivered = client.delivered
    cutter = Cutter(parser, SID, delivered.extend)
    cutter.install()

    async def feed() -> None:
        for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            await parser.parse(whole[start:end])

    asyncio.run(feed())

    assert delivered == [told for _, told in pieces if isinstance(told, tuple)]
    assert client.told == [told for _, some in pieces if isinstance(some, list) for told in some]


def test_what_the_client_had_begun_is_finished_by_it_and_a_client_gets_its_parser_back() -> None:
    client = _Client()
    parser = Parser(client)
    delivered: list[Delivery] = []
    one, two, three = (_message(SID, b"s", ACK % (n, n), HEADERS % n, b"body %d" % n) for n in (1, 2, 3))

    async def feed() -> None:
        await parser.parse(one[:-4])
        cutter = Cutter(parser, SID, delivered.extend)
        cutter.install()
        await parser.parse(one[-4:] + two + three[:30])
        cutter.remove()
        await parser.parse(three[30:])

    asyncio.run(feed())

    assert [body for _, _, body, _ in delivered] == [b"body 2"]
    assert [body for _, _, body, _ in client.delivered] == [b"body 1", b"body 3"]


def test_a_reconnect_leaves_nothing_of_the_old_connection_behind() -> None:
    client = _Client()
    parser = Parser(client)
    delivered: list[Delivery] = []
    Cutter(parser, SID, delivered.extend).install()
    message = _message(SID, b"s", ACK % (1, 1), HEADERS % 1, b"body")

    async def feed() -> None:
        await parser.parse(message[:40])
        parser.reset()
        await parser.parse(message)

    asyncio.run(feed())

    assert [body for _, _, body, _ in delivered] == [b"body"]


def test_one_within_another_leaves_the_other_in_its_place() -> None:
    client = _Client()
    parser = Parser(client)
    outer: list[Delivery] = []
    inner: list[Delivery] = []
    Cutter(parser, SID, outer.extend).install()
    within = Cutter(parser, SID + 1, inner.extend)
    within.install()

    async def feed(number: int) -> None:
        for sid in (SID, SID + 1):
            await parser.parse(_message(sid, b"s", ACK % (number, number), None, b"%d" % number))

    asyncio.run(feed(1))
    within.remove()
    asyncio.run(feed(2))

    assert [body for _, _, body, _ in outer] == [b"1", b"2"]
    assert [body for _, _, body, _ in inner] == [b"1"]


def test_the_private_names_of_nats_py_are_as_they_were() -> None:
    """Say which of them changed, where another version of nats-py is taken: then look at `nats_internals` again."""
    assert re.match(r"2\.16\.", version("nats-py")), "look whether what `nats_internals` relies on is still so"
    client = Client()
    assert list(inspect.signature(Client._process_msg).parameters) == [
        "self",
        "sid",
        "subject",
        "reply",
        "data",
        "headers",
    ]
    assert list(inspect.signature(Client._process_info).parameters) == ["self", "info", "initial_connection"]
    assert inspect.iscoroutinefunction(Client._process_msg)
    assert inspect.iscoroutinefunction(Client._process_info)
    assert isinstance(client._ps, Parser)
    assert client._current_server is None
    assert inspect.iscoroutinefunction(client._error_cb)
    assert inspect.iscoroutinefunction(client._send_command)
    assert Subscription(client, 5)._id == 5
    parser = Parser(client)
    assert (bytes(parser.buf), parser.needed, parser.state) == (b"", 0, AWAITING_CONTROL_LINE)
    assert inspect.iscoroutinefunction(parser.parse)


def test_the_private_names_of_nats_py_are_used_in_one_file_each_of_the_product_and_of_the_tests() -> None:
    private = set(re.findall(r"\bself\.(_[a-z]\w*)", inspect.getsource(Client) + inspect.getsource(Subscription)))
    used = re.compile(rf"\b(?:\w*client|bus|nc|subscription|parser)\.({'|'.join(sorted(private))})\b")
    root = Path(inspect.getfile(Cutter)).parents[2]
    here = {Path(inspect.getfile(Cutter)), root / "tests/attacks/raw_commands.py", Path(__file__)}
    files = [path for part in ("services", "tests") for path in (root / part).rglob("*.py") if path not in here]
    found = {f"{path.relative_to(root)}: {name}" for path in files for name in used.findall(path.read_text("utf-8"))}
    assert len(files) > 100
    assert not found
