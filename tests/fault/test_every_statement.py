"""The projector's connections are cut before each statement in turn, after each commit, and at each word of the bus.

It goes on by itself; at each cut, and at the end, every row is what it has to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from projections.store.checkpoint import NOTIFICATIONS
from tests.fault import projecting_here as here
from tests.fault.brief_log import BEFORE, PART
from tests.fault.cutting import Cut, Cuts, few
from tests.fault.eventually import AT_LAST
from tests.fault.stretch import Stretch
from tests.fault.wire import COMMIT, Passing, nats_wire, postgres_wire, statement

EVER: Final = 20 * AT_LAST


def anything(passing: Passing) -> bool:
    return True


async def cut_the_database(
    stretch: Stretch, chosen: Callable[[Passing], bool], times: int = 1, at_last: float = AT_LAST
) -> list[Cut]:
    async with stretch.anew() as (settings, connection):
        cuts = Cuts(chosen, lambda: stretch.hold(connection), times=times)
        async with postgres_wire(settings.database_url, cuts) as url:
            await here.project(settings, over=replace(settings, database_url=url), at_last=at_last)
        assert await cuts.found_wrong() is None
        assert await stretch.hold(connection) == here.END
    return cuts.made


@pytest.mark.parametrize("chosen", [few(statement), pytest.param(statement, marks=pytest.mark.long)])
async def test_the_database_is_cut_off_at_every_statement(stretch: Stretch, chosen: Callable[[Passing], bool]) -> None:
    made = await cut_the_database(stretch, chosen)
    for position in (*range(len(BEFORE) + PART, here.END, PART), here.END):
        commit = f"{COMMIT} NOTIFY {NOTIFICATIONS}, '{position}'"
        assert {cut.to_server for cut in made if cut.about == commit} == {True, False}


@pytest.mark.long
async def test_the_database_is_cut_off_at_every_message(stretch: Stretch) -> None:
    """At every message of the protocol, either way, each time that there is such a one on a connection."""
    await cut_the_database(stretch, anything, 1000, EVER)


async def cut_the_bus(stretch: Stretch, chosen: Callable[[Passing], bool], at_last: float = AT_LAST) -> list[Cut]:
    async with stretch.anew() as (settings, connection):
        cuts = Cuts(chosen, lambda: stretch.hold(connection))
        async with nats_wire(settings.nats_url, cuts) as url:
            await here.project(settings, over=replace(settings, nats_url=url), at_last=at_last)
        assert await cuts.found_wrong() is None
        assert await stretch.hold(connection) == here.END
    return cuts.made


def acknowledgement(passing: Passing) -> bool:
    return passing.to_server and passing.about.startswith("position")


def given(what: Passing | Cut) -> bool:
    """Whether this is a message of the log on its way to who reads it."""
    return what.kind in {"HMSG", "MSG"} and what.about.startswith("position")


async def test_the_bus_is_cut_off_at_every_question_and_answer(stretch: Stretch) -> None:
    """And at the messages at which parts begin and end."""
    edges = {f"position {position}" for position in range(len(BEFORE) + 1, here.END + 1, PART - 1)}
    made = await cut_the_bus(stretch, lambda passing: not given(passing) or passing.about in edges)
    assert {cut.about for cut in made if given(cut)} == edges


async def test_the_bus_is_cut_off_at_an_acknowledgement(stretch: Stretch) -> None:
    """The figures are there then, and what the bus gives again is known."""
    made = await cut_the_bus(stretch, acknowledgement)
    assert made
    assert {cut.kind for cut in made} == {"PUB"}


@pytest.mark.long
async def test_the_bus_is_cut_off_at_every_message(stretch: Stretch) -> None:
    await cut_the_bus(stretch, anything, EVER)
