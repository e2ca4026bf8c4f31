"""A small unit system: what its office enters comes over the office's own bus, and goes to tonghop through an outbox.

    TONGHOP_UNIT=xa-dai-bai TONGHOP_API_URL=https://tonghop.example.org TONGHOP_TOKEN_FILE=token \
    OFFICE_BUS=nats://127.0.0.1:4222 OUTBOX=events.outbox python unit_system.py

Needs `pip install tonghop 'faststream[nats]'`. The office asks `office.admitted` to keep an admission: the answer comes
when it is on the disk, whether there is a line or not. It asks `office.outcome` what became of one.
"""

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from faststream import FastStream
from faststream.nats import NatsBroker
from pydantic import BaseModel

from services.client import Client, ClientError, Facets, MemberAdmitted, Outbox, event

UNIT = os.environ["TONGHOP_UNIT"]

broker = NatsBroker(os.environ["OFFICE_BUS"])
client = Client(os.environ["TONGHOP_API_URL"], token=Path(os.environ["TONGHOP_TOKEN_FILE"]))
outbox = Outbox(os.environ["OUTBOX"], client)


@asynccontextmanager
async def sending() -> AsyncIterator[None]:
    """Send for as long as the program runs; what is left then is sent the next time."""
    outbox.start()
    try:
        yield
    finally:
        await asyncio.to_thread(outbox.close)
        client.close()


app = FastStream(broker, lifespan=sending)


class Admission(BaseModel):
    """What the office knows of an admission. The number of the decision is the event's id: once is once."""

    decision: str
    book: str
    decided_on: dt.date
    entered_at: dt.datetime
    sex: str | None = None


@broker.subscriber("office.admitted")
async def admitted(admission: Admission) -> str:
    """Keep an admission; `kept` says that it won't be lost, and that it need not be told again."""
    facets = Facets(sex=admission.sex) if admission.sex else Facets()
    data = MemberAdmitted(member=admission.book, decided_on=admission.decided_on, facets=facets)
    said = event(UNIT, data, id=admission.decision, time=admission.entered_at)
    try:
        await asyncio.to_thread(outbox.put, said)
    except ClientError as error:  # nothing was kept: the office mends it, or makes room
        return f"not kept: {error}"
    return "kept"


@broker.subscriber("office.outcome")
async def outcome(decision: str) -> str:
    """Say what became of an admission."""
    entry = await asyncio.to_thread(outbox.find, UNIT, decision)
    if entry is None:
        return "unknown"
    return f"{entry.outcome or entry.state} {entry.reason or ''} {entry.field or ''}".strip()


if __name__ == "__main__":
    asyncio.run(app.run())
