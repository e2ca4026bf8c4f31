"""A unit's client on the bus as it is shipped: it speaks as itself alone, whatever others claim, by its credential."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.client import AsyncClient, Client, MayNotError, MemberAdmitted, MisuseError, Outbox, event
from services.log.configuration import consumer_config, stream_config
from services.settings import Settings
from tests.attacks.guarded import Guarded, guarded_somewhere
from tests.attacks.publishing import admitted, body_of, established, projecting, published
from tests.attacks.signed import signed_somewhere
from tests.attacks.test_publishing_poisoning import claimed

ATTACKER, UNIT = "gia-binh", "bac-ninh"
PREFIX = f"_INBOX_{UNIT}"


async def begin(bus: Guarded) -> None:
    async with bus.client("operator") as operator:
        await operator.jetstream().add_stream(stream_config(Settings()))
        await operator.jetstream().add_consumer("PARTY", consumer_config(Settings()))


@pytest.fixture
async def bus() -> AsyncIterator[Guarded]:
    with guarded_somewhere(operator=True) as server:
        await begin(server)
        yield server


async def test_it_speaks_as_itself_alone_and_no_claim_keeps_it_from_it(
    bus: Guarded, database: str, tmp_path: Path
) -> None:
    async with projecting(bus.url("projector"), database, root=UNIT):
        await published(bus.url(UNIT), [established(UNIT, None, "central")], inbox_prefix=PREFIX)
        mine = [admitted(UNIT, f"c-{n}") for n in range(4)]
        async with bus.client(ATTACKER) as attacker:
            headers = {"Nats-Msg-Id": claimed(mine[1], digest=True)}
            await attacker.jetstream().publish(f"party.v1.{ATTACKER}.x.y", b"mine", headers=headers)
        async with AsyncClient(bus.url(UNIT), inbox_prefix=PREFIX, timeout=5, patience=5) as client:
            told = await client.send_many([body_of(each) for each in (*mine, admitted(ATTACKER, "1"))], wait=10)
            assert [(item.status, item.outcome, item.reason) for item in told.items] == [
                *[("accepted", "counted", None)] * 4,
                ("refused", None, "forbidden"),
            ]
            with pytest.raises(MayNotError):
                await client.look_up([body_of(admitted(ATTACKER, "1"))])

        def program() -> None:
            with Client(bus.url(UNIT), inbox_prefix=PREFIX, timeout=5) as client:
                outbox = Outbox(tmp_path / "outbox", client)
                outbox.put_many([body_of(admitted(unit, f"o-{n}")) for n in range(3) for unit in (ATTACKER, UNIT)])
                assert outbox.flush() == (3, 0, 3)
                assert {entry.publisher for entry in outbox.entries("waiting")} == {ATTACKER}
                while outbox.counts()["sent"]:
                    outbox.refresh()
                assert [(entry.id, entry.outcome) for entry in outbox.outcomes()] == [
                    (f"o-{n}", "counted") for n in range(3)
                ]
                outbox.close()

        await asyncio.to_thread(program)


async def test_with_the_file_that_a_unit_is_given(tmp_path: Path) -> None:
    said = event(UNIT, MemberAdmitted(member="1", decided_on=dt.date(2023, 5, 1)), id="1")
    with signed_somewhere() as bus:
        await begin(bus)
        address = f"nats://{bus.address}"
        async with AsyncClient(address, credentials=bus.file(UNIT), timeout=2, patience=0) as client:
            receipt = await client.send_many([said, body_of(admitted(ATTACKER, "1"))], wait=0.1)
            assert [(item.status, item.reason) for item in receipt.items] == [
                ("accepted", None),
                ("refused", "forbidden"),
            ]
            assert receipt.behind is not None
            assert receipt.behind.state == "stopped"
        broken = tmp_path / "broken.creds"
        broken.write_text(bus.file(UNIT).read_text().replace("SU", "XX"))
        async with AsyncClient(address, credentials=broken) as client:
            with pytest.raises(MisuseError, match=r"broken\.creds"):
                await client.send(said)
        async with AsyncClient(address, timeout=2, patience=0) as nobody:
            with pytest.raises(MayNotError):
                await nobody.send(said)
