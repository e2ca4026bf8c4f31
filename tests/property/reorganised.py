"""Logs whose units are reorganised more often than anything else happens, for questions of who may see what."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from tests.oracle.telling import Said
from tests.property.reforming import CHANGES, REFORMS, Reformer
from tests.property.strategies import UNITS


def reorganised_log(random: Random) -> list[Said]:
    """Make a log of a tree, some 20 facts and plans, and a dozen of changes of structure, some of them wrong."""
    teller = Reformer(random, UNITS[: random.randint(4, len(UNITS))])
    for _ in range(random.randint(8, 16)):
        teller.log.append(getattr(teller, random.choice(CHANGES))())
        for _ in range(random.randint(0, 3)):
            teller.log.append(getattr(teller, random.choice(("fact", "fact", "fact", "target", "declaration")))())
        if teller.one_in(3):
            teller.log += getattr(teller, random.choice(REFORMS))()
        if teller.one_in(6):
            teller.log.append(teller.retracted())
    return teller.log


reorganised = st.integers(0, 2**32 - 1).map(lambda seed: reorganised_log(Random(seed)))
