"""One database, and one API upon it, for all the examples of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.property.reading import Reader, reader_of
from tests.property.system import System, system_on


@pytest.fixture
async def system(database: str) -> AsyncIterator[System]:
    async with system_on(database) as opened:
        yield opened


@pytest.fixture
async def reader(system: System) -> AsyncIterator[Reader]:
    async with reader_of(system.url) as opened:
        yield opened
