"""Reading a range of the log by position: for what another projector was given and never acknowledged."""

from __future__ import annotations

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from projections.core.message import GapError, Message
from services.projector.intake import Intake

_PATIENCE = 5.0


def reading_from(position: int, *, forgotten_after: float) -> ConsumerConfig:
    """Describe a consumer that reads once from a position on; the server drops it after seconds without a reader."""
    return ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=position,
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        inactive_threshold=forgotten_after,
    )


async def read_range(client: Client, stream: str, first: int, last: int) -> list[Message]:
    """Return the messages at positions ``first`` to ``last``, in order.

    Raises GapError when the bus does not give them.
    """
    jetstream = client.jetstream()
    consumer = await jetstream.add_consumer(stream, reading_from(first, forgotten_after=30.0))
    intake = Intake(client, stream, consumer.name)
    await intake.open()
    messages: list[Message] = []
    try:
        while not messages or messages[-1].position < last:
            taken = await intake.take(last - first + 1, _PATIENCE)
            if not taken:
                raise GapError(f"the bus did not give positions {first} to {last} of {stream}")
            messages += [message for message, _ in taken]
    finally:
        await intake.close()
        await jetstream.delete_consumer(stream, consumer.name)
    return [message for message in messages if message.position <= last]
