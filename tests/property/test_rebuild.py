"""Law 1: a generation made in bulk from the ledger holds what the live one holds, wherever it was stopped."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.store.batch.writing import FencedError
from projections.store.live.projection import Projection
from projections.store.rebuilding import chunks
from projections.store.rebuilding.counting import count_all
from projections.store.rebuilding.making import decoded_chunk
from projections.store.rebuilding.making.generation import Generation
from projections.store.rebuilding.switching import compare_at_checkpoint, switch
from tests.oracle.telling import ROOT, Said
from tests.property.agreement import difference
from tests.property.examples import examples
from tests.property.reading import Reader
from tests.property.rebuilding import beside, dump_of, make
from tests.property.strategies import logs
from tests.property.system import SIZES, System, messages, oracle_of

cut = st.tuples(logs, st.randoms(use_true_random=True))


@pytest.fixture(autouse=True, params=[(7, 0, 1), (40, 2, 1_000_000)], ids=["small", "large"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of so many positions; what is folded together; and years that are counted together or each by itself."""
    for name, value in zip(
        ((chunks, "CHUNK"), (decoded_chunk, "GAP"), (count_all, "FACTS_AT_ONCE")), request.param, strict=True
    ):
        monkeypatch.setattr(*name, value)


async def in_force(system: System) -> str:
    return f"g{await system.connection.fetchval('SELECT generation FROM checkpoint')}"


@examples(8)
@given(cut)
async def test_every_table_is_that_of_the_live_one(
    system: System, reader: Reader, example: tuple[list[Said], Random]
) -> None:
    log, random = example
    await system.deliver(log, [(0, len(log), False)])
    first = random.randint(0, len(log))
    await make(system, first, stops=random.choice((None, 1, 2)))
    await make(system, len(log), stops=random.choice((None, 1, 2)))
    async with beside(system) as made:
        await made.take_up()
        found = await compare_at_checkpoint(made)
        assert not found, found
        live, anew = await dump_of(system, made.like), await dump_of(system, made.schema)
        for name, rows in live.items():
            assert anew[name] == rows, name
        await switch(made, int(made.schema[1:]), accept=False)
    assert await in_force(system) == made.schema
    found = await difference(system, reader, oracle_of(log), random, 8)
    assert found is None, found


@examples(4)
@given(cut)
async def test_the_live_one_goes_on_meanwhile_and_the_switch_takes_all_of_it(
    system: System, reader: Reader, example: tuple[list[Said], Random]
) -> None:
    log, random = example
    told = messages(log)
    first, second, third = sorted(random.randint(1, len(log)) for _ in range(3))
    await system.deliver(log[:first], [(0, first, False)])
    live = await Projection.open(system.url, root=ROOT, sizes=SIZES)
    try:
        await make(system, first)
        async with beside(system) as made:
            await made.take_up()
            await live.apply(told[:second])
            assert not await compare_at_checkpoint(made)
            # Commits of the live one between the comparison and the switch.
            await live.apply(told[:third])
            done = await switch(made, int(made.schema[1:]), accept=False)
        assert (done.position, done.outcomes) == (third, 0)
        if third < len(log):
            with pytest.raises(FencedError):
                await live.apply(told)
    finally:
        await live.close()
    live = await Projection.open(system.url, root=ROOT, sizes=SIZES)
    try:
        await live.apply(told)
    finally:
        await live.close()
    found = await difference(system, reader, oracle_of(log), random, 8)
    assert found is None, found
    # And back to the one before, which knows nothing of what came since.
    async with beside(system) as made:
        back = Generation(made.source, made.writer, f"g{done.before}", made.like)
        await back.take_up()
        await back.follow(len(log))
        assert not await compare_at_checkpoint(back)
        await switch(back, done.before, accept=False)
    found = await difference(system, reader, oracle_of(log), random, 8)
    assert found is None, found
