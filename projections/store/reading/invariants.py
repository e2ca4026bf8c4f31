"""What has to hold at every moment, checked cheaply in one snapshot: law 3 and completeness (contract §3).

Each check says what it found wrong, or nothing. None of them proves the figures: `tonghop verify` does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from events.catalogue import CATALOGUE, MEASURES
from projections.answers.report.report_question import Basis, By, Question
from projections.rules.counting.periods import Days
from projections.store.reading.find_unit import UnknownUnitError
from projections.store.reading.report import report
from projections.store.reading.snapshot import Snapshot

WINDOW: Final = 10_000
"""Positions of the ledger that are looked at in one check."""
YEARS: Final = 20

_COUNTED = "SELECT type, sum(n)::bigint AS n FROM tally WHERE outcome = 'counted' GROUP BY 1"
_ANY_UNIT = "SELECT id FROM unit WHERE no >= 1 + floor($1::float8 * (SELECT max(no) FROM unit)) ORDER BY no LIMIT 1"
_LEDGER = "SELECT count(*) FROM ledger WHERE position BETWEEN $1 AND $2"
_LAST = "SELECT coalesce(max(position), 0) FROM ledger"
_ALL_DAYS: Final = Days(dt.date.min, dt.date.max)
_BY: Final[tuple[tuple[By, str], ...]] = (("child", ""), ("year", ""), ("month", ""), ("facet", "sex"))
_BASES: Final[tuple[Basis, ...]] = ("as-was", "as-now")

Check = Callable[[Snapshot], Awaitable[str | None]]


async def root_is_all(snapshot: Snapshot, root: str) -> str | None:
    """Hold the root's figures against the tally: by measure, as many as there are events that are counted."""
    expected = dict.fromkeys(MEASURES, 0)
    for type_, n in await snapshot.connection.fetch(_COUNTED):
        for count in CATALOGUE[type_].counts:
            expected[count.measure] += n
    try:
        found = (await report(snapshot, Question(root, _ALL_DAYS, "as-was", tuple(MEASURES), "none"))).total
    except UnknownUnitError:
        found = dict.fromkeys(MEASURES, 0)
    wrong = [f"{m}: {found[m]}, {expected[m]} are counted" for m in MEASURES if found[m] != expected[m]]
    return f"{root} has {'; '.join(wrong)}" if wrong else None


async def rows_make_total(snapshot: Snapshot, random: Random) -> str | None:
    """Hold the rows of a report against its total: any unit, either basis, any kind of rows, up to twenty years."""
    unit = await snapshot.connection.fetchval(_ANY_UNIT, random.random())
    if unit is None or snapshot.as_of is None:
        return None
    last = snapshot.as_of.date()
    days = Days(dt.date(last.year - random.randrange(YEARS), 1, 1), last)
    by, detail = random.choice(_BY)
    question = Question(unit, days, random.choice(_BASES), tuple(MEASURES), by, detail)
    answer = await report(snapshot, question)
    sums = {measure: sum((row.values or {}).get(measure) or 0 for row in answer.rows) for measure in MEASURES}
    wrong = [f"{m}: rows {sums[m]}, total {answer.total[m]}" for m in MEASURES if sums[m] != answer.total[m]]
    return f"{question}: {'; '.join(wrong)}" if wrong else None


async def ledger_is_whole(snapshot: Snapshot, after: int) -> str | None:
    """Look for gaps in a window of the ledger, and whether it ends where the figures stand."""
    last = await snapshot.connection.fetchval(_LAST)
    if last != snapshot.position:
        return f"the ledger ends at {last}, the figures stand at {snapshot.position}"
    until = min(after + WINDOW, snapshot.position)
    found = await snapshot.connection.fetchval(_LEDGER, after + 1, until)
    wanted = max(0, until - after)
    return None if found == wanted else f"positions {after + 1} to {until} have {found} messages, not {wanted}"
