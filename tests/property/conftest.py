"""One database, and one API upon it, for all the examples of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from projections.store.batch import breakdown_days, breakdowns, rollup_moves
from tests.property.reading import Reader, reader_of
from tests.property.system import System, system_on


@pytest.fixture(scope="module", autouse=True)
def _summed_up_early() -> Iterator[None]:
    """Sum breakdowns up after a few facts, and move few at once, as the logs are brief."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(breakdowns, "WORTH", 6)
        patch.setattr(breakdowns, "AT_REST", 3)
        patch.setattr(breakdowns, "WITH_A_BATCH", 4)
        patch.setattr(breakdowns, "_OFTEN", 2)
        patch.setattr(breakdowns, "AT_ONCE", 3)
        patch.setattr(breakdown_days, "WORTH", 20)
        patch.setattr(rollup_moves, "AT_ONCE", 2)
        yield


@pytest.fixture
async def system(database: str) -> AsyncIterator[System]:
    async with system_on(database) as opened:
        yield opened


@pytest.fixture
async def reader(system: System) -> AsyncIterator[Reader]:
    async with reader_of(system.url) as opened:
        yield opened
