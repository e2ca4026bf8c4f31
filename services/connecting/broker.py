"""FastStream's broker on a connection of ours: encrypted where that is asked for, denials logged at once."""

from __future__ import annotations

from typing import Any

from faststream.nats import NatsBroker
from faststream.nats.security import NatsCredentials, NatsSecurity

from services.connecting import bus
from services.settings import Settings

AGAIN_AFTER = 1.0
"""Seconds between two attempts to connect again."""


class Broker(NatsBroker):
    """A NatsBroker whose client is a BusClient."""

    must_be_encrypted = False

    async def _connect(self) -> bus.BusClient:
        client = bus.BusClient(encrypted=self.must_be_encrypted)
        await client.connect(**self._connection_kwargs)
        self.config.connect(client)
        return client


def make(settings: Settings, name: str, **options: Any) -> Broker:
    """Make a broker for the bus of the settings, not connected yet; it never gives up a connection.

    `options` are NatsBroker's; without an `error_cb` errors are logged, denials as errors. Raises SettingsError.
    """
    found = bus.options(settings)
    context, credentials = found.pop("tls", None), found.pop("user_credentials", None)
    security = NatsSecurity(ssl_context=context)
    if credentials is not None:
        security = NatsCredentials(credentials, ssl_context=context)
    common: dict[str, Any] = {
        "error_cb": bus.Listener(),
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": AGAIN_AFTER,
        "logger": None,
    }
    broker = Broker(**found, security=security, name=name, **(common | options))
    broker.must_be_encrypted = bus.encrypted(settings)
    return broker
