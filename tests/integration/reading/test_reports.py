"""Every way to break a report down, on random worlds, against counting fact by fact."""

from __future__ import annotations

import datetime as dt
import random

import asyncpg
import pytest
from msgspec import UNSET

from events.catalogue import DIMENSIONS, MEASURES
from events.vocabulary import LEVELS
from projections.answers.report.report_answers import Report, Row
from projections.rules.counting.periods import Days
from projections.store.reading.events import events_under
from projections.store.reading.report import Question, report
from projections.store.reading.snapshot import snapshot
from tests.integration.reading.expected import counted, last_name, rows, splits, standing_stays
from tests.integration.reading.world import FIRST, LAST, ONE_DAY, World, named_at, random_world

SEEDS = range(6)
QUESTIONS = 40
WAYS = ("child", "child", "level", "level", "facet", "facet", "month", "quarter", "year", "none")


def random_question(choose: random.Random, world: World) -> Question:
    span = (LAST - FIRST).days
    first, last = sorted(FIRST + choose.randrange(-40, span + 40) * ONE_DAY for _ in range(2))
    if choose.random() < 0.3:
        first, last = first.replace(day=1), last.replace(month=12, day=31)
    by = choose.choice(WAYS)
    pair = ",".join(choose.sample(tuple(DIMENSIONS), 2))
    detail = {"level": LEVELS, "facet": (*DIMENSIONS, *(pair,) * len(DIMENSIONS))}.get(by, ("",))
    measures = tuple(choose.sample(MEASURES, choose.randint(1, len(MEASURES))))
    unit = world.units[min(choose.randrange(1, len(world.units) + 1), choose.randrange(1, len(world.units) + 1))]
    split = () if by == "facet" else tuple(choose.sample(tuple(DIMENSIONS), choose.choice((0, 0, 1, 3, 13))))
    return Question(
        unit.id, Days(first, last), choose.choice(("as-was", "as-now")), measures, by, choose.choice(detail), split
    )  # type: ignore[arg-type]


def key(row: Row) -> str:
    if row.own or row.rest:
        return "own" if row.own else "rest"
    codes = ",".join(row.codes.values()) if row.codes else row.code
    return row.month or row.quarter or row.year or codes or (row.unit.id if row.unit else "")


@pytest.mark.parametrize("seed", SEEDS)
async def test_reports_say_what_the_facts_say(pool: asyncpg.Pool, seed: int) -> None:
    choose = random.Random(seed)
    world = random_world(seed, choose.choice((8, 25, 60)))
    async with pool.acquire() as connection:
        await world.write(connection)
    for _ in range(QUESTIONS):
        question = random_question(choose, world)
        async with snapshot(pool) as opened:
            answer = await report(opened, question)
        check(world, question, answer)


def check(world: World, question: Question, answer: Report) -> None:
    total, expected, listed = rows(world, question)
    found = {key(row): row.values for row in answer.rows}
    assert len(found) == len(answer.rows), question
    assert answer.total == total, question
    assert {k: v for k, v in found.items() if any(v.values())} == expected, question
    assert set(found) == listed | set(expected), question
    if question.by != "none":
        for measure in question.measures:
            assert sum(row.values[measure] for row in answer.rows) == total[measure], question
    if question.split:
        found_splits = {
            (name, measure, dimension, code): n
            for name, split in [("total", answer.split), *((key(row), row.split) for row in answer.rows)]
            for measure, by_dimension in split.items()
            for dimension, codes in by_dimension.items()
            for code, n in codes.items()
        }
        assert {k: n for k, n in found_splits.items() if n} == splits(world, question), question
        assert len(found_splits) == (len(answer.rows) + 1) * len(question.measures) * sum(
            len(DIMENSIONS[dimension]) for dimension in question.split
        )
    else:
        assert answer.split is UNSET
        assert all(row.split is UNSET for row in answer.rows)
    if question.by == "child":
        assert answer.rows[-1].own
        for row in answer.rows[:-1]:
            assert row.unit is not None
            assert row.unit.name == last_name(world, question, row.unit.id), question
            told = [(row.since, row.until)] if row.stays is UNSET else [(s.since, s.until) for s in row.stays]
            if question.basis == "as-now":
                assert told == [(UNSET, UNSET)]
            else:
                expected_stays = standing_stays(world, question, row.unit.id)
                assert (row.since, row.until) == (told[0][0], told[-1][1])
                assert told == expected_stays or not expected_stays, (question, row)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_events_that_name_somebody(pool: asyncpg.Pool, seed: int) -> None:
    """As member, candidate or what another unit keeps them under, however it is written; nobody whose id is alike."""
    choose = random.Random(seed)
    world = random_world(200 + seed, choose.choice((8, 25)))
    async with pool.acquire() as connection:
        await world.write(connection)
    for _ in range(10):
        question, person = random_question(choose, world), f"m-{choose.randrange(8)}"
        expected = sorted(
            (f.day, f.position, MEASURES.index(f.measure))
            for f, _ in counted(world, question)
            if named_at(f.position) == person
        )
        assert await all_events(pool, question, choose.choice((1, 3, 50)), person) == expected, (question, person)


@pytest.mark.parametrize("seed", SEEDS)
async def test_as_many_events_under_a_number_as_it_says(pool: asyncpg.Pool, seed: int) -> None:
    choose = random.Random(seed)
    world = random_world(100 + seed, choose.choice((8, 25, 60)))
    async with pool.acquire() as connection:
        await world.write(connection)
    for _ in range(QUESTIONS // 2):
        question = random_question(choose, world)
        expected = sorted((f.day, f.position, MEASURES.index(f.measure)) for f, _ in counted(world, question))
        limit = choose.choice((1, 7, 50)) if len(expected) < 60 else 50
        assert await all_events(pool, question, limit) == expected, question


async def all_events(
    pool: asyncpg.Pool, question: Question, limit: int, member: str | None = None
) -> list[tuple[dt.date, int, int]]:
    """Give the day, position and measure of each event, from as many pages as it takes."""
    found: list[tuple[dt.date, int, int]] = []
    after = None
    while True:
        async with snapshot(pool) as opened:
            page, after = await events_under(
                opened,
                question.unit,
                question.days,
                question.measures,
                basis=question.basis,
                member=member,
                after=after,
                limit=limit,
            )
        found += [(e.day, e.position, MEASURES.index(e.measure)) for e in page]
        assert len(page) == limit or after is None
        if after is None:
            return found
