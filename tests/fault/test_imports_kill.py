"""Sheets while those who send and count them are killed: each row once, and a receipt that is true."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from psutil import Process

from tests import servers
from tests.attacks.http_serving import serving
from tests.attacks.publishing import ROOT, UNITS, A, projecting
from tests.integration.sheets import ADMITTED, Clerk, admissions, clerk_of, csv_of
from tests.integration.test_sending import Sender

ROWS = 5_000
SHEET = csv_of(*admissions(A, range(ROWS)))


@pytest.mark.long
async def test_an_api_that_is_killed_while_it_sends_loses_and_doubles_no_row(database: str) -> None:
    with servers.short_folder() as folder, servers.running_nats(Path(folder), servers.free_address()) as bus:
        settings = replace(await servers.fresh_party(bus), database_url=database, root=ROOT, access="open")
        async with projecting(bus.url, database):
            import_ = ""
            for _ in range(4):
                before = set(Process().children())
                async with serving(settings, Path(folder)) as address:
                    (api,) = [each for each in set(Process().children()) - before if "api" in each.cmdline()]
                    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
                        import_ = import_ or await _uploaded(client)
                        sending = asyncio.create_task(client.post(f"/v1/imports/{import_}/send"))
                        await _some_are_sent(client, import_)
                        api.kill()
                        await asyncio.gather(sending, return_exceptions=True)
            async with clerk_of(settings.nats_url, "", database) as clerk:
                await _holds(clerk.as_("demo"), import_)


@pytest.mark.long
async def test_a_projector_that_comes_and_goes_while_a_sheet_is_sent_changes_nothing(database: str) -> None:
    with servers.short_folder() as folder, servers.running_nats(Path(folder), servers.free_address()) as bus:
        settings = await servers.fresh_party(bus)
        async with clerk_of(settings.nats_url, "", database) as clerk:
            async with projecting(bus.url, database):
                made = await clerk.imported(A, *admissions(A, range(ROWS)))
            sending = asyncio.create_task(clerk.send(made["import"], wait=0))
            while not sending.done():
                async with projecting(bus.url, database, units=()):
                    await asyncio.wait({sending}, timeout=0.3)
            assert sending.result().status_code == 202
            async with projecting(bus.url, database, units=()):
                await _holds(clerk, made["import"])


async def _uploaded(client: httpx.AsyncClient) -> str:
    path = f"/v1/units/{A}/imports?type={ADMITTED}"
    answer = await client.post(path, content=SHEET, headers={"content-type": "text/csv"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["import"])


async def _some_are_sent(client: httpx.AsyncClient, import_: str) -> None:
    """Wait until a part of the receipt is there; which one differs each time."""
    while True:
        answer = await client.get(f"/v1/imports/{import_}")
        if answer.json()["receipt"] is not None:
            break
    await asyncio.sleep(0.2)


async def _holds(clerk: Clerk, import_: str) -> None:
    answer = await clerk.send(import_, wait=30)
    assert answer.status_code == 202, answer.text
    said = answer.json()
    assert set(said["counts"]) <= {"accepted", "duplicate"}
    items, cursor = said["items"], said["next"]
    while cursor is not None:
        page = (await clerk.ask("GET", f"receipts/{said['receipt']}?cursor={cursor}")).json()
        items, cursor = items + page["items"], page["next"]
    assert [item["index"] for item in items] == list(range(ROWS))
    assert {item["outcome"] for item in items} <= {"counted", "duplicate"}
    assert await clerk.admissions(A) == ROWS
    sender: Sender = clerk.sender
    assert await sender.logged() >= len(UNITS) + ROWS
