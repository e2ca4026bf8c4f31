"""A generation from before running sums: served, written to, made anew beside, and gone back to (decision 0048)."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.store.live.projection import Projection
from projections.store.rebuilding.switching import compare_at_checkpoint, switch
from tests.oracle.spoiling import aged
from tests.oracle.telling import ROOT, Said
from tests.property.agreement import difference
from tests.property.examples import examples
from tests.property.reading import Reader
from tests.property.rebuilding import beside, make
from tests.property.strategies import logs
from tests.property.system import SIZES, System, messages, oracle_of


async def in_force(system: System) -> str:
    return f"g{await system.connection.fetchval('SELECT generation FROM checkpoint')}"


async def go_on(system: System, log: list[Said]) -> None:
    live = await Projection.open(system.url, root=ROOT, sizes=SIZES)
    try:
        await live.apply(messages(log))
    finally:
        await live.close()


@pytest.mark.long
@examples(8)
@given(st.tuples(logs, st.randoms(use_true_random=True)))
async def test_it_is_read_and_written_as_before_made_anew_beside_and_gone_back_to(
    system: System, reader: Reader, example: tuple[list[Said], Random]
) -> None:
    log, random = example
    first, second, third = sorted(random.randint(1, len(log)) for _ in range(3))
    await system.deliver(log[:first], [(0, first, False)])
    for statement in aged(await in_force(system)):
        await system.connection.execute(statement)
    await go_on(system, log[:second])
    found = await difference(system, reader, oracle_of(log[:second]), random, 4)
    assert found is None, found
    await make(system, second)
    async with beside(system) as made:
        await made.take_up()
        found = await compare_at_checkpoint(made)
        assert not found, found
        new, old = int(made.schema[1:]), int(made.like[1:])
        await switch(made, new, accept=False)
    assert not await system.connection.fetchval(
        f"SELECT EXISTS (SELECT FROM {made.schema}.unit WHERE large <> running)"
    )
    await go_on(system, log[:third])
    found = await difference(system, reader, oracle_of(log[:third]), random, 4)
    assert found is None, found
    async with beside(system) as made:
        back = type(made)(made.source, made.writer, f"g{old}", f"g{new}")
        await back.take_up()
        await back.follow(third)
        found = await compare_at_checkpoint(back)
        assert not found, found
        await switch(back, old, accept=False)
    await go_on(system, log)
    found = await difference(system, reader, oracle_of(log), random, 4)
    assert found is None, found
