"""Slow questions in processes of their own: what is answered, what is raised, what becomes of a process (0027)."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import signal
from collections.abc import AsyncIterator
from functools import partial

import psutil
import pytest

from projections.answers.access.sight import EVERYTHING, Sight
from projections.answers.report.report_answers import UnitDay
from projections.answers.report.report_question import Question
from projections.rules.counting.periods import Days
from projections.store.reading.find_unit import UnknownUnitError
from projections.store.reading.report import report
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.units import unit_on
from services.api import apart
from services.api.apart import Processes
from services.api.apart_messages import Job
from services.api.asked import Alike, Asked, Circumstances
from services.api.lag import Lag
from services.api.problems import Problem
from services.settings import Settings
from tests.integration.test_api import small_world
from tests.servers import connect

DAY = dt.date(2021, 6, 1)
PLAIN = Circumstances(None, None, gzip=False, lag=None)
YEAR = Question("trung-uong", Days(dt.date(2021, 1, 1), dt.date(2021, 12, 31)), "as-was", ("admissions",), "none")


async def anybody(_: Snapshot) -> Sight:
    return EVERYTHING


def about(unit: str) -> Asked:
    return Asked(("unit", unit), Alike(partial(unit_on, unit=unit, on=DAY)), may=anybody)


async def sleeps(snapshot: Snapshot, seconds: float) -> UnitDay:
    await snapshot.connection.execute("SELECT pg_sleep($1)", seconds)
    return await unit_on(snapshot, "trung-uong", DAY)


@pytest.fixture
async def processes(database: str) -> AsyncIterator[Processes]:
    connection = await connect(database)
    await small_world().write(connection)
    await connection.close()
    made = Processes(Settings(database_url=database), 1)
    yield made
    await made.close()


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [each for each in found if "services.api.apart_process" in each.cmdline()]


async def test_it_answers_and_raises_as_if_it_were_here(processes: Processes) -> None:
    given = await processes.answer(Job(about("unit-002"), PLAIN))
    assert (given.status, json.loads(given.body)["name"]) == (200, "Đảng ủy số 2")
    again = await processes.answer(Job(about("unit-002"), PLAIN._replace(if_none_match=given.tag)))
    assert (again.status, again.tag, again.body) == (304, given.tag, b"")
    assert (await processes.answer(Job(about("unit-002"), PLAIN, primary=True))).tag == given.tag
    with pytest.raises(UnknownUnitError, match="nobody"):
        await processes.answer(Job(about("nobody"), PLAIN))
    with pytest.raises(Problem) as early:
        await processes.answer(Job(about("unit-002"), PLAIN._replace(min_position=99)))
    assert (early.value.status, early.value.members) == (503, {"position": 12})
    behind = PLAIN._replace(lag=Lag(20, "paused", "chờ"))
    figures = Asked(("report",), Alike(partial(report, question=YEAR)), figures=True, may=anybody)
    said = json.loads((await processes.answer(Job(figures, behind))).body)
    assert said["behind"] == {"events": 8, "state": "paused", "detail": "chờ"}
    assert len(children()) == 1, "it lives on from one question to the next"


async def test_one_that_is_killed_is_replaced(processes: Processes) -> None:
    await processes.answer(Job(about("unit-002"), PLAIN))
    os.kill(children()[0].pid, signal.SIGKILL)
    assert (await processes.answer(Job(about("unit-003"), PLAIN))).status == 200


async def test_who_gives_up_waiting_has_his_question_dropped_and_the_process_goes_on(
    processes: Processes, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LET_GO", 60)  # on a full machine the process comes last
    await processes.answer(Job(about("unit-002"), PLAIN))
    (process,) = children()
    asked = Asked(("s",), Alike(partial(sleeps, seconds=60)), may=anybody)
    asking = asyncio.create_task(processes.answer(Job(asked, PLAIN)))
    connection = await connect(database)
    slow = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    async with asyncio.timeout(30):
        while not await connection.fetchval(slow):  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.01)
        asking.cancel()
        while await connection.fetchval(slow):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    await connection.close()
    assert (await processes.answer(Job(about("unit-002"), PLAIN))).status == 200
    assert children() == [process]


@pytest.mark.long
async def test_none_is_left_behind(processes: Processes) -> None:
    await processes.answer(Job(about("unit-002"), PLAIN))
    await processes.close()
    assert children() == []
