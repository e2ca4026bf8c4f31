"""Contract, section 7, over every route: no answer tells more than may be seen, and nothing that may be is refused."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.access.needs import Need
from services.api.app import create_app
from services.needs import declared
from services.settings import Settings
from tests.integration.test_gate import guarded
from tests.oracle.access import Granted
from tests.oracle.oracle import Oracle
from tests.oracle.telling import ROOT, Said, granted, revoked
from tests.property.examples import examples
from tests.property.reorganised import reorganised_log
from tests.property.seeing import JUDGED, NOTHING_OF_THE_KIND, Account, Seeing
from tests.property.strategies import UNITS
from tests.property.system import System, oracle_of

ROLES = ("reader", "reader", "officer", "officer", "clerk", "keeper", "operator")
PEOPLE = ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc")
LEDGER = "SELECT position, publisher, id, subject, type, first FROM ledger"


def granting_log(random: Random) -> list[Said]:
    """Make a log of reorganisations, in which roles are given and taken back."""
    log = reorganised_log(random)
    units = [ROOT, *UNITS, "n11", "n12"]
    for n in range(random.randint(4, 10)):
        role = random.choice(ROLES)
        unit = ROOT if role == "operator" else random.choice(units)
        until = random.choice((None, None, None, "2020-01-01", "2099-12-31"))
        who = random.choice(PEOPLE)
        by = random.choice((ROOT, ROOT, ROOT, random.choice(units)))  # mostly without authority: then it is rejected
        said = (
            revoked(unit, who, role, f"g{n}", by=by)
            if random.randrange(6) == 0
            else granted(unit, who, role, f"g{n}", by=by, until=until)
        )
        log.insert(random.randint(len(log) // 3, len(log)), said)
    return log


def accounts(oracle: Oracle, random: Random) -> list[Account]:
    """Give each what it holds by the log; some come with a limited token."""
    found = []
    for who in PEOPLE:
        grants = [
            Granted(role, unit, None if until is None else dt.date.fromisoformat(until))
            for (unit, account, role), (_, given_, until) in oracle.standing().items()
            if account == f"a-{who}" and given_
        ]
        only = None
        if random.randrange(3) == 0:
            units = oracle.hierarchy().units()
            only = [Granted(random.choice(ROLES), random.choice(units)) for _ in range(random.randint(1, 3))]
        found.append(Account(f"a-{who}", grants, only))
    return found


def test_every_route_is_judged() -> None:
    """A new route is judged here, or is said to tell nothing of the kind."""
    asked = {route.path for route in declared(create_app(Settings())) if route.need is not Need.OPEN}
    assert asked == JUDGED.keys() | NOTHING_OF_THE_KIND
    assert not JUDGED.keys() & NOTHING_OF_THE_KIND


async def sees_its_part(system: System, seed: int) -> None:
    random = Random(seed)
    log = granting_log(random)
    await system.deliver(log, [(0, len(log), False)])
    oracle = oracle_of(log)
    ledger = {row["position"]: dict(row) for row in await system.connection.fetch(LEDGER)}
    async with guarded(system.url) as client:
        for account in accounts(oracle, random):
            for judge in (each for judges in JUDGED.values() for each in judges):
                await judge(Seeing(client, oracle, ledger, account, random))


@examples(6)
@given(st.integers(0, 2**32 - 1))
async def test_an_account_sees_its_part_and_all_of_it(system: System, seed: int) -> None:
    await sees_its_part(system, seed)


@pytest.mark.long
@examples(120)
@given(st.integers(0, 2**32 - 1))
async def test_many_accounts_see_their_part_and_all_of_it(system: System, seed: int) -> None:
    await sees_its_part(system, seed)
