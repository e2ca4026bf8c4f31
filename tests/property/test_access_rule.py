"""Contract, section 7: a grant reaches exactly the units that a brute-force reading says, whatever is reorganised."""

from __future__ import annotations

import datetime as dt
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from projections.answers.access.readable import reached
from projections.rules.counting.periods import Days
from projections.store.connecting import create_pool
from projections.store.reading.access import held
from projections.store.reading.snapshot import snapshot
from tests.oracle.access import reaches
from tests.oracle.telling import Said
from tests.property.examples import examples
from tests.property.reorganised import reorganised
from tests.property.strategies import DAYS
from tests.property.system import System, oracle_of

EVERYWHERE = "INSERT INTO access_grant SELECT -no, no, 'a', 'reader', true FROM unit"
ENDS = ("0001-01-01", *DAYS, "9999-12-31")


def ranges(random: Random, several: int) -> list[tuple[dt.date, dt.date] | None]:
    """Choose periods, single days among them, and the last known hierarchy alone."""
    found: list[tuple[dt.date, dt.date] | None] = [None]
    for _ in range(several):
        first, last = sorted(dt.date.fromisoformat(random.choice(ENDS)) for _ in range(2))
        found.append((first, random.choice((first, last))))
    return found


@examples(20)
@given(st.tuples(reorganised, st.randoms(use_true_random=True)))
async def test_a_grant_reaches_what_the_contract_says(system: System, example: tuple[list[Said], Random]) -> None:
    log, random = example
    await system.deliver(log, [(0, len(log), False)])
    await system.connection.execute(EVERYWHERE)
    h = oracle_of(log).hierarchy()
    async with create_pool(system.url, min_size=0, max_size=1) as pool, snapshot(pool) as opened:
        for unit in h.units():
            found = await held(opened, "a", unit)
            assert found is not None
            granted = {grant.unit for grant in found.grants}
            for days in ranges(random, 4):
                for upper in h.units():
                    asked = None if days is None else Days(*days)
                    right = reaches(h, upper, unit, days)
                    assert reached(found.lineage, upper, asked) == right, (upper, unit, days, [*h.statements])
                    assert upper in granted or not right, (upper, unit, "its grants are not asked for")
        assert await held(opened, "a", "nobody") is None
