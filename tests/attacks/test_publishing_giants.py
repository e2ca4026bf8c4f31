"""Bodies larger than an event may be (section 1): never sent by `publish`, rejected alike by all that read the log."""

import json

import nats
import pytest
from nats.js.errors import BadRequestError

from events.envelope import MAX_BYTES
from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from services.settings import Settings
from services.verification.rebuilding import rebuild
from services.verification.verifying import verify
from tests import servers
from tests.attacks.publishing import B, admitted, body_of, projecting, published
from tests.integration.test_verify import SIZES, quietly, told
from tests.oracle.telling import ROOT as TOLD_ROOT
from tests.oracle.telling import Said
from tests.oracle.telling import admitted as said_admitted
from tests.property.system import messages

LENGTHS = {MAX_BYTES: ("counted", None), MAX_BYTES + 1: ("rejected", "malformed"), 900_000: ("rejected", "malformed")}


def filled(body: bytes, length: int) -> bytes:
    """Make a body longer without saying anything else."""
    return body[:-1] + b" " * (length - len(body)) + b"}"


@pytest.mark.parametrize("length", LENGTHS)
async def test_the_limit_is_the_same_for_live_work_and_for_what_makes_it_anew(database: str, length: int) -> None:
    outcome = LENGTHS[length]
    last = said_admitted("c0", "2023-05-01", "giant")
    log = [*told(), Said(last.bus_subject, filled(last.body, length))]
    projection = await Projection.open(database, root=TOLD_ROOT, sizes=SIZES)
    await projection.apply(messages(log))
    await projection.close()
    settings = Settings(database_url=database)
    assert not (await verify(settings, quietly, sizes=SIZES)).comparison
    done = await rebuild(settings, quietly, sizes=SIZES)
    assert not done.comparison
    connection = await servers.connect(database)
    query = f"SELECT outcome, reason, length(body) FROM {DECIDED} AS said WHERE position = $1"
    row = await connection.fetchrow(query, len(log))
    await connection.close()
    assert tuple(row or ()) == (*outcome, length)


async def test_giants_on_the_bus_are_rejected_and_nothing_else_is(party: str, database: str) -> None:
    async with projecting(party, database):
        client = await nats.connect(party)
        subject = f"party.v1.{B}.member.admitted"
        for n, length in enumerate((MAX_BYTES, MAX_BYTES + 1)):
            await client.jetstream().publish(subject, filled(body_of(admitted(B, f"g-{n}")), length))
        with pytest.raises(BadRequestError, match="10054"):  # the stream takes headers and a little more, and no more
            await client.jetstream().publish(subject, filled(body_of(admitted(B, "g-x")), 900_000))
        after = await published(party, [admitted(B, "after")])
        position = after[0].position or 0
        question = {"positions": [[position - 2, position]], "wait": 20}
        reply = await client.request(f"tonghop.v1.receipts.{B}", json.dumps(question).encode(), timeout=30)
        told_ = [(one["outcome"], one["reason"]) for one in json.loads(reply.data)["receipts"]]
        await client.close()
    assert told_ == [("counted", None), ("rejected", "malformed"), ("counted", None)]


async def test_a_giant_is_not_sent_at_all(party: str) -> None:
    giant = admitted(B, "giant") | {"x": "y" * MAX_BYTES}
    told_ = await published(party, [admitted(B, "one"), giant, admitted(B, "two")], wait=False)
    assert [(one.number, one.outcome, one.position) for one in told_] == [
        (1, "published", 1),
        (2, "refused", None),
        (3, "published", 2),
    ]
