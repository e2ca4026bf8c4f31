"""The units for which a leaf may speak: those below on the last known hierarchy, dissolved ones too, against a walk."""

from __future__ import annotations

import asyncpg
import pytest

from projections.store.reading.below import ids_below
from tests.integration.reading.world import EVER, random_world


@pytest.mark.parametrize("seed", [1, 4])
async def test_the_units_below_are_those_whose_lineage_has_the_unit(pool: asyncpg.Pool, seed: int) -> None:
    world = random_world(seed, 40)
    assert any(unit.dissolved for unit in world.units.values())
    async with pool.acquire() as connection:
        await world.write(connection)
        for unit in world.units.values():
            below = {other.id for no, other in world.units.items() if unit.no in world.raw_lineage(no, EVER)}
            assert await ids_below(connection, unit.id) == sorted({unit.id, *below})
        assert await ids_below(connection, "nobody") == []
