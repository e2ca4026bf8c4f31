"""An HTTP server that answers as tonghop's documentation says, or as something else that listens there might."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from services.api.examples import EXAMPLES

Kind = Literal["examples", "page", "empty", "list", "cut", "text", "redirect", "silent", "fixed"]
OTHERS: tuple[Kind, ...] = ("page", "empty", "list", "cut", "text", "redirect")
BY_PATH = {
    "report": "Report",
    "events": "CountedEventPage",
    "history": "UnitHistory",
    "tree": "Tree",
    "difference": "Difference",
    "indicators": "Indicators",
    "targets": "Allocations",
    "silence": "Silence",
    "findings": "FindingPage",
    "statement": "Statement",
    "status": "Status",
    "rejects": "RejectsPage",
    "outcomes": "SaidPage",
    "units": "UnitPage",
    "accounts": "AccountPage",
    "tokens": "TokenList",
    "grants": "GrantList",
    "audit": "AuditPage",
}


FIXED: dict[str, tuple[int, str, bytes]] = {
    "page": (200, "text/html", b"<!doctype html><title>\x1b[31mrouter</title>"),
    "empty": (200, "application/json", b"{}"),
    "list": (200, "application/json", b"[1, 2]"),
    "cut": (200, "application/json", b'{"units": ['),
    "text": (500, "text/plain", b"\xff\xfe oops"),
    "redirect": (302, "text/plain", b""),
}


def report_of(units: Sequence[Mapping[str, str]], values: Mapping[str, int]) -> dict[str, Any]:
    """Make the answer to a report in which the unit asked for, and each of these, has the same values."""
    return {
        "unit": {"id": "gia-binh", "name": "Huyện ủy Gia Bình", "level": "upper"},
        "from": "2023-01-01",
        "to": "2023-11-28",
        "basis": "as-was",
        "position": 7,
        "as_of": None,
        "parked": 0,
        "total": values,
        "rows": [{"unit": unit, "values": values} for unit in units],
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server: "_Server"

    def do_GET(self) -> None:
        kind = self.server.kind
        if kind == "silent":
            self.server.asked.set()
            self.server.ended.wait()
            return
        status, type_, body = self._answer(kind)
        self.send_response(status)
        self.send_header("content-type", type_)
        if status == 302:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", str(len(body) + (kind == "cut") * 10))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - as the library names them

    def _answer(self, kind: Kind) -> tuple[int, str, bytes]:
        if kind == "fixed":
            return 200, "application/json", json.dumps(self.server.answer).encode()
        return (200, "application/json", self._example()) if kind == "examples" else FIXED[kind]

    def _example(self) -> bytes:
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[:2] == ["v1", "events"]:
            name = "Said"
        elif parts[:2] == ["v1", "units"] and len(parts) == 3:
            name = "UnitDay"
        else:
            name = BY_PATH[parts[-1]]
        return json.dumps(EXAMPLES[name]).encode()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    kind: Kind
    answer: Any
    asked: threading.Event
    ended: threading.Event

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: askers go away as they like here."""


@contextmanager
def answering(kind: Kind, answer: Any = None) -> Iterator[tuple[str, threading.Event]]:
    """Run the server; give its address and what is set when somebody waits for an answer that doesn't come."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.kind, server.answer = kind, answer
    server.asked, server.ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.asked
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
