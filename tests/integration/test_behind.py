"""What an answer with figures says of being behind the log: when, of what kind, and in its ETag (contract §9)."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

import asyncpg
import httpx
import pytest

from projections.answers.report.report_answers import WorkerState
from projections.store.reading.status import WorkerSeen
from services.api.lag import FRESH_FOR, Lag, Lags
from services.api.log_end import LogEnd
from services.settings import Settings
from tests.integration.test_api import REPORT, client_of, small_world
from tests.integration.test_api_health import WORKER
from tests.servers import connect

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
UNIT = "/v1/units/trung-uong"
DAYS = "from=2021-01-01&to=2021-12-31"
FIGURES = [
    f"{UNIT}/report?{DAYS}",
    f"{UNIT}/events?{DAYS}",
    f"{UNIT}/silence?{DAYS}",
    f"{UNIT}/difference?{DAYS}",
    f"{UNIT}/indicators?on=2021-12-31",
    f"{UNIT}/targets?on=2021-12-31",
    f"{UNIT}/statement?{DAYS}&say=admissions",
]


def worker(seen: float = 0, advanced: float | None = 0, state: str = "leading", last: int = 100) -> WorkerSeen:
    """Make a projector that said something `seen` seconds ago, and got on `advanced` seconds ago."""
    ago = [NOW - dt.timedelta(seconds=each) if each is not None else None for each in (seen, advanced)]
    assert ago[0] is not None
    return WorkerSeen(WorkerState("w", state, None, ago[0], ago[0], ago[1]), last, NOW)


@pytest.fixture
def lags() -> Lags:
    return Lags(None, LogEnd(Settings()), 5.0)  # type: ignore[arg-type] # judged by what it is given


def states(lags: Lags, *looks: tuple[float, int, int | None, WorkerSeen | None]) -> list[str]:
    """Look at (seconds, position, last of the log, projector), one after the other."""
    return [lags.judge(working, position, last, now).state for now, position, last, working in looks]


def test_figures_that_were_there_and_are_gone_are_behind_at_once(lags: Lags) -> None:
    """A stale standby was promoted: what the log has and the figures had is missing now."""
    assert states(lags, (0.0, 20, 20, worker()), (0.1, 12, 21, worker()), (0.2, 19, 21, worker())) == [
        "leading",
        "catching_up",
        "catching_up",
    ]
    assert states(lags, (0.3, 20, 21, worker())) == ["leading"]


def test_a_log_that_went_back_with_its_figures_is_not_behind(lags: Lags) -> None:
    """Both were restored."""
    assert states(lags, (0.0, 20, 20, worker()), (1.0, 12, 12, worker()), (2.0, 12, 13, worker())) == ["leading"] * 3


def test_a_standby_a_little_behind_what_was_seen_elsewhere_is_not_behind_at_once(lags: Lags) -> None:
    lags.judge(worker(), 20, 20, 0.0)
    assert lags.judge(worker(), 18, 21, 0.1, standby=True).state == "leading"


def test_a_projector_that_is_heard_over_the_bus_has_not_stopped() -> None:
    """What a standby that lags has of it is old."""
    lags = Lags(None, LogEnd(Settings()), 5.0, lambda: True)  # type: ignore[arg-type]
    assert states(lags, (0.0, 10, 20, worker(seen=60, advanced=60))) == ["catching_up"]


def test_a_log_that_runs_ahead_for_seconds_is_caught_up_with(lags: Lags) -> None:
    assert states(
        lags,
        (0.0, 10, 10, worker()),
        (1.0, 10, 20, worker()),
        (4.0, 12, 30, worker()),
        (6.1, 15, 40, worker()),  # 20 was there five seconds ago
        (7.0, 25, 41, worker()),  # and is read; 30 came three seconds ago
        (9.5, 25, 41, worker()),
        (9.6, 41, 41, worker()),
    ) == ["leading", "leading", "leading", "catching_up", "leading", "catching_up", "leading"]


def test_an_hour_without_events_is_no_lag(lags: Lags) -> None:
    assert states(lags, (0.0, 10, 10, worker(advanced=3600)), (1.0, 10, 11, worker(advanced=3601))) == ["leading"] * 2


def test_what_was_so_before_the_first_look_is_the_projectors_word(lags: Lags) -> None:
    assert states(lags, (0.0, 10, 20, worker(advanced=60))) == ["catching_up"]


def test_a_projector_that_says_nothing_has_stopped(lags: Lags) -> None:
    assert states(lags, (0.0, 10, 20, worker(seen=60, advanced=60))) == ["stopped"]
    assert states(lags, (10.0, 20, 20, worker(seen=60, advanced=60))) == ["leading"], "nothing is missing"


def test_without_any_projector_there_is_nobody_to_catch_up(lags: Lags) -> None:
    assert states(lags, (0.0, 0, 3, None), (6.0, 0, 3, None)) == ["leading", "stopped"]


def test_without_the_bus_the_projectors_word_is_taken(lags: Lags) -> None:
    assert lags.judge(worker(seen=60, advanced=60, last=17), 10, None, 0.0).at(10) is not None
    assert lags.judge(worker(last=10), 10, None, 1.0).at(10) is None


def test_a_pause_is_told_at_once_and_with_nothing_missing(lags: Lags) -> None:
    behind = lags.judge(worker(state="paused"), 10, 10, 0.0).at(10)
    assert behind is not None
    assert (behind.events, behind.state) == (0, "paused")


def test_a_snapshot_that_is_further_is_not_behind() -> None:
    lag = Lag(20, "catching_up", "")
    assert lag.at(20) is None
    behind = lag.at(15)
    assert behind is not None
    assert behind.events == 5


async def settled(client: httpx.AsyncClient, path: str, *, behind: bool) -> httpx.Response:
    """Ask until the answer says what it is to say: what is known of the lag may be a quarter of a second old."""
    for _ in range(100):
        response = await client.get(path)
        assert response.status_code == 200, response.text
        if ("behind" in response.json()) is behind:
            return response
        await asyncio.sleep(FRESH_FOR / 5)
    raise AssertionError(response.text)


@pytest.fixture
async def paused(database: str) -> str:
    connection = await connect(database)
    await small_world().write(connection)
    await connection.execute(WORKER, 0.0, 0.0, 90.0)
    await connection.execute("UPDATE worker SET state = 'paused', detail = 'u1 sai', stream_last = 20")
    await connection.close()
    return database


async def test_every_answer_with_figures_says_so(paused: str) -> None:
    async with client_of(paused) as client:
        await settled(client, FIGURES[0], behind=True)
        for path in FIGURES:
            answer: dict[str, Any] = (await client.get(path)).json()
            assert answer["behind"] == {"events": 8, "state": "paused", "detail": "u1 sai"}, path
        for path in (UNIT, "/v1/units?q=gia", "/v1/outcomes"):
            assert "behind" not in (await client.get(path)).json(), path
        text = (await client.get(f"{UNIT}/statement?{DAYS}&say=admissions&format=text")).text
        assert "u1 sai" in text


async def test_the_etag_is_of_what_is_said_of_it(paused: str) -> None:
    async with client_of(paused) as client:
        before = await settled(client, REPORT, behind=True)
        tag = before.headers["etag"]
        assert (await client.get(REPORT, headers={"if-none-match": tag})).status_code == 304
        connection = await asyncpg.connect(paused)
        await connection.execute("UPDATE worker SET state = 'leading', stream_last = 12, seen_at = now()")
        await connection.close()
        after = await settled(client, REPORT, behind=False)
        assert after.headers["etag"] != tag
        assert (await client.get(REPORT, headers={"if-none-match": tag})).status_code == 200
        assert {**before.json(), "behind": None} == {**after.json(), "behind": None}, "the figures are the same"


def test_from_which_lag_on_is_a_setting() -> None:
    settings = Settings.from_environment({"TONGHOP_BEHIND_AFTER": "0.5"})
    assert (settings.behind_after, Settings().behind_after) == (0.5, 5.0)
    assert Settings.from_environment(settings.as_environment()) == settings
    other = Lags(None, LogEnd(dataclasses.replace(settings)), settings.behind_after)  # type: ignore[arg-type]
    assert states(other, (0.0, 1, 2, worker()), (0.6, 1, 2, worker())) == ["leading", "catching_up"]
