"""Who sends over HTTP too much, too slowly or from elsewhere; and a bus that is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from psutil import Process

from services.api import sendings
from services.settings import Address, Settings
from tests import servers
from tests.attacks.http_serving import GUARD, Wire, serving
from tests.attacks.publishing import ROOT, UNITS, A, B, admitted, projecting
from tests.integration.access import world as worlds
from tests.integration.access.test_commands import on_a_socket
from tests.integration.access.world import World, ok, sign_in
from tests.integration.test_sending import BATCH, LINES, NOWHERE, Sender, api, said

LONG = str(16 << 20)


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with worlds.world_of(database) as made:
        yield made


async def test_a_page_elsewhere_sends_nothing_with_a_session(world: World) -> None:
    await world.member()
    async with world.browser() as browser:
        await sign_in(browser)
        body, kind = b"[]", {"content-type": BATCH}
        assert (await browser.post("/v1/events", content=body, headers=kind)).status_code == 403
        csrf = {"x-csrf-token": (await ok(browser.get("/v1/me")))["csrf"]}
        elsewhere = {**kind, **csrf, "origin": "http://elsewhere.example"}
        assert (await browser.post("/v1/events", content=body, headers=elsewhere)).status_code == 403
        assert (await browser.post("/v1/events", content=body, headers={**kind, **csrf})).status_code == 200


async def test_nobody_has_a_long_body_read_without_an_account(database: str) -> None:
    async with on_a_socket(Settings(database_url=database, nats_url=NOWHERE)) as terminal:
        host, _, port = terminal.environ["TONGHOP_API_URL"].removeprefix("http://").partition(":")
        wire = await as_soon_as_it_listens(Address(host, int(port)))
        wire.ask("/v1/events", "POST", Content_Type=LINES, Content_Length=LONG)  # and nothing of it
        assert (await wire.reply()).status == 401
        wire.hang_up()


async def test_who_sends_slowly_holds_his_own_places_alone(shipped: Address) -> None:
    _, a_client, _ = sendings.LONG
    slow = [await Wire.to(shipped, "127.0.0.5") for _ in range(a_client)]
    for wire in slow[:-1]:
        wire.ask("/v1/events", "POST", Content_Type=LINES, Content_Length=LONG)
        wire.writer.write(b" " * 10)
    slow[-1].ask("/v1/events", "POST", Content_Type=LINES, Transfer_Encoding="chunked")
    slow[-1].writer.write(b"1\r\n \r\n")
    more = await Wire.to(shipped, "127.0.0.5")
    while True:  # the others are asked for in whatever order
        more.ask("/v1/events", "POST", Content_Type=LINES, Content_Length=LONG)
        try:
            async with asyncio.timeout(0.2):
                reply = await more.reply()
        except TimeoutError:
            slow.append(more)
            more = await Wire.to(shipped, "127.0.0.5")
            continue
        break
    assert (reply.status, "retry-after" in reply.headers) == (429, True)
    for address, length in (("127.0.0.5", "1"), ("127.0.0.6", str(2 << 20))):
        other = await Wire.to(shipped, address)
        other.ask("/v1/events", "POST", Content_Type=LINES, Content_Length=length)
        other.writer.write(b" " * int(length))
        assert (await other.reply()).status == 200
        other.hang_up()
    for wire in (*slow, more):
        wire.hang_up()


async def test_more_bytes_than_were_announced_are_not_gathered(shipped: Address) -> None:
    wire = await Wire.to(shipped)
    wire.ask("/v1/events", "POST", Content_Type=LINES, Transfer_Encoding="chunked")
    piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    try:
        for _ in range(40):
            wire.writer.write(piece)
            await wire.writer.drain()
    except ConnectionError:
        pass
    assert (await wire.reply()).status == 413
    wire.hang_up()


@pytest.mark.long
async def test_a_bus_that_is_killed_while_it_takes_batches_loses_and_doubles_nothing(database: str) -> None:
    """All is sent until it is there, by a gateway that was never started anew."""
    with servers.short_folder() as folder, servers.running_nats(Path(folder), servers.free_address()) as bus:
        settings = await servers.fresh_party(bus)
        async with api(settings.nats_url, "", database) as sender:
            await sender.post(list(UNITS))
            batches = [[admitted(A if n % 2 else B, f"{n}-{m}") for m in range(60)] for n in range(8)]
            receipts: list[str] = []
            first = [asyncio.create_task(_until_sent(sender, batch, receipts)) for batch in batches[:4]]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            rest = [asyncio.create_task(_until_sent(sender, batch, receipts)) for batch in batches[4:]]
            await asyncio.sleep(0)
            os.kill(bus.pid, signal.SIGKILL)
            await asyncio.to_thread(_again, bus)
            await asyncio.gather(*first, *rest)
            async with projecting(bus.url, database, units=()):
                assert said(await sender.sent([admitted(A, "last")]), "outcome") == [("counted",)]
                for receipt in receipts:
                    items = (await sender.ask(f"receipts/{receipt}")).json()["items"]
                    told = {item["outcome"] for item in items if item["status"] != "unsent"}
                    assert told <= {"counted", "duplicate"}
                query = "report?from=2023-01-01&to=2023-12-31&by=none"
                totals = [(await sender.ask(f"units/{unit}/{query}")).json()["total"]["admissions"] for unit in (A, B)]
                assert totals == [241, 240]


async def as_soon_as_it_listens(address: Address) -> Wire:
    async with asyncio.timeout(GUARD):
        while True:
            try:
                return await Wire.to(address)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


async def test_a_gateway_that_is_killed_leaves_receipts_that_are_true(database: str) -> None:
    batches = [[admitted(A, f"{n}-{m}") for m in range(200)] for n in range(6)]
    with servers.short_folder() as folder, servers.running_nats(Path(folder), servers.free_address()) as bus:
        settings = replace(await servers.fresh_party(bus), database_url=database, root=ROOT, access="open")
        before = set(Process().children())
        async with serving(settings, Path(folder)) as address:
            (gateway,) = [each for each in set(Process().children()) - before if "api" in each.cmdline()]
            async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
                posts = [
                    asyncio.create_task(
                        client.post("/v1/events", content=json.dumps(batch), headers={"content-type": BATCH})
                    )
                    for batch in batches
                ]
                await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
                gateway.kill()
                await asyncio.gather(*posts, return_exceptions=True)
        async with api(settings.nats_url, "", database) as sender:
            await sender.post(list(UNITS))
            async with projecting(bus.url, database, units=()):
                for batch in batches:
                    await _until_sent(sender, batch, [])
                last = (await sender.sent([admitted(A, "last")]))[0]["position"]
                kept = (await sender.ask("receipts", "demo")).json()["receipts"]
                for each in kept:
                    asked = f"receipts/{each['receipt']}?min_position={last}&wait=10"
                    items = (await sender.ask(asked, "demo")).json()["items"]
                    assert {(item["status"], item["outcome"]) for item in items} <= {
                        ("accepted", "counted"),
                        ("accepted", "duplicate"),
                        ("accepted", "parked"),
                    }
                assert kept
                query = "report?from=2023-01-01&to=2023-12-31&by=none"
                assert (await sender.ask(f"units/{A}/{query}")).json()["total"]["admissions"] == 6 * 200 + 1


def _again(bus: Any) -> None:
    bus.stop()
    bus.start()


async def _until_sent(sender: Sender, batch: list[dict[str, Any]], receipts: list[str]) -> None:
    while True:
        answer: httpx.Response = await sender.post(batch)
        assert answer.status_code in {200, 202, 503}, answer.text
        items = answer.json()["items"]
        if answer.status_code == 202:
            receipts.append(answer.json()["receipt"])
        if {item["status"] for item in items} <= {"accepted", "duplicate"}:
            return
        assert {item["status"] for item in items} <= {"accepted", "duplicate", "unsent"}
