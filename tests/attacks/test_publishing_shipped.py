"""The attacks on publishing once more, on the bus as it is shipped: units in an account of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from projections.bilingual import Bilingual
from services.log.configuration import consumer_config, stream_config
from services.publishing.asking import ReceiptsDeniedError, ask
from services.publishing.connection import connect
from services.publishing.outcomes import Patience
from services.publishing.receipt import Request
from services.settings import Settings
from tests.attacks.guarded import Guarded, guarded_somewhere
from tests.attacks.publishing import admitted, established, projecting, published
from tests.attacks.test_publishing_poisoning import claimed

ATTACKER, UNIT = "gia-binh", "bac-ninh"


@pytest.fixture
async def bus() -> AsyncIterator[Guarded]:
    with guarded_somewhere(operator=True) as server:
        async with server.client("operator") as operator:
            await operator.jetstream().add_stream(stream_config(Settings()))
            await operator.jetstream().add_consumer("PARTY", consumer_config(Settings()))
        yield server


async def test_a_unit_publishes_and_is_told_whatever_another_claims_or_keeps_open(bus: Guarded, database: str) -> None:
    url, prefix = bus.url(UNIT), f"_INBOX_{UNIT}"
    lines = [admitted(UNIT, f"2023-00{n}") for n in range(1, 6)]
    async with projecting(bus.url("projector"), database, root=UNIT):
        first = await published(url, [established(UNIT, None, "central")], inbox_prefix=prefix)
        assert [one.outcome for one in first] == ["applied"]
        async with bus.client(ATTACKER) as attacker:
            for line in (lines[0], lines[3]):
                headers = {"Nats-Msg-Id": claimed(line, digest=True)}
                await attacker.jetstream().publish(f"party.v1.{ATTACKER}.x.y", b"mine", headers=headers)
            told = await published(url, lines, inbox_prefix=prefix)
            assert [one.outcome for one in told] == ["counted"] * 5
            for n in range(50):
                headers = {"Nats-Batch-Id": f"open-{n}", "Nats-Batch-Sequence": "1"}
                await attacker.request(f"party.v1.{ATTACKER}.x.y", b"{}", headers=headers, timeout=10)
            notices: list[Bilingual] = []
            more = [admitted(UNIT, f"more-{n}") for n in range(3)]
            told = await published(url, more, notices=notices, inbox_prefix=prefix)
            assert [one.outcome for one in told] == ["counted"] * 3
            assert any("429" in said.english for said in notices)
        async with connect(url, notice=lambda _: None, inbox_prefix=prefix) as asking:
            with pytest.raises(ReceiptsDeniedError, match="gia-binh"):
                await ask(asking, ATTACKER, Request([1], wait=30))
        others = await published(url, [admitted(ATTACKER, "a-1"), *lines[:1]], batches=False, inbox_prefix=prefix)
        assert [(one.outcome, one.reason) for one in others] == [("refused", "not_permitted"), ("duplicate", None)]


async def test_that_no_projector_runs_is_told(bus: Guarded) -> None:
    told = await published(
        bus.url(UNIT), [admitted(UNIT, "e-1")], patience=Patience(3600, standing=0), inbox_prefix=f"_INBOX_{UNIT}"
    )
    assert [one.outcome for one in told] == ["waits_away"]
