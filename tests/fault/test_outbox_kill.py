"""Kills of whoever sends, and of everything that it sends to: every event once, and what is told of each is true."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from random import Random

import asyncpg
import pytest

from services.client import (
    AsyncClient,
    Client,
    ClientError,
    Event,
    MemberAdmitted,
    Outbox,
    OutboxFullError,
    UnitEstablished,
    event,
)
from services.embedded.postgres import PostgresServer
from tests.attacks.publishing import ROOT
from tests.fault.cluster import BACKEND, running_cluster
from tests.fault.disk import small_disk
from tests.fault.outbox_here import ADMIN, UNIT
from tests.fault.stepping import TOP
from tests.integration.whole_service import whole_service
from tests.servers import short_folder
from tests.unit.client.service_model import ModelService

SOURCE = Path(__file__).with_name("killed_at.c")

pytestmark = pytest.mark.long


async def test_a_kill_at_every_step_loses_and_doubles_nothing(postgres: PostgresServer) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or pytest.skip("no C compiler on this machine")
    with short_folder() as folder:
        library = folder / "killed_at.so"
        made = [compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"]
        await asyncio.to_thread(subprocess.run, made, check=True)
        async with whole_service(postgres) as service:
            killing = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.fault.outbox_here", str(folder), service.http, str(library)),
                cwd=TOP,
                env={**os.environ, "LD_PRELOAD": str(library)},
            )
            assert await killing.wait() == 0
            boxes = sorted(folder.glob("*.outbox"))
            assert len(boxes) > 60  # steps there are
            for box in boxes:
                await asyncio.to_thread(_recovered, box, service.http)
            async with AsyncClient(service.http, token=ADMIN) as client:
                report = await client.report(ROOT, from_=dt.date(2023, 5, 1), to=dt.date(2023, 5, 1), by="none")
            assert report.total["admissions"] == sum([_kept(box) for box in boxes])


def _recovered(box: Path, url: str) -> None:
    """Open what a kill has left, as the next process does: all that was put is there, and is counted."""
    put = set(box.with_suffix(".put").read_text().split())
    with Client(url, token=ADMIN) as client:
        outbox = Outbox(box, client)
        assert put <= {entry.id for entry in outbox.entries()} <= {f"{box.stem}-{n}" for n in range(4)}
        outbox.flush()
        entries = list(outbox.entries())
        client.outcomes(client.send_many([entry.body for entry in entries], wait=10), wait=10)
        outbox.refresh()
        for entry in outbox.entries():
            assert (entry.state, entry.outcome) == ("decided", "counted"), entry
            assert client.event(UNIT, entry.id).position == entry.position
        outbox.close()


def _kept(box: Path) -> int:
    outbox = Outbox(box, _Nobody())
    try:
        return sum(outbox.counts().values())
    finally:
        outbox.close()


class _Nobody:
    """Sends nothing."""

    def send_many(self, *_: object, **__: object) -> None:
        raise AssertionError

    look_up = send_many


async def test_two_processes_on_one_file_send_each_event_once(postgres: PostgresServer, tmp_path: Path) -> None:
    program = """
import sys
from tests.fault.disk import small_disk
from tests.fault.outbox_here import *
with Client(sys.argv[2], token=ADMIN) as client, Outbox(sys.argv[1], client) as outbox:
    for n in range(300):
        outbox.put(admitted(f"{sys.argv[3]}-{n}"))
        outbox.put(admitted(f"both-{n}"))
    outbox.flush()
"""
    box = tmp_path / "outbox"
    async with whole_service(postgres) as service:
        running = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(box), service.http, name, cwd=TOP)
            for name in ("one", "other")
        ]
        assert [await each.wait() for each in running] == [0, 0]
        await asyncio.to_thread(_all_decided, box, service.http, 900)
        connection = await asyncpg.connect(service.database)
        assert tuple(
            await connection.fetchrow("SELECT count(*), count(DISTINCT id) FROM ledger WHERE publisher = $1", UNIT)
        ) == (900, 900)
        await connection.close()


def _all_decided(box: Path, url: str, events: int) -> None:
    with Client(url, token=ADMIN) as client:
        outbox = Outbox(box, client)
        while outbox.counts()["decided"] < events:
            outbox.flush()
            outbox.refresh()
        assert outbox.counts() == {"waiting": 0, "sent": 0, "decided": events, "refused": 0}
        outbox.close()


def test_a_disk_that_is_full_loses_nothing() -> None:
    service = ModelService()
    with small_disk(2) as disk:
        outbox = Outbox(disk.path / "outbox", service)
        put = [_said("xa-a", n) for n in range(3)]
        outbox.put_many(put[:2])
        disk.fill()
        with pytest.raises(OutboxFullError, match="make room"):
            outbox.put_many([_said("xa-a", 100 + n) for n in range(3_000)])
        with suppress(OutboxFullError):
            outbox.flush()
        assert {entry.id for entry in outbox.entries()} == {each.id for each in put[:2]}
        outbox.close()
        disk.make_room()
        outbox = Outbox(disk.path / "outbox", service)
        assert outbox.put(put[2])
        outbox.flush()
        service.decided = len(service.log)
        outbox.refresh()
        assert outbox.counts() == {"waiting": 0, "sent": 0, "decided": 3, "refused": 0}
        assert service.order_of("xa-a") == [each.id for each in put]
        outbox.close()


@pytest.mark.parametrize("seed", ["one", "two"])
async def test_kills_of_gateway_bus_and_database_meanwhile(seed: str, tmp_path: Path) -> None:
    """Three unit systems, two over HTTP and one over the bus, one of which is started again and again."""
    random = Random(seed)
    units = [f"don-vi-{n}" for n in range(3)]
    async with running_cluster() as cluster:
        async with AsyncClient(cluster.api, patience=60) as client:
            await client.send_many(_founded(cluster.settings.root, units), wait=30)
        addresses = (cluster.api, cluster.api, cluster.nats.url)
        done = threading.Event()
        systems = [
            asyncio.create_task(asyncio.to_thread(_unit_system, tmp_path / unit, address, unit, done))
            for unit, address in zip(units, addresses, strict=True)
        ]
        for _ in range(8):
            await asyncio.sleep(random.uniform(0.3, 1.0))
            names = random.sample(["nats", "postgres", "projector", "api", BACKEND], random.randint(1, 3))
            cluster.kill(names, random)
            await asyncio.sleep(random.choice((0.0, 0.7)))
            await cluster.revive(names)
        done.set()
        put = await asyncio.gather(*systems)
        for unit, address, events in zip(units, addresses, put, strict=True):
            await asyncio.to_thread(_all_told, tmp_path / unit, address, events)
        async with AsyncClient(cluster.api, patience=60) as client:
            day = dt.date(2023, 5, 1)
            report = await client.report(cluster.settings.root, from_=day, to=day, measures=["admissions"])
        assert report.total["admissions"] == sum(put)
        assert {row.unit.id: row.values["admissions"] for row in report.rows if row.unit and not row.own} == dict(
            zip(units, put, strict=True)
        )


def _founded(root: str, units: list[str]) -> list[Event]:
    since = dt.date(2000, 1, 1)
    top = event(root, UnitEstablished(parent=None, name="Trung ương", level="central", since=since), id="root")
    return [
        top,
        *(
            event(root, UnitEstablished(parent=root, name=unit, level="cell", since=since), id=unit, subject=unit)
            for unit in units
        ),
    ]


def _said(unit: str, number: int) -> Event:
    data = MemberAdmitted(member=str(number), decided_on=dt.date(2023, 5, 1))
    return event(unit, data, id=f"{unit}-{number}", time=dt.datetime(2023, 5, 2, tzinfo=dt.UTC))


def _unit_system(box: Path, address: str, unit: str, done: threading.Event) -> int:
    """Put events while everything dies, open the file anew now and then, and return how many there are."""
    number = 0
    while not done.is_set():
        with Client(address, timeout=3, patience=0) as client, Outbox(box, client) as outbox:
            for _ in range(40):
                outbox.put(_said(unit, number))
                number += 1
                done.wait(0.01)
    return number


def _all_told(box: Path, address: str, events: int) -> None:
    with Client(address, patience=60) as client:
        outbox = Outbox(box, client)
        while outbox.counts()["decided"] < events:
            try:
                outbox.flush()
                outbox.refresh()
            except ClientError:
                continue  # what was killed last is coming back
        told = list(outbox.entries())
        assert [entry.id for entry in told] == [f"{entry.publisher}-{n}" for n, entry in enumerate(told)]
        assert {entry.outcome for entry in told} == {"counted"}
        positions = [entry.position or 0 for entry in told]
        assert positions == sorted(positions), "the order of a unit is that in which it put them"
        outbox.close()
