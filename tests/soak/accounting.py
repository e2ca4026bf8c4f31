"""When the storm is over: the log as the bus has it is read by the oracle, and everything is held to what that says."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import asyncpg
import httpx

from events.catalogue import MEASURE_NUMBERS
from projections.rules.log.message import Message
from projections.store.generations import enter_the_one_in_force
from projections.store.log.outcome_sql import DECIDED
from projections.store.running_sql import taken_apart
from tests.fault.publishing import Acked
from tests.oracle.hierarchy import Hierarchy
from tests.oracle.remembering import Remembering
from tests.oracle.telling import ROOT, Said
from tests.oracle.wording import MEASURES
from tests.soak.asking import BASES, EVER, Asker
from tests.soak.hostile_unit import OWN_SUBJECTS

MONTH: Final = 200_000_000
"""What tells the periods of `counter` apart (docs/architecture.md, "Counters")."""
_KEPT: Final = f"(SELECT unit, period, measure, n FROM counter WHERE n <> 0 UNION ALL {taken_apart('running_sum')})"
_COUNTERS: Final = f"""
SELECT u.id, c.period, m.measure, c.n FROM {_KEPT} c JOIN unit u ON u.no = c.unit
JOIN unnest($1::smallint[], $2::text[]) AS m (no, measure) ON m.no = c.measure
"""


class Books:
    """The oracle's reading of a log, with the totals of the root at each position of it."""

    def __init__(self) -> None:
        self.oracle = Remembering(ROOT)
        self.totals: dict[int, dict[str, int]] = {}

    async def read(self, log: Iterable[Message]) -> None:
        """Read on; others get their turn meanwhile."""
        for message in log:
            self.oracle.feed(message.position, message.bus_subject, message.body)
            self.totals[message.position] = {measure: self.oracle.counted[measure] for measure in MEASURES}
            if message.position % 100 == 0:
                await asyncio.sleep(0)


def hold_log(log: Sequence[Message], acked: Sequence[Acked], others: str | tuple[str, ...] = OWN_SUBJECTS) -> None:
    """Hold the stream to what was acknowledged: each message at its position, and nothing that was never sent.

    What the hostile unit sent was acknowledged to nobody here: it stands on that unit's own subjects, or it is a fault.
    ``others`` is what the subjects of such messages begin with.
    """
    found = {message.position: Said(message.bus_subject, message.body) for message in log}
    assert sorted(found) == list(range(1, len(found) + 1))
    for position, told in acked:
        assert found[position] == told.said, position
    strange = {said.bus_subject for said in set(found.values()) - {one.told.said for one in acked}}
    assert all(subject.startswith(others) for subject in strange), strange


async def hold_outcomes(connection: asyncpg.Connection, books: Books) -> None:
    """Hold every outcome and its reason."""
    await enter_the_one_in_force(connection)
    rows = await connection.fetch(f"SELECT position, outcome, reason FROM {DECIDED} AS said ORDER BY position")
    found, right = [tuple(row) for row in rows], books.oracle.outcomes()
    assert found == right, [pair for pair in zip(found, right, strict=True) if pair[0] != pair[1]][:5]


async def hold_counters(connection: asyncpg.Connection, books: Books) -> int:
    """Hold every counter of every unit and period, and say how many there are."""
    large = {row["id"] for row in await connection.fetch("SELECT id FROM unit WHERE large")}
    rows = await connection.fetch(_COUNTERS, list(MEASURE_NUMBERS.values()), list(MEASURE_NUMBERS))
    kept = Counter({(row["id"], row["period"], row["measure"]): row["n"] for row in rows})
    assert len(rows) == await connection.fetchval(f"SELECT count(*) FROM {_KEPT} AS kept")
    right: Counter[tuple[str, int, str]] = Counter()
    h = books.oracle.hierarchy()
    for count in books.oracle.contributions():
        day = count.day
        periods = (day.year * 10_000 + day.month * 100 + day.day, MONTH + day.year * 100 + day.month)
        for unit in _raw_lineage(h, count.unit, day):
            right.update((unit, period, count.measure) for period in periods[: 2 if unit in large else 1])
    assert kept == right, list((kept - right).items())[:5] + list((right - kept).items())[:5]
    return len(right)


def _raw_lineage(h: Hierarchy, unit: str, day: dt.date) -> Iterator[str]:
    """Go up by what units say of themselves: the counters are of this lineage (docs/architecture.md)."""
    up = h.raw_parent(unit, day)
    while up is not None:
        yield up
        up = h.raw_parent(up, day)


async def hold_reports(api: str, books: Books, **how: Any) -> int:
    """Hold the total of every unit on both bases, and that the rows by child make it; say how many were asked.

    ``how`` are options of httpx's client.
    """
    totals = books.oracle.totals()
    asked = 0
    async with httpx.AsyncClient(base_url=api, timeout=60, **how) as client:
        for unit in books.oracle.hierarchy().units():
            for basis in BASES:
                answer = await client.get(f"/v1/units/{unit}/report", params=EVER | {"basis": basis, "by": "child"})
                assert answer.status_code == 200, answer.text
                report = answer.json()
                assert report["total"] == {name: totals[unit, name, basis] for name in MEASURES}, (unit, basis)
                rows = {name: sum(row["values"][name] for row in report["rows"]) for name in MEASURES}
                assert rows == report["total"], (unit, basis)
                asked += 1
    return asked


def hold_answers(books: Books, askers: Sequence[Asker]) -> int:
    """Hold every total of the root that was ever answered to what it was at that position; say how many there are."""
    for asker in askers:
        for position, total in asker.totals.items():
            assert total == books.totals[position], position
    return sum(len(asker.totals) for asker in askers)
