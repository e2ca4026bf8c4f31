"""Laws 1 and 2: outcomes and read models are functions of the log, whatever the batches, redeliveries and restarts."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.telling import Said
from tests.property.examples import examples
from tests.property.smallest import hold
from tests.property.strategies import cuttings, logs
from tests.property.system import Batch, System, oracle_of

delivered = logs.flatmap(lambda log: st.tuples(st.just(log), cuttings(len(log))))


@examples(50)
@given(delivered)
async def test_outcomes_are_those_of_the_contract(system: System, example: tuple[list[Said], list[Batch]]) -> None:
    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        await system.deliver(log, batches)
        found, right = await system.outcomes(), oracle_of(log).outcomes()
        return None if found == right else f"outcomes {set(found) - set(right)}, not {set(right) - set(found)}"

    await hold(*example, disagreement)


@examples(20)
@given(delivered)
async def test_two_deliveries_give_the_same_read_models(
    system: System, example: tuple[list[Said], list[Batch]]
) -> None:
    log, batches = example
    await system.deliver(log, batches)
    cut = await system.dump()
    await system.deliver(log, [(0, len(log), False)])
    whole = await system.dump()
    assert cut == whole
