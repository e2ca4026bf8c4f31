"""The client against the real service: the same over HTTP and the bus, with asyncio and without, and its errors."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import itertools
from collections.abc import AsyncIterator

import pytest

from services.client import (
    AsyncClient,
    BadgeAwarded,
    BadRequestError,
    Client,
    Event,
    Facets,
    MayNotError,
    MemberAdmitted,
    MisuseError,
    NoSuchError,
    NoTokenError,
    OverHttpOnlyError,
    RefusedEventError,
    SendReceipt,
    StandsNoMoreError,
    UnsafeAddressError,
    UnsendableEventError,
    event,
)
from services.embedded.postgres import PostgresServer
from tests.attacks.publishing import BELOW_B, ROOT, A, B, body_of
from tests.attacks.publishing import admitted as admitted_line
from tests.integration.whole_service import ADMIN, Service, whole_service

DAY = dt.date(2023, 5, 1)
AT = dt.datetime(2023, 5, 2, 9, tzinfo=dt.UTC)
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def service(postgres: PostgresServer) -> AsyncIterator[Service]:
    async with whole_service(postgres) as running:
        yield running


def way_of(service: Service, way: str) -> AsyncClient:
    if way == "http":
        return AsyncClient(service.http, token=ADMIN, patience=5)
    return AsyncClient(service.bus, patience=5)


@pytest.fixture(params=["http", "bus"])
async def client(service: Service, request: pytest.FixtureRequest) -> AsyncIterator[AsyncClient]:
    async with way_of(service, request.param) as opened:
        yield opened


def new() -> str:
    return f"c-{next(_numbers)}"


def admitted(unit: str, id_: str | None = None, **more: object) -> Event:
    id_ = id_ or new()
    return event(unit, MemberAdmitted(member=id_, decided_on=DAY, **more), id=id_, time=AT)  # type: ignore[arg-type]


def said(receipt: SendReceipt) -> list[tuple[str, str | None, str | None]]:
    return [(item.status, item.outcome, item.reason) for item in receipt.items]


async def test_what_is_sent_is_in_the_log_and_told(client: AsyncClient) -> None:
    first = admitted(A, facets=Facets(sex="female"))
    told = await client.send(first, wait=10)
    assert (told.publisher, told.id, told.status, told.outcome) == (A, first.id, "accepted", "counted")
    again = await client.send(first, wait=10)
    assert (again.status, again.position, again.outcome) == ("duplicate", told.position, "counted")
    waits = admitted("nowhere" if client._delivery.http else A, new())
    other = admitted(A)
    receipt = await client.send_many([other, waits, other, body_of(admitted_line(B, new()))], wait=10)
    assert [item.status for item in receipt.items] == ["accepted", "accepted", "duplicate", "accepted"]
    assert {item.outcome for item in receipt.items} <= {"counted", "parked"}
    assert receipt.decided
    assert said(await client.outcomes(receipt)) == said(receipt)


async def test_more_than_a_thousand_are_sent_in_their_order(client: AsyncClient) -> None:
    many = [admitted(B) for _ in range(1_100)]
    receipt = await client.send_many(many, wait=20)
    assert {(item.status, item.outcome) for item in receipt.items} == {("accepted", "counted")}
    positions = [item.position or 0 for item in receipt.items]
    assert positions == sorted(positions)
    assert [item.id for item in receipt.items] == [each.id for each in many]
    again = await client.send_many(many)
    assert {item.status for item in again.items} == {"duplicate"}


async def test_what_was_sent_is_looked_up_by_those_who_may_send_it(client: AsyncClient) -> None:
    known, unknown, conflicting = admitted(A), admitted(A), admitted(A)
    sent = await client.send_many([known, conflicting], wait=10)
    other = admitted(A, conflicting.id, readmission=True)
    told = await client.look_up([known, unknown, other, known], positions=[sent.items[0].position, None, None, None])
    assert [None if each is None else (each.status, each.outcome, each.reason) for each in told] == [
        told[0] and (told[0].status, "counted", None),
        None,
        ("refused", None, "id_conflict"),
        ("duplicate", "counted", None),
    ]


async def test_an_event_is_taken_back_and_said_anew(client: AsyncClient) -> None:
    wrong = admitted(A)
    await client.send(wrong, wait=10)
    right = MemberAdmitted(member=wrong.id, decided_on=DAY, readmission=True)
    receipt = await client.replace(A, wrong.id, right, "đọc nhầm", wait=10)
    assert said(receipt) == [("accepted", "applied", None), ("accepted", "counted", None)]
    new_id = receipt.items[1].id
    told = await client.retract(A, new_id, "không đúng", wait=10)
    assert told.outcome == "applied"
    again = await client.retract(A, new_id, "không đúng", wait=10)
    assert (again.status, again.position) == ("duplicate", told.position)
    with pytest.raises(StandsNoMoreError):
        await client.replace(A, wrong.id, right, "lần nữa")
    assert [each and each.outcome for each in await client.look_up([wrong])] == ["retracted"]


async def test_what_only_http_answers(service: Service) -> None:
    async with way_of(service, "http") as http, way_of(service, "bus") as bus:
        known = admitted(B)
        receipt = await http.send_many([known], wait=10)
        tried = await http.dry_run([known, admitted(A), admitted("nowhere")])
        assert said(tried) == [
            ("duplicate", "counted", None),
            ("accepted", "counted", None),
            ("accepted", "parked", "unknown_unit"),
        ]
        assert await http.receipt(receipt.receipts[0]) == receipt
        assert (await http.event(B, known.id)).outcome == "counted"
        assert (await http.unit(BELOW_B)).parent.id == B  # type: ignore[union-attr]
        assert [unit.id for unit in (await http.units("chi-bo")).units] == [BELOW_B]
        report = await http.report(
            ROOT, from_=DAY, to=DAY, by="none", measures=["admissions"], min_position=receipt.items[0].position, wait=5
        )
        assert report.total["admissions"] > 0
        for asked in (bus.unit(A), bus.report(ROOT), bus.dry_run([known]), bus.event(B, "1"), bus.units()):
            with pytest.raises(OverHttpOnlyError, match="HTTP"):
                await asked


async def test_what_the_service_says_no_to_has_a_name(service: Service) -> None:
    bad = event(A, BadgeAwarded(member="1", grade=30, awarded_on=DAY), id=new())
    async with AsyncClient(service.http, token=f"admin:clerk:{A}", patience=0) as clerk:
        assert (await clerk.send(bad, wait=10)).outcome == "counted"
        with pytest.raises(RefusedEventError) as refused:
            await clerk.send(admitted(B))
        assert (refused.value.told.reason, refused.value.told.field) == ("forbidden", "source")
        assert said(await clerk.send_many([admitted(B), admitted(A)]))[0] == ("refused", None, "forbidden")
        with pytest.raises(MayNotError):
            await clerk.report(ROOT, from_=DAY, to=DAY)
        with pytest.raises(BadRequestError) as wrong:
            await clerk.units(level="nothing")
        assert wrong.value.status == 422
        with pytest.raises(NoSuchError):
            await clerk.retract(A, "never-sent", "x")
        with pytest.raises(NoSuchError):
            await clerk.receipt("r-" + "0" * 32)
    async with AsyncClient(service.http) as nobody:
        with pytest.raises(NoTokenError):
            await nobody.send(bad)


async def test_a_program_without_asyncio_has_the_same_methods(service: Service) -> None:
    def program() -> None:
        with Client(service.http, token=ADMIN, patience=5) as http, Client(service.bus, patience=5) as bus:
            for client in (http, bus):
                assert client.send(admitted(A), wait=10).outcome == "counted"
                with pytest.raises(RefusedEventError) if client is http else pytest.raises(StandsNoMoreError):
                    one = admitted(A)
                    client.send_many([one], wait=10)
                    client.retract(A, one.id, "x", wait=10)
                    if client is http:
                        client.send(admitted(A, one.id, readmission=True))
                    client.replace(A, one.id, one.data, "x")
            with pytest.raises(MisuseError, match="AsyncClient"):
                asyncio.run_coroutine_threadsafe(_inside(http), http._begun()).result()
        with pytest.raises(MisuseError, match="closed"):
            http.send(admitted(A))

    await asyncio.to_thread(program)
    public = [name for name, _ in inspect.getmembers(AsyncClient, inspect.isfunction) if not name.startswith("_")]
    for name in public:
        ours, theirs = (inspect.signature(getattr(kind, name)) for kind in (Client, AsyncClient))
        assert ours == theirs, name
    assert inspect.signature(Client) == inspect.signature(AsyncClient)


async def _inside(client: Client) -> None:
    client.unit(A)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (lambda: admitted("Đơn vị"), "source"),
        (lambda: admitted(A, "with space"), "id"),
        (lambda: admitted(A, "x" * 65), "id"),
        (lambda: event(A, BadgeAwarded(member="1", grade=31, awarded_on=DAY), id="1"), "data.grade"),  # type: ignore[arg-type]
        (lambda: event(A, MemberAdmitted(member="Nguyễn Thị Lan", decided_on=DAY), id="1"), "data.member"),
        (lambda: b'{"specversion":"1.0"}', "source"),
        (lambda: b"[]", None),
        (lambda: body_of({**admitted_line(A, "1"), "type": "access.granted"}), "type"),
        (lambda: body_of({**admitted_line(A, "1"), "data": {"member": "1", "born": "1990-01-01"}}), "data.decided_on"),
    ],
)
async def test_what_no_service_would_take_is_not_sent(service: Service, wrong: object, field: str | None) -> None:
    async with way_of(service, "http") as client:
        with pytest.raises(UnsendableEventError) as unsendable:
            await client.send_many([admitted(A), wrong()])  # type: ignore[operator]
        assert unsendable.value.field == field


@pytest.mark.parametrize(
    ("address", "how", "kind"),
    [
        ("tonghop.example.org", {}, MisuseError),
        ("ftp://tonghop.example.org", {}, MisuseError),
        ("https://user:secret-x@tonghop.example.org", {}, MisuseError),
        ("https://tonghop.example.org/?x=secret-x", {}, MisuseError),
        ("http://tonghop.example.org", {"token": "secret-x"}, UnsafeAddressError),
        ("http://127.0.0.1.example.org", {"token": "secret-x"}, UnsafeAddressError),
        ("https://tonghop.example.org", {"token": "secret-x\r\nHost: elsewhere"}, MisuseError),
        ("https://tonghop.example.org", {"credentials": "a.creds"}, MisuseError),
        ("nats://tonghop.example.org", {"token": "secret-x"}, MisuseError),
        ("https://tonghop.example.org", {"timeout": float("nan")}, MisuseError),
    ],
)
def test_an_address_that_would_give_a_secret_away_is_refused(
    address: str, how: dict[str, object], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as refused:
        AsyncClient(address, **how)  # type: ignore[arg-type]
    assert "secret-x" not in str(refused.value)
