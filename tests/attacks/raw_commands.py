"""A command to a NATS server byte for byte: what the client itself would never write."""

from __future__ import annotations

from nats.aio.client import Client


async def send_command(client: Client, command: bytes) -> None:
    """Write what stands in `command` over the client's connection, as it is."""
    await client._send_command(command)
