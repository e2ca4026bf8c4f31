"""However the figures of a position are had, they are those of the slow way: all units and facts made anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any, cast
from unittest.mock import patch

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.answers.report.report_question import By, Question
from projections.rules.counting.periods import Days
from projections.store.live.projection import Projection
from projections.store.reading import known_then
from projections.store.reading.as_known_then import report_then
from projections.store.reading.find_unit import UnknownUnitError
from projections.store.reading.known_then import PastWay
from projections.store.reading.snapshot import Snapshot, snapshot
from tests.oracle import figures
from tests.oracle.telling import ROOT, Said
from tests.oracle.wording import CODES
from tests.property.examples import examples
from tests.property.making_anew import made_anew
from tests.property.reading import questions
from tests.property.strategies import logs
from tests.property.system import SIZES, System, messages, oracle_of

WAYS = tuple(PastWay)


@pytest.fixture
async def pool(system: System) -> AsyncIterator[asyncpg.Pool[Any]]:
    async with asyncpg.create_pool(system.url, min_size=1, max_size=1) as opened:
        yield opened


def _asked(question: figures.Question, random: Random) -> Question:
    by, _, detail = question.by.partition(":")
    split = tuple(random.sample(tuple(CODES), 2)) if by != "facet" and random.randrange(4) == 0 else ()
    days, measures = Days(question.first, question.last), tuple(question.measures)
    return Question(question.unit, days, question.basis, measures, cast("By", by), detail, split)


async def _answer(opened: Snapshot, position: int, question: Question, way: PastWay | None) -> Any:
    try:
        if way is None:
            return await made_anew(opened, position, question)
        with patch.object(known_then, "least_to_read", lambda **_: way):
            return await report_then(opened, position, question)
    except UnknownUnitError as error:
        return str(error), error.none_yet


@examples(12)
@given(logs.flatmap(lambda log: st.tuples(st.just(log), st.integers(0, len(log)), st.randoms(use_true_random=True))))
async def test_every_way_leads_to_what_is_made_anew(
    system: System, pool: asyncpg.Pool[Any], example: tuple[list[Said], int, Random]
) -> None:
    log, until, random = example
    await system.deliver(log[:until], [(0, until, False)])
    await _same_at_positions(pool, log, until, random, several=1)
    # What was kept of the hierarchy meanwhile is brought up to date.
    projection = await Projection.open(system.url, root=ROOT, sizes=SIZES)
    await projection.apply(messages(log)[until:])
    await projection.close()
    await _same_at_positions(pool, log, len(log), random, several=3)


async def _same_at_positions(
    pool: asyncpg.Pool[Any], log: list[Said], until: int, random: Random, several: int
) -> None:
    asked = questions(oracle_of(log[:until]), random, several=15)
    async with snapshot(pool) as opened:
        for position in random.sample(range(until + 1), min(several, until + 1)):
            for plain in random.sample(asked, min(len(asked), 6)):
                question = _asked(plain, random)
                expected = await _answer(opened, position, question, None)
                for way in WAYS:
                    found = await _answer(opened, position, question, way)
                    assert found == expected, (position, question, way)
