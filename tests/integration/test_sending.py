"""Sending over HTTP, to the log and back: every form, every status, receipts, dry runs, corrections (contract §8)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from nats.js.errors import NotFoundError

from events.catalogue import CATALOGUE
from events.subjects import digest
from services.access.bootstrapping import bootstrap
from services.api.app import create_app
from services.log.configuration import consumer_config, stream_config
from services.publishing import gateway
from services.settings import Settings
from tests.attacks.guarded import Guarded, guarded_somewhere
from tests.attacks.publishing import (
    BELOW_B,
    ROOT,
    UNITS,
    A,
    B,
    admitted,
    body_of,
    established,
    event,
    lines_of,
    projecting,
    published,
)
from tests.integration.access.test_commands import on_a_socket
from tests.integration.test_gate import by_name

ONE, BATCH, LINES = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
NOWHERE = "nats://127.0.0.1:1"
CLERK_B = f"admin clerk {B}"
"""A token of `admin` that is limited to a clerk's role at B."""


@pytest.fixture(scope="module")
async def bus() -> AsyncIterator[Guarded]:
    with guarded_somewhere(operator=True) as server:
        yield server


class Sender:
    """The API as it is shipped on a bus with users, as it is sent to."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, database: str) -> None:
        self.app = app
        self.client = client
        self.database = database

    async def post(
        self, events: Any, who: str = "admin", kind: str = BATCH, query: str = "", **headers: str
    ) -> httpx.Response:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        known = {"authorization": f"Bearer {who}", "content-type": kind, **headers}
        return await self.client.post(f"/v1/events{query}", content=body, headers=known)

    async def sent(self, events: Any, who: str = "admin", **headers: str) -> list[dict[str, Any]]:
        """Send a batch, wait for its outcomes and give the items."""
        answer = await self.post(events, who, prefer="wait=10", **headers)
        assert answer.status_code == 202, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def tried(self, events: Any, who: str = "admin") -> list[dict[str, Any]]:
        answer = await self.post(events, who, query="?dry_run=true")
        assert (answer.status_code, answer.json()["receipt"]) == (200, None), answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def ask(self, path: str, who: str = "admin", method: str = "GET", body: object = None) -> httpx.Response:
        known = {"authorization": f"Bearer {who}", "prefer": "wait=10"}
        return await self.client.request(method, f"/v1/{path}", headers=known, json=body)

    async def correct(self, publisher: str, id_: str, what: str, who: str = "admin", **body: Any) -> httpx.Response:
        return await self.ask(f"events/{publisher}/{id_}/{what}", who, "POST", body)

    async def logged(self) -> int:
        """Count the messages of the log that are decided."""
        connection = await asyncpg.connect(self.database)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM ledger"))
        finally:
            await connection.close()


@asynccontextmanager
async def api(nats: str, publishing: str, database: str, **options: Any) -> AsyncIterator[Sender]:
    settings = Settings(database_url=database, nats_url=nats, gateway_nats_url=publishing, root=ROOT)
    app = create_app(settings, admit=by_name, **options)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as client:
            yield Sender(app, client, database)


async def begin_anew(bus: Guarded, **stream: Any) -> None:
    async with bus.client("operator") as operator:
        jetstream = operator.jetstream()
        with suppress(NotFoundError):
            await jetstream.delete_stream("PARTY")
        config = stream_config(Settings())
        await jetstream.add_stream(config.evolve(**stream) if stream else config)
        await jetstream.add_consumer("PARTY", consumer_config(Settings()))


@pytest.fixture
async def log(bus: Guarded) -> None:
    await begin_anew(bus)


@pytest.fixture
async def still(bus: Guarded, log: None, database: str) -> AsyncIterator[Sender]:
    """Without a projector."""
    async with api(bus.url("api"), bus.url("gateway"), database) as opened:
        yield opened


@pytest.fixture
async def sender(bus: Guarded, still: Sender) -> AsyncIterator[Sender]:
    async with projecting(bus.url("projector"), still.database, units=()):
        await published(bus.url("all-units"), UNITS)
        yield still


def said(items: list[dict[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(item.get(field) for field in fields) for item in items]


async def test_each_form_is_taken_and_told_in_the_order_of_the_input(sender: Sender) -> None:
    one = await sender.post(body_of(admitted(A, "1")), kind=ONE, prefer="wait=10")
    assert one.status_code == 202, one.text
    receipt = one.json()["receipt"]
    assert one.headers["location"] == f"/v1/receipts/{receipt}"
    (item,) = one.json()["items"]
    assert item == {
        "index": 0,
        "publisher": A,
        "id": "1",
        "status": "accepted",
        "position": 5,
        "outcome": "counted",
        "reason": None,
        "suspicious": [
            {
                "kind": "old",
                "detail": item["suspicious"][0]["detail"],
                "events": [{"publisher": A, "id": "1", "position": 5, "type": "member.admitted", "day": "2023-05-01"}],
            }
        ],
    }
    bad = event(A, "2", "badge.awarded", {"member": "2", "grade": 31, "awarded_on": "2023-05-01"})
    items = await sender.sent([admitted(A, "3"), bad, admitted("nowhere", "4"), admitted(A, "5")])
    assert said(items, "index", "id", "status", "outcome", "reason", "field") == [
        (0, "3", "accepted", "counted", None, None),
        (1, "2", "refused", None, "invalid_field", "data.grade"),
        (2, "4", "accepted", "parked", "unknown_unit", "subject"),
        (3, "5", "accepted", "counted", None, None),
    ]
    positions = [item["position"] for item in items if "position" in item]
    assert positions == [6, 7, 8]
    text = b"\xef\xbb\xbf\r\n" + lines_of(admitted(B, "6"), admitted(B, "7")).replace(b"\n", b"\r\n\n")
    lines = await sender.post(text, kind=f"{LINES}; charset=utf-8", prefer="wait=10")
    assert said(lines.json()["items"], "index", "id", "outcome") == [(0, "6", "counted"), (1, "7", "counted")]


async def test_sending_again_is_harmless_for_ever(sender: Sender) -> None:
    first = await sender.sent([admitted(A, "1"), admitted(A, "2")])
    again = await sender.post([admitted(A, "2"), admitted(A, "1")])
    assert (again.status_code, again.json()["receipt"], "location" in again.headers) == (200, None, False)
    assert said(again.json()["items"], "id", "status", "position", "outcome") == [
        ("2", "duplicate", first[1]["position"], "counted"),
        ("1", "duplicate", first[0]["position"], "counted"),
    ]
    other = admitted(A, "1") | {"data": {"member": "other", "decided_on": "2023-05-01"}}
    items = await sender.sent(
        [other, admitted(A, "3"), admitted(A, "3"), admitted(A, "3") | {"time": "2020-01-01T00:00:00Z"}]
    )
    assert said(items, "status", "reason", "position") == [
        ("refused", "id_conflict", None),
        ("accepted", None, 7),
        ("duplicate", None, 7),
        ("refused", "id_conflict", None),
    ]
    assert await sender.logged() == 7


async def test_receipts_are_told_anew_to_who_sent_alone(sender: Sender) -> None:
    sent = await sender.post([admitted("sau", "1"), admitted(B, "2")], prefer="wait=10")
    path = sent.headers["location"].removeprefix("/v1/")
    assert (await sender.ask(path)).json()["items"] == sent.json()["items"]
    await sender.sent([established("sau", ROOT)])
    assert said((await sender.ask(path)).json()["items"], "outcome") == [("counted",), ("counted",)]
    assert said((await sender.ask(path, CLERK_B)).json()["items"], "outcome") == [(None,), ("counted",)]
    for who, which in (("nobody", path), ("demo", path), ("admin", "receipts/r-" + "0" * 32), ("admin", "receipts/x")):
        assert (await sender.ask(which, who)).status_code == 404, (who, which)
    own = (await sender.ask("receipts?limit=1")).json()
    assert said(own["receipts"], "items", "accepted") == [(1, 1)]
    more = (await sender.ask(f"receipts?limit=1&cursor={own['next']}")).json()
    assert (more["receipts"][0]["receipt"], more["next"]) == (sent.json()["receipt"], None)
    assert (await sender.ask("receipts", "nobody")).json() == {"receipts": [], "next": None}
    by_position = (await sender.ask("receipts?from=1&to=4")).json()
    assert [each["position"] for each in by_position["receipts"]] == [1, 2, 3, 4]
    assert (await sender.ask("receipts?to=4")).status_code == 422


async def test_one_speaks_as_ones_units_alone_and_gives_no_access(sender: Sender) -> None:
    access = event(B, "g-1", "access.granted", {"account": "a-0000000000000000", "role": "reader"})
    mine, below, other = admitted(B, "1"), admitted(BELOW_B, "2"), admitted(A, "3")
    items = await sender.sent([mine, below, other, access, admitted("nowhere", "4")], CLERK_B)
    assert said(items, "status", "reason", "field", "outcome") == [
        ("accepted", None, None, "counted"),
        ("accepted", None, None, "counted"),
        ("refused", "forbidden", "source", None),
        ("refused", "forbidden", "type", None),
        ("refused", "forbidden", "source", None),
    ]
    for who in ("nobody", f"admin reader {ROOT}", f"admin officer {B}", f"admin clerk {A}"):
        answer = await sender.post([mine, below], who)
        assert (answer.status_code, {item["reason"] for item in answer.json()["items"]}) == (200, {"forbidden"}), who
    assert said(await sender.sent([access, admitted(A, "9")]), "reason") == [("forbidden",), (None,)]
    audited = (await sender.ask("audit?what=events_sent")).json()["entries"]
    assert [entry["detail"]["events"] for entry in audited] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"[]", 415),
        ("text/plain", b"", 415),
        (ONE, b"[]", 400),
        (ONE, b"{", 400),
        (ONE, b"", 400),
        (BATCH, b"{}", 400),
        (BATCH, b"[1,", 400),
        (BATCH, b"[" * 100_000, 400),
        (BATCH, b"[" + b",".join([b"{}"] * 1001) + b"]", 413),
        (LINES, b"{}\n" * 1001, 413),
        (LINES, b"{}\n" * 1_000_000, 413),
        (BATCH, b"[" + b",".join([b"{}"] * 1_000_000) + b"]", 413),
        (LINES, b"x" * 17_500_000, 413),
    ],
)
async def test_what_is_no_envelope_is_refused_as_a_whole(still: Sender, kind: str, body: bytes, status: int) -> None:
    answer = await still.post(body, kind=kind)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_one_bad_event_never_fails_the_others(sender: Sender) -> None:
    long = admitted(A, "long") | {"data": {"member": "x", "decided_on": "2023-05-01", "facets": {"sex": "x" * 17_000}}}
    name = established("ten", ROOT) | {"data": {**established("ten", ROOT)["data"], "name": "Đảng\u200bủy"}}
    bodies = [b"1", b'"x"', b"{}", b"{", b"\xff", body_of(long), body_of(name), body_of(admitted(A, "good")), b"null"]
    answer = await sender.post(b"\n".join(bodies), kind=LINES, prefer="wait=10")
    assert answer.status_code == 202, answer.text
    assert said(answer.json()["items"], "id", "status", "reason", "field") == [
        *[(None, "refused", "malformed", None)] * 2,
        (None, "refused", "invalid_field", "source"),
        *[(None, "refused", "malformed", None)] * 3,
        ("est-ten", "refused", "invalid_field", "data.name"),
        ("good", "accepted", None, None),
        (None, "refused", "malformed", None),
    ]
    assert (await sender.post([])).json()["items"] == []


async def test_a_dry_run_says_what_the_log_would_and_says_nothing_to_it(sender: Sender) -> None:
    await sender.sent([admitted(B, "1"), admitted("later", "2")])
    events = [
        admitted(B, "1"),
        admitted(B, "1") | {"time": "2020-01-01T00:00:00Z"},
        admitted("moi", "a"),
        established("moi", ROOT),
        admitted("moi", "b"),
        admitted("moi", "b"),
        event(A, "c", "member.admitted", {"member": "c", "decided_on": "2023-05-01"}, B),
        event(A, "d", "member.admitted", {"member": "d", "decided_on": "1999-05-01"}),
        event(B, "r1", "event.retracted", {"source": f"/units/{B}", "id": "1", "reason": "nhầm"}),
        event(B, "r2", "event.retracted", {"source": f"/units/{B}", "id": "1", "reason": "nhầm"}),
        event(ROOT, "r3", "event.retracted", {"source": f"/units/{ROOT}", "id": f"est-{B}", "reason": "nhầm"}),
        event(ROOT, "m", "unit.moved", {"parent": A, "since": "2024-01-01"}, BELOW_B),
        event(ROOT, "n", "unit.renamed", {"name": "Tên mới", "since": "2024-01-01"}, BELOW_B),
        event(A, "e", "badge.awarded", {"member": "2", "grade": 31, "awarded_on": "2023-05-01"}),
    ]
    before = await sender.logged()
    items = await sender.tried(events)
    assert said(items, "status", "outcome", "reason", "tried") == [
        ("duplicate", "counted", None, True),
        ("refused", None, "id_conflict", True),
        ("accepted", "parked", "unknown_unit", True),
        ("accepted", None, None, False),
        ("accepted", "counted", None, True),
        ("duplicate", "counted", None, True),
        ("accepted", "parked", "not_authorised", True),
        ("accepted", "parked", "inactive_unit", True),
        ("accepted", "applied", None, True),
        ("accepted", "rejected", "already_done", True),
        ("accepted", None, None, False),
        ("accepted", None, None, False),
        ("accepted", "applied", None, True),
        ("refused", None, "invalid_field", True),
    ]
    assert said(await sender.tried([admitted(A, "x"), admitted(B, "y")], CLERK_B), "status") == [
        ("refused",),
        ("accepted",),
    ]
    assert await sender.logged() == before
    assert (await sender.post([], query="?dry_run=perhaps")).status_code == 422


async def test_a_projector_that_stands_still_is_told_and_what_was_sent_stays_sent(bus: Guarded, still: Sender) -> None:
    answer = await still.post([*UNITS, admitted(A, "1")], prefer="wait=0")
    assert answer.status_code == 202, answer.text
    assert answer.json()["behind"]["state"] == "stopped"
    assert said(answer.json()["items"], "position", "outcome") == [(n, None) for n in range(1, 6)]
    path = answer.headers["location"].removeprefix("/v1/")
    # By its header the bus knows it, by the ledger nobody yet: it may stand twice in the log, and counts once.
    again = await still.post([admitted(A, "1")])
    assert again.status_code in {200, 202}, again.text
    async with projecting(bus.url("projector"), still.database, units=()):
        items = await still.sent([admitted(A, "2")])
        assert said(items, "status", "outcome") == [("accepted", "counted")]
        assert said((await still.ask(path)).json()["items"], "outcome") == [*[("applied",)] * 4, ("counted",)]
        report = await still.ask(f"units/{A}/report?from=2023-01-01&to=2023-12-31&by=none")
        assert report.json()["total"]["admissions"] == 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "PATIENCE", 0.1)


async def test_a_full_stream_is_told_for_each_event(impatient: None, bus: Guarded, still: Sender) -> None:
    await begin_anew(bus, max_msgs=2, discard="new")
    answer = await still.post([admitted(A, "1"), admitted(A, "2"), admitted(A, "3")])
    assert answer.status_code == 202, answer.text
    assert said(answer.json()["items"], "status", "reason") == [
        ("accepted", None),
        ("accepted", None),
        ("unsent", "stream_full"),
    ]
    full = await still.post([admitted(A, "3"), admitted(A, "4")])
    assert (full.status_code, full.headers["retry-after"]) == (503, "5")
    assert said(full.json()["items"], "id", "status", "reason") == [
        ("3", "unsent", "stream_full"),
        ("4", "unsent", "stream_full"),
    ]
    assert len((await still.ask("receipts")).json()["receipts"]) == 1


async def test_without_a_bus_all_is_unsent(impatient: None, database: str) -> None:
    async with api(NOWHERE, NOWHERE, database) as sender:
        answer = await sender.post([admitted(A, "1")])
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert said(answer.json()["items"], "status", "reason") == [("unsent", "bus_away")]
        assert (await sender.post([admitted(A, "1")], query="?dry_run=true")).status_code == 200
        assert (await sender.ask("receipts")).json()["receipts"] == []


async def test_a_receipt_that_nobody_completed_is_completed_by_the_log(sender: Sender) -> None:
    """As a process leaves one that is killed between the log and its receipt."""
    sent = await sender.post([admitted(A, "1"), admitted(A, "2")], prefer="wait=10")
    receipt = sent.json()["receipt"]
    connection = await asyncpg.connect(sender.database)
    kept = json.loads(await connection.fetchval("SELECT items FROM receipt"))
    never = [None if at == 3 else each for at, each in enumerate(kept[1])]
    never[1], never[7] = "3", digest(body_of(admitted(A, "3")))
    halves = [[*each[:2], "unsent", None, "bus_away", None, "sent", each[7]] for each in (kept[0], never)]
    await connection.execute("UPDATE receipt SET items = $1, answered_at = NULL", json.dumps(halves))
    await connection.close()
    told = (await sender.ask(f"receipts/{receipt}")).json()["items"]
    assert said(told, "status", "position", "outcome") == [("accepted", 5, "counted"), ("unsent", None, None)]


async def test_an_event_is_taken_back_once_however_often_it_is_asked(sender: Sender) -> None:
    await sender.sent([admitted(BELOW_B, "1"), admitted(A, "1")])
    made = await sender.correct(BELOW_B, "1", "retraction", CLERK_B, reason="nhập nhầm")
    assert made.status_code == 202, made.text
    id_ = f"r-{digest(f'{BELOW_B}:1'.encode())}"
    assert said(made.json()["items"], "publisher", "id", "outcome") == [(BELOW_B, id_, "applied")]
    told = (await sender.ask(f"events/{BELOW_B}/1")).json()
    assert (told["outcome"], told["taken_back"]["id"], told["taken_back"]["reason"]) == ("retracted", id_, "nhập nhầm")
    again = await sender.correct(BELOW_B, "1", "retraction", CLERK_B, reason="nhập nhầm")
    assert (again.status_code, said(again.json()["items"], "status", "outcome")) == (200, [("duplicate", "applied")])
    for publisher, which, who, body, status in (
        (BELOW_B, "1", "admin", {"reason": "khác"}, 409),
        (BELOW_B, id_, "admin", {"reason": "khác"}, 409),
        (A, "1", CLERK_B, {"reason": "x"}, 403),
        (A, "1", "nobody", {"reason": "x"}, 403),
        (A, "2", "admin", {"reason": "x"}, 404),
        (A, "1", "admin", {"reason": ""}, 422),
        (A, "1", "admin", {}, 422),
        (A, "1", "admin", {"reason": "x", "more": 1}, 422),
    ):
        answer = await sender.correct(publisher, which, "retraction", who, **body)
        assert answer.status_code == status, (publisher, which, who, body, answer.text)


async def test_an_event_is_said_anew_with_what_takes_it_back(sender: Sender) -> None:
    sheet = f"s-{'0' * 32}"
    await sender.sent([admitted(A, "book-1"), admitted(A, "0") | {"id": f"{sheet}.1"}])
    data = {"member": "book-1", "decided_on": "2023-06-01"}
    made = await sender.correct(A, "book-1", "replacement", data=data, reason="sai ngày")
    assert made.status_code == 202, made.text
    own = digest(f"{A}:book-1".encode())
    first, second = made.json()["items"]
    assert said([first, second], "id", "outcome") == [(f"r-{own}", "applied"), (f"s-{own}.1", "counted")]
    assert second["position"] == first["position"] + 1
    again = await sender.correct(A, "book-1", "replacement", data=data, reason="sai ngày")
    assert (again.status_code, said(again.json()["items"], "status")) == (200, [("duplicate",), ("duplicate",)])
    other = {"member": "book-1", "decided_on": "2023-07-01"}
    assert (await sender.correct(A, "book-1", "replacement", data=other, reason="sai ngày")).status_code == 409
    twice = await sender.correct(A, f"s-{own}.1", "replacement", data=other, reason="sai nữa")
    assert said(twice.json()["items"], "id", "outcome")[1] == (f"s-{own}.2", "counted")
    numbered = await sender.correct(A, f"{sheet}.1", "replacement", data=data | {"member": "0"}, reason="sai")
    assert said(numbered.json()["items"], "id", "outcome")[1] == (f"{sheet}.2", "counted")
    before = await sender.logged()
    bad = await sender.correct(A, f"{sheet}.2", "replacement", data={"member": "0"}, reason="sai")
    assert (bad.status_code, bad.json()["parameter"]) == (422, "data.decided_on")
    assert await sender.logged() == before


def test_the_types_that_a_dry_run_leaves_to_the_log_are_all_of_the_structure() -> None:
    left = {row.type for row in CATALOGUE.values() if row.kind == "structure"}
    assert left == {"unit.established", "unit.moved", "unit.dissolved", "unit.renamed", "unit.releveled"}


async def test_what_gives_access_is_taken_back_by_no_clerk(bus: Guarded, sender: Sender) -> None:
    body = body_of(event(B, "g-1", "access.granted", {"account": "a-0000000000000000", "role": "reader"}))
    async with bus.client("gateway") as client:
        await client.jetstream().publish(f"party.v1.{B}.access.granted", body)
    await sender.sent([admitted(B, "after")])
    retraction = event(B, "r", "event.retracted", {"source": f"/units/{B}", "id": "g-1", "reason": "x"})
    answer = await sender.post([retraction], CLERK_B)
    assert said(answer.json()["items"], "status", "reason", "field") == [("refused", "forbidden", "data.id")]
    assert (await sender.correct(B, "g-1", "retraction", CLERK_B, reason="x")).status_code == 404


async def test_an_event_is_taken_back_from_a_terminal(bus: Guarded, sender: Sender, tmp_path: Path) -> None:
    await sender.sent([admitted(A, "1"), admitted(A, "2")])
    token = tmp_path / "admin.token"
    settings = Settings(
        database_url=sender.database, nats_url=bus.url("api"), gateway_nats_url=bus.url("gateway"), root=ROOT
    )
    async with on_a_socket(settings) as terminal:
        connection = await asyncpg.connect(sender.database)
        token.write_text((await bootstrap(connection))[1])
        await connection.close()
        asked = ("retract", A, "1", "--reason", "nhập nhầm", "--token-file", str(token))
        for words in ("taken back (", "taken back before"):
            assert words in (await terminal.tonghop(*asked)).stdout
        unknown = await terminal.tonghop("retract", A, "9", "--reason", "x", "--token-file", str(token), code=1)
        assert "no such event" in unknown.stderr
        as_json = await terminal.tonghop(
            *("retract", A, "2", "--reason", "x", "--format", "json", "--token-file", str(token))
        )
        assert json.loads(as_json.stdout)["items"][0]["outcome"] == "applied"
