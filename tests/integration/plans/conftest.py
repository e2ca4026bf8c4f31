"""One database and one API upon it for each test of plans."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.plans.telling import TREE, Asked
from tests.property.reading import reader_of
from tests.property.system import system_on


@pytest.fixture
async def asked(database: str) -> AsyncIterator[Asked]:
    async with system_on(database) as system, reader_of(database) as reader:
        yield Asked(system, reader, TREE)
