"""The log as it has to be on the bus: the stream with its limits, and the projector's place in it."""

from collections.abc import Mapping

from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from events.subjects import ALL_SUBJECTS
from services.settings import Settings

RESTORING = "tonghop.restoring"
"""Under subjects below this nobody publishes: a stream that listens there alone is being restored."""
LARGEST_MESSAGE = 18_432
"""Bytes of a message with its headers: the contract's 16 KiB of an event, and room for what stands above it."""
DUPLICATE_WINDOW = 30
"""Seconds in which the bus knows an id again: spares the log what a publisher sends again at once. What holds is the
ledger's key; the longer the window, the longer an id that somebody else claimed is in the way of its owner's event."""
LIMITS: Mapping[str, int] = {"max_msg_size": LARGEST_MESSAGE, "duplicate_window": DUPLICATE_WINDOW * 1_000_000_000}
"""As the server writes them, in bytes and nanoseconds: a stream of before may have others, and goes on with them."""


def stream_config(settings: Settings) -> StreamConfig:
    """Describe the log as the contract needs it (§1 for its name and subjects, §3 law 4 for the rest)."""
    return StreamConfig(
        name=settings.stream,
        subjects=[ALL_SUBJECTS],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_msgs=-1,
        max_bytes=-1,
        max_age=0,
        max_msgs_per_subject=-1,
        max_consumers=-1,
        max_msg_size=LARGEST_MESSAGE,
        duplicate_window=DUPLICATE_WINDOW,
        num_replicas=settings.replicas,
        deny_delete=True,
        deny_purge=True,
        allow_direct=True,
        allow_atomic=True,
    )


def consumer_config(settings: Settings) -> ConsumerConfig:
    """Describe the projector's place in the log: it acknowledges all up to a position at once, after its commit."""
    return ConsumerConfig(
        durable_name=settings.consumer,
        ack_policy=AckPolicy.ALL,
        ack_wait=30,
        max_ack_pending=100_000,
        max_deliver=-1,
        deliver_policy=DeliverPolicy.ALL,
    )
