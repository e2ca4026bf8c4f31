"""A unit keeps every batch open that the stream allows, and guesses the ids of others: they publish all the same."""

import asyncio

import nats

from projections.bilingual import Bilingual
from services.publishing import sending
from tests.attacks.publishing import A, B, admitted, published

LIMIT = 50


async def test_others_publish_while_a_unit_keeps_every_batch_open(party: str) -> None:
    client = await nats.connect(party)
    for n in range(LIMIT):
        headers = {"Nats-Batch-Id": f"open-{n}", "Nats-Batch-Sequence": "1"}
        assert not (await client.request(f"party.v1.{A}.x.y", b"{}", headers=headers)).data
    notices: list[Bilingual] = []
    lines = [admitted(B, f"e-{n}") for n in range(100)]
    told = await published(party, lines, wait=False, notices=notices)
    assert {one.outcome for one in told} == {"published"}
    assert [one.position for one in told] == list(range(1, 101))
    assert any("429" in notice.english for notice in notices)
    await client.close()


async def test_a_batch_that_is_crowded_out_for_a_moment_stays_a_batch(party: str) -> None:
    client = await nats.connect(party)
    subject = f"party.v1.{A}.x.y"
    for n in range(LIMIT):
        await client.request(subject, b"{}", headers={"Nats-Batch-Id": f"open-{n}", "Nats-Batch-Sequence": "1"})

    async def give_way() -> None:
        await asyncio.sleep(sending.CROWDED_PAUSE / 2)
        headers = {"Nats-Batch-Id": "open-0", "Nats-Batch-Sequence": "2", "Nats-Batch-Commit": "1"}
        await client.request(subject, b"{}", headers=headers)

    giving = asyncio.create_task(give_way())
    notices: list[Bilingual] = []
    told = await published(party, [admitted(B, f"e-{n}") for n in range(3)], wait=False, notices=notices)
    await giving
    assert {one.outcome for one in told} == {"published"}
    assert notices == []
    await client.close()


async def test_the_id_of_the_next_batch_is_not_to_be_guessed(party: str) -> None:
    for n in range(3):
        await published(party, [admitted(B, f"e-{n}-{m}") for m in range(2)], wait=False)
    client = await nats.connect(party)
    jetstream = client.jetstream()
    ids = [(await jetstream.get_msg("PARTY", seq, direct=True)).headers["Nats-Batch-Id"] for seq in (1, 3, 5)]
    await client.close()
    assert all(len(one) >= 22 for one in ids)
    for place in (slice(0, 8), slice(-8, None)):  # a counter, or a name of the connection, would be in all of them
        assert len({one[place] for one in ids}) == 3
