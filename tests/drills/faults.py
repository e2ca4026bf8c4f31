"""The fault of each alert on one machine: how it is made, where it shows, and how it is mended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final, NamedTuple

import httpx

from tests.drills.service import Service, another_projector
from tests.oracle.spoiling import day_raised, month_raised
from tests.oracle.telling import ROOT, founded
from tests.servers import put_migrated_data, running_postgres

Fault = Callable[[Service], AsyncIterator[None]]
PARTS: Final = ("projector", "projector-2")
STOP, GO_ON, KILL = signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL


class Drill(NamedTuple):
    """Up to the `yield` the fault is made, and its alert has to fire; then it is mended, and the alert has to end."""

    alert: str
    fault: Fault
    also: tuple[str, ...] = ()
    """Other alerts that have to fire of the same fault: their pages show the same drill."""


INSTEAD: Final[Mapping[str, str]] = {
    "> 300": "> 12",
    "[15m]) > 2": "[45m]) > 2",
    "> 86400": "> 15",
    "tonghop_leading == 1) > 60": "tonghop_leading == 1) > 10",
}
"""Bounds in seconds that a drill can't wait for, and what they are in it."""

DRILLS: dict[str, Drill] = {}


def drill(*alerts: str) -> Callable[[Fault], Fault]:
    def remember(fault: Fault) -> Fault:
        DRILLS[alerts[0]] = Drill(alerts[0], fault, alerts[1:])
        return fault

    return remember


@asynccontextmanager
async def meanwhile(do: Callable[[], Awaitable[object]], pause: float) -> AsyncIterator[None]:
    """Do something again and again for as long as the block lasts; what is begun is brought to its end."""
    over = asyncio.Event()

    async def again() -> None:
        while not over.is_set():
            with suppress(httpx.HTTPError, OSError):
                await do()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), pause)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        over.set()
        await task


@drill("TonghopNotLeading")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("kill -9 PID-OF-PROJECTOR-1 PID-OF-PROJECTOR-2")
    on.signal(PARTS, KILL)
    yield
    await on.metric("tonghop_leading")
    await on.types("tonghop status", 16)
    on.does("systemctl start tonghop-projector        # on both machines")
    await on.cluster.revive(PARTS)


@drill("TonghopTwoLeading")
async def _(on: Service) -> AsyncIterator[None]:
    folder = on.folder / "other"
    put_migrated_data(folder / "postgres")
    with running_postgres(folder) as other:
        command, at = another_projector(on, "projector-3", database_url=other.url)
        on.does("TONGHOP_DATABASE_URL=postgresql://tonghop_projector@another/tonghop tonghop projector    # by mistake")
        command.start()
        on.also("tonghop-projector", "projector-3", at)
        yield
        await on.metric("tonghop_leading == 1")
        on.does("systemctl stop tonghop-projector         # on projector-3")
        command.stop()
        on.also("tonghop-projector", "projector-3", None)


@drill("TonghopProjectorSilent")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("kill -STOP PID-OF-PROJECTOR-1 PID-OF-PROJECTOR-2")
    on.signal(PARTS, STOP)
    yield
    await on.metric("tonghop_readable_worker_seen_seconds")
    await on.types("tonghop status", 16)
    on.does("kill -CONT PID-OF-PROJECTOR-1 PID-OF-PROJECTOR-2")
    on.signal(PARTS, GO_ON)


@drill("TonghopFetchStalled", "TonghopBusAway")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("kill -STOP PID-OF-NATS-SERVER             # it is connected, and says nothing")
    on.signal(["nats"], STOP)
    yield
    await on.metric("tonghop_readable_worker_fetched_seconds")
    await on.types("curl -s http://projector-1:8081/readyz; curl -s http://projector-2:8081/readyz", 4)
    on.does("kill -CONT PID-OF-NATS-SERVER")
    on.signal(["nats"], GO_ON)


@drill("TonghopLagDoesNotFall", "TonghopBehind")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("psql: BEGIN; LOCK TABLE ledger IN SHARE MODE;      # somebody's session, left open")
    async with on.database() as held, held.transaction(), meanwhile(lambda: on.publish(*on.facts(5)), 0.5):
        await held.execute("LOCK TABLE ledger IN SHARE MODE")
        yield
        await on.metric("tonghop_readable_lag_events")
        await on.metric("tonghop_lag_seconds and on (instance) tonghop_leading == 1")
        on.does(
            "psql: SELECT pid, query, pg_blocking_pids(pid) FROM pg_stat_activity "
            "WHERE cardinality(pg_blocking_pids(pid)) > 0"
        )
        async with on.database() as looking:
            for row in await looking.fetch(
                "SELECT pid, left(query, 60) AS query, pg_blocking_pids(pid) AS blocked_by FROM pg_stat_activity "
                "WHERE cardinality(pg_blocking_pids(pid)) > 0"
            ):
                on.said.append(f" {row['pid']} | {' '.join(row['query'].split())}… | blocked by {row['blocked_by']}")
        on.does("psql: SELECT pg_terminate_backend(PID-THAT-BLOCKS)")


@drill("TonghopPaused")
async def _(on: Service) -> AsyncIterator[None]:
    await on.publish(*on.facts(5))
    await on.settled()
    on.does("(forty units send events of days that are none: a new version of their software)")
    await on.publish(*on.wrong(60))
    yield
    await on.metric("tonghop_paused == 1")
    await on.types("tonghop status", 24)
    await on.types("tonghop rejects", 8)
    await on.types("tonghop resume")
    await on.settled()
    await on.publish(*on.facts(50))
    await on.settled()


@drill("TonghopPublisherAtItsShare")
async def _(on: Service) -> AsyncIterator[None]:
    await on.publish(*on.facts(60))
    await on.settled()
    on.does("(one unit sends six events of days that are none)")
    await on.publish(*on.wrong(6, ["u7"]))
    yield
    await on.metric("tonghop_publisher_rejects_at_share")
    await on.types("tonghop rejects", 8)
    on.does("(the unit corrects its software; others' events push the rejected ones out of the window)")
    await on.publish(*on.facts(60))


@drill("TonghopPartFailing", "TonghopDatabaseAway")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("systemctl stop postgresql")
    await asyncio.to_thread(on.cluster.postgres.stop)
    yield
    await on.metric("tonghop_open_errors == 1")
    await on.metric("tonghop_readable_database_up")
    await on.types("curl -s http://127.0.0.1:8080/readyz", 6)
    leading = "projector" if "waiting" in on.cluster.log_of("projector") else "projector-2"
    on.does("journalctl -u tonghop-projector -n 2")
    on.said += [line[:200] for line in on.cluster.log_of(leading).splitlines()[-2:]]
    on.does("systemctl start postgresql")
    await asyncio.to_thread(on.cluster.postgres.start)


@drill("TonghopFiguresWrong", "TonghopCorrectnessBudget")
async def _(on: Service) -> AsyncIterator[None]:
    await on.publish(*on.facts(3))
    await on.settled()
    number = f"(SELECT no FROM unit WHERE id = '{ROOT}')"
    on.does("psql: UPDATE running_sum SET …           # somebody's hand: one admission more on a day of the root")
    async with on.database() as connection:
        await connection.execute(day_raised(20230501, unit=number))
        await connection.execute(month_raised(202305, unit=number))
    yield
    await on.metric("tonghop_invariant_broken == 1")
    on.does("journalctl -u tonghop-projector | grep invariant")
    on.said += [
        line[:260] for name in PARTS for line in on.cluster.log_of(name).splitlines() if "does not hold" in line
    ][:2]
    await on.types("tonghop verify", 10)
    await on.types("tonghop verify --repair", 10)


@drill("TonghopFiguresUnchecked")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("psql: BEGIN; LOCK TABLE fact IN ACCESS EXCLUSIVE MODE;      # a maintenance that was left open")
    async with on.database() as held, held.transaction():
        await held.execute("LOCK TABLE fact IN ACCESS EXCLUSIVE MODE")
        yield
        await on.metric("time() - max by (invariant) (tonghop_invariant_checked_timestamp_seconds)")
        on.does("journalctl -u tonghop-projector | grep 'not checked'")
        on.said += [
            line[:200] for name in PARTS for line in on.cluster.log_of(name).splitlines() if "not checked" in line
        ][:1]
        on.does("psql: SELECT pg_terminate_backend(PID-THAT-BLOCKS)")


@drill("TonghopParkedGrows")
async def _(on: Service) -> AsyncIterator[None]:
    await on.watched_for_an_hour()
    on.does("(120 events of a unit that nobody has established yet)")
    await on.publish(*on.facts(120, "chi-bo-moi"))
    yield
    await on.metric('tonghop_readable_messages{outcome="parked"}')
    await on.types("tonghop parked", 6)
    on.does("(the unit above establishes it: the events hold by themselves)")
    await on.publish(founded("chi-bo-moi", "u1", "2000-01-01", "cell", by="u1"))
    await on.settled()


@drill("TonghopRejects")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("(one event in eight of some units is not valid)")
    async with meanwhile(lambda: on.publish(*on.facts(14), *on.wrong(2)), 0.5):
        yield
        await on.metric('sum by (type) (rate(tonghop_events_total{outcome="rejected"}[30s])) > 0')
        await on.types("tonghop rejects", 8)
        await on.types("curl -s 'http://127.0.0.1:8080/v1/outcomes?outcome=rejected&limit=1'", 1)
    on.does("(the units correct their software)")


@drill("TonghopPublisherBroken")
async def _(on: Service) -> AsyncIterator[None]:
    await on.watched_for_an_hour()
    on.does("(one unit sends 150 events that are not valid)")
    for _ in range(30):
        await on.publish(*on.facts(20), *on.wrong(5, ["u5"]))
    yield
    await on.metric("topk(1, tonghop_readable_publisher_rejects)")
    await on.types("tonghop rejects", 8)
    on.does("(its operator is told, and corrects it)")


@drill("TonghopPublisherFillsTheLog")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("(one unit sends bodies of 10 kB, as fast as it can)")
    for _ in range(30):
        await on.publish(*on.facts(6), *on.wrong(2, ["u3"], padding=10_000))
    yield
    await on.metric("tonghop_publisher_growth_share")
    on.does("tonghop shut-out u3")
    on.does("(the flood is over a minute later; tonghop shut-out u3 --end lets the unit in again)")


@drill("TonghopApiDown")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("kill -9 PID-OF-THE-API")
    on.signal(["api"], KILL)
    yield
    await on.types("curl -sS http://127.0.0.1:8080/healthz", 2)
    on.does("systemctl start tonghop-api")
    await on.cluster.revive(["api"])


@drill("TonghopAnswersFail", "TonghopAvailabilityBudget")
async def _(on: Service) -> AsyncIterator[None]:
    async with meanwhile(lambda: on.get("/v1/units?limit=5", 5), 0.1):
        await asyncio.sleep(3)
        on.does("systemctl stop postgresql                 # and questions go on coming")
        await asyncio.to_thread(on.cluster.postgres.stop)
        yield
        await on.metric('sum by (route, status) (rate(tonghop_api_requests_total{status=~"5.."}[10s])) > 0')
        await on.types("curl -s http://127.0.0.1:8080/v1/units?limit=5", 2)
        on.said[-2:] = [line[:300] for line in on.said[-2:]]
        on.does("systemctl start postgresql")
        await asyncio.to_thread(on.cluster.postgres.start)
        await asyncio.sleep(8)


@drill("TonghopReadersTurnedAway")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("(one reader asks 130 times at once for figures of a position that is far away)")

    path = "/v1/units?min_position=999999999&wait=3"
    async with meanwhile(lambda: on.get_at_once(path, 130), 0.2):
        yield
        await on.metric("sum by (queue, why) (rate(tonghop_api_refused_total[10s])) > 0")
        await on.metric("tonghop_api_waiting > 0")
    on.does("(it is told to stop, or the proxy stops it)")


@drill("TonghopAnswersSlow")
async def _(on: Service) -> AsyncIterator[None]:
    on.does(
        "psql: BEGIN; LOCK TABLE unit_name IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1); COMMIT;    # again and again"
    )

    async def held() -> None:
        async with on.database() as connection, connection.transaction():
            await connection.execute("LOCK TABLE unit_name IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(1)

    async with meanwhile(held, 0.05), meanwhile(lambda: on.get("/v1/units?limit=5"), 0.05):
        yield
        await on.metric("histogram_quantile(0.99, sum by (le, route) (rate(tonghop_api_request_seconds_bucket[10s])))")
    async with meanwhile(lambda: on.get("/v1/units?limit=5"), 0.1):
        await asyncio.sleep(8)


@drill("TonghopPartDown")
async def _(on: Service) -> AsyncIterator[None]:
    standby = "projector-2" if await on.leader() == "projector" else "projector"
    on.does("kill -STOP PID-OF-THE-PROJECTOR-THAT-STANDS-BY")
    on.signal([standby], STOP)
    yield
    await on.metric('up{job=~"tonghop-.*"} == 0')
    on.does("kill -CONT PID-OF-THE-PROJECTOR-THAT-STANDS-BY")
    on.signal([standby], GO_ON)


@drill("TonghopRestartsAgain")
async def _(on: Service) -> AsyncIterator[None]:
    for _ in range(3):
        on.does("kill -9 PID-OF-THE-API                   # systemd starts it again")
        on.cluster.kill(["api"], Random(1))
        await on.cluster.revive(["api"])
        await on.answers("/healthz")
        await asyncio.sleep(4.5)  # two scrapes
    yield
    await on.metric('changes(process_start_time_seconds{job="tonghop-api"}[90s])')
    on.does("journalctl -u tonghop-api -n 1")
    on.said += [line[:160] for line in on.cluster.log_of("api").splitlines()[-1:]]


@drill("TonghopConnectionsFull")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("(one address opens 260 connections at a time and holds them with half a request)")
    at = on.cluster.settings.http
    writers: list[asyncio.StreamWriter] = []

    async def open_many() -> None:
        for _ in range(260):
            _, writer = await asyncio.open_connection(at.host, at.port)
            writer.write(b"GET /v1/units?min_position=999999999&wait=20 HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            writers.append(writer)
        await asyncio.sleep(3)
        for writer in writers:
            writer.close()
        writers.clear()

    async with meanwhile(open_many, 0.1):
        yield
        await on.metric("tonghop_api_connections")
        await on.metric("sum by (why) (rate(tonghop_api_connections_dropped_total[10s])) > 0")
    for writer in writers:
        writer.close()
    on.does("(a limit for it before the API, or the proxy's address in TONGHOP_TRUSTED_PROXIES)")


@drill("TonghopFreshnessBudget")
async def _(on: Service) -> AsyncIterator[None]:
    on.does("kill -STOP PID-OF-PROJECTOR-1 PID-OF-PROJECTOR-2; units go on sending")
    on.signal(PARTS, STOP)
    async with meanwhile(lambda: on.publish(*on.facts(2)), 0.5):
        yield
        await on.metric("tonghop_readable_behind_seconds")
        await on.metric('{__name__=~"tonghop:slo_burn:rate(5m|1h|6h)", slo="freshness"}')
        on.does("kill -CONT PID-OF-PROJECTOR-1 PID-OF-PROJECTOR-2")
        on.signal(PARTS, GO_ON)
