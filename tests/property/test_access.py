"""Who holds which role is a function of the log: the view says what the contract says, also after a rebuild."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.oracle import Oracle
from tests.oracle.telling import Said
from tests.oracle.wording import ACCESS
from tests.property.examples import examples
from tests.property.rebuilding import make
from tests.property.reforming import REFORMS, Reformer
from tests.property.smallest import hold
from tests.property.strategies import ACTIONS, UNITS, cuttings
from tests.property.system import Batch, System, oracle_of

STANDING = """
SELECT unit.id, account, role, position, granted, until
FROM {schema}.standing_grant JOIN {schema}.unit ON unit.no = standing_grant.unit
"""
HELD = """
SELECT unit.id, account, role FROM standing_grant JOIN unit ON unit.no = standing_grant.unit
WHERE granted AND (until IS NULL OR until >= $1)
ORDER BY 1, 2, 3
"""
RICH = (*ACTIONS, *["granted"] * 14, *["revoked"] * 7, *["access_retracted"] * 6, *REFORMS * 3)


class Granting(Reformer):
    """Tells anything that a Reformer does, and takes back much of what is said about access."""

    def access_retracted(self) -> Said:
        said = [said for said in self.log if said.bus_subject.endswith(ACCESS)]
        return self.taking_back(self.one(said)) if said else self.retracted()


def log_of_access(random: Random) -> list[Said]:
    """Make a log of 40 to 80 messages on a few units that are reorganised again and again."""
    teller = Granting(random, UNITS[: random.randint(3, 5)])
    enough = random.randint(40, 80)
    while len(teller.log) < enough:
        told = getattr(teller, random.choice(RICH))()
        teller.log.extend(told if isinstance(told, list) else [told])
    log = list(teller.log)
    for _ in range(random.choice((0, 2, 6, 12))):
        log.insert(random.randrange(len(log)), log.pop(random.randrange(len(log))))
    return log


logs_of_access = st.integers(0, 2**32 - 1).map(lambda seed: log_of_access(Random(seed)))
delivered = logs_of_access.flatmap(lambda log: st.tuples(st.just(log), cuttings(len(log))))


async def standing(system: System, schema: str) -> dict[tuple[str, str, str], tuple[int, bool, str | None]]:
    """Read the view of a generation as the oracle tells it."""
    return {
        (row["id"], row["account"], row["role"]): (
            row["position"],
            row["granted"],
            None if row["until"] is None else str(row["until"]),
        )
        for row in await system.connection.fetch(STANDING.format(schema=schema))
    }


async def wrong(system: System, oracle: Oracle, schema: str) -> str | None:
    found, right = await standing(system, schema), oracle.standing()
    if found != right:
        return f"{schema}: {sorted(found.items() - right.items())}, not {sorted(right.items() - found.items())}"
    return None


@examples(30)
@given(delivered)
async def test_what_stands_is_what_the_contract_says(system: System, example: tuple[list[Said], list[Batch]]) -> None:
    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        await system.deliver(log, batches)
        oracle = oracle_of(log)
        outcomes = await system.outcomes()
        if outcomes != oracle.outcomes():
            return f"outcomes {sorted(set(outcomes) - set(oracle.outcomes()))}"
        generation = await system.connection.fetchval("SELECT generation FROM checkpoint")
        for text in ("2019-12-31", "2023-01-31", "2024-01-02"):
            on = dt.date.fromisoformat(text)
            held = [tuple(row) for row in await system.connection.fetch(HELD, on)]
            if held != oracle.roles(on):
                return f"on {on} {held}, not {oracle.roles(on)}"
        return await wrong(system, oracle, f"g{generation}")

    await hold(*example, disagreement)


@examples(6)
@given(logs_of_access)
async def test_a_rebuild_says_the_same(system: System, log: list[Said]) -> None:
    await system.deliver(log, [(0, len(log), False)])
    await make(system, len(log))
    generation = await system.connection.fetchval("SELECT generation FROM checkpoint")
    assert await wrong(system, oracle_of(log), f"g{generation + 1}") is None


def test_logs_say_much_about_access_and_all_that_can_become_of_it() -> None:
    seen: set[tuple[str, str, str | None]] = set()
    replaced = restored = 0
    for seed in range(40):
        oracle = oracle_of(log_of_access(Random(seed)))
        told = [e for e in oracle.entries if e.event is not None and e.event["type"] in ACCESS]
        seen |= {(e.event["type"], e.outcome, e.reason) for e in told if e.event is not None}
        standing = oracle.standing()
        replaced += sum(e.holds for e in told) > len(standing)
        restored += any(e.outcome == "retracted" for e in told)
    for kind in ACCESS:
        assert {(kind, "applied", None), (kind, "rejected", "not_authorised"), (kind, "retracted", None)} <= seen
        assert not {each for each in seen if each[:2] == (kind, "parked")}
    assert replaced > 20
    assert restored > 20
