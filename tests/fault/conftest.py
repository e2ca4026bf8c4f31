"""One stretch of the log for each test that stops what reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from tests.fault.stretch import Stretch, stretch_on


@pytest.fixture
async def stretch(
    postgres: PostgresServer, _template: None, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stretch]:
    async with stretch_on(postgres, nats_server, monkeypatch) as opened:
        yield opened
