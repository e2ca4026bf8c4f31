"""FastStream's Prometheus middleware for requests over the bus, with labels of a bounded number of values.

Left to itself it labels by the subject that a message came on, which here is one for each unit, and by each inbox that
an answer goes to.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from faststream.message import StreamMessage
from faststream.nats.response import NatsPublishCommand
from faststream.prometheus import ConsumeAttrs, MetricsSettingsProvider
from faststream.prometheus.middleware import PrometheusMiddleware
from nats.aio.msg import Msg
from prometheus_client import CollectorRegistry, Gauge

ANSWERS: Final = "answers"
"""The label of all inboxes together."""


class _Bounded(MetricsSettingsProvider[Msg, NatsPublishCommand]):
    messaging_system = "nats"

    def get_consume_attrs_from_message(self, msg: StreamMessage[Msg]) -> ConsumeAttrs:
        subject = msg.raw_message.subject.rpartition(".")[0]
        return {"destination_name": f"{subject}.*", "message_size": len(msg.body), "messages_count": 1}

    def get_publish_destination_name_from_cmd(self, cmd: NatsPublishCommand) -> str:  # noqa: ARG002 - of all the same
        return ANSWERS


def requests_metered(registry: CollectorRegistry) -> PrometheusMiddleware[Any, Any]:
    """Make the middleware for a broker; its metrics (`tonghop_bus_…`) are made in the registry once."""
    with suppress(ValueError):  # it is there already
        # FastStream takes it as it finds it; its own would have the number of each process for a label.
        Gauge(
            "tonghop_bus_received_messages_in_process",
            "Questions over the bus that are being taken",
            ["app_name", "broker", "handler"],
            registry=registry,
            multiprocess_mode="livesum",
        )
    return PrometheusMiddleware(
        settings_provider_factory=lambda _: _Bounded(),
        registry=registry,
        app_name="tonghop",
        metrics_prefix="tonghop_bus",
    )
