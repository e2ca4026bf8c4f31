"""After the dust has settled: everything acknowledged is accounted for once, and every figure is right."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx

from projections.store.generations import enter_the_one_in_force
from projections.store.log.outcome_sql import DECIDED
from tests.fault.eventually import AT_LAST
from tests.fault.expectation import Counted, Expectation
from tests.fault.publishing import Acked
from tests.fault.reading import WAYS, Reader, asked
from tests.fault.recount import counters_anew, counters_as_kept
from tests.oracle.telling import ROOT


async def reached(api: str, position: int) -> None:
    """Wait until the API answers for a position."""
    deadline = time.monotonic() + AT_LAST
    answer = None
    async with httpx.AsyncClient(base_url=api, timeout=30) as client:
        while True:
            assert time.monotonic() < deadline, f"{position} is not reached: {answer and answer.text}"
            try:
                answer = await client.get("/v1/status", params={"min_position": position, "wait": 5})
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 200:
                assert answer.json()["position"] >= position
                return
            await asyncio.sleep(0.1)


async def hold_ledger(connection: asyncpg.Connection, acked: Sequence[Acked], expected: Expectation) -> None:
    """Hold the ledger to what was acknowledged: each message once, whole, with the one outcome that it must have."""
    await enter_the_one_in_force(connection)
    rows = await connection.fetch(
        f"SELECT position, body, outcome, publisher, id FROM {DECIDED} AS said ORDER BY position"
    )
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    kept = {row["position"]: row for row in rows}
    bodies = {one.told.said.body for one in acked}
    for position, told in acked:
        assert kept[position]["body"] == told.said.body
        assert kept[position]["outcome"] == expected.outcomes[position], (position, told)
    # Whatever else the stream holds was acknowledged too, at another position: the publisher sent it twice.
    assert all(row["body"] in bodies for row in rows)
    held = Counter((row["publisher"], row["id"]) for row in rows if row["outcome"] in {"counted", "applied"})
    assert max(held.values()) == 1
    tally = await connection.fetch("SELECT outcome, sum(n)::bigint AS n FROM tally GROUP BY outcome HAVING sum(n) <> 0")
    assert {row["outcome"]: row["n"] for row in tally} == Counter(row["outcome"] for row in rows)


async def hold_counters(connection: asyncpg.Connection, expected: Expectation) -> None:
    """Hold the counters to the facts, and the facts to what is counted."""
    assert await connection.fetchval("SELECT count(*) FROM fact") == len(expected.counted)
    assert await counters_as_kept(connection) == await counters_anew(connection)


async def hold_figures(api: str, reader: Reader, expected: Expectation) -> None:
    """Hold every figure of every unit, however it is broken down."""
    totals, breakdowns = expected.totals(), _breakdowns(expected.counted)
    assert totals.keys() >= {(ROOT, "admissions")}
    async with httpx.AsyncClient(base_url=api, timeout=30) as client:
        for unit in expected.units:
            for by in WAYS if unit == ROOT else ("child", "month", "facet:sex"):
                answer = await client.get(f"/v1/units/{unit}/report", params=asked(by))
                assert answer.status_code == 200, answer.text
                reader.hold(answer, by)
                report = answer.json()
                assert report["total"] == {name: totals[unit, name] for name in report["total"]}, (unit, by)
                if unit == ROOT and by in breakdowns:
                    assert _rows(report) == breakdowns[by]
    assert sum(n for (unit, _), n in totals.items() if unit == ROOT) == len(expected.counted)


def _breakdowns(counted: Sequence[Counted]) -> dict[str, Counter[tuple[str, str]]]:
    """Count all there is by month, by year and by sex: what the rows of the root have to say."""
    return {
        "month": Counter((one.day[:7], one.measure) for one in counted),
        "year": Counter((one.day[:4], one.measure) for one in counted),
        "facet:sex": Counter((one.sex, one.measure) for one in counted),
    }


def _rows(report: dict[str, Any]) -> Counter[tuple[str, str]]:
    values = {
        (row.get("month") or row.get("year") or row["code"], measure): n
        for row in report["rows"]
        for measure, n in row["values"].items()
    }
    return Counter({key: n for key, n in values.items() if n})
