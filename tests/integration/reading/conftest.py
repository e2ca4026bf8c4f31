"""A pool on a fresh, migrated database for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=1, max_size=2, server_settings={"jit": "off"}) as made:
        yield made
