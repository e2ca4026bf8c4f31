"""What units have as-now before a reorganisation through small units, in one row each (decision 0067).

Small units have counters of days alone. A commune into which three were merged is as-now itself and these, each a term
(`projections/rules/hierarchy/as_now_terms.py`); a province has hundreds of them. In ``as_now_past`` all that such terms
come to stands in one row of the unit, with what the unit has of its own where it is small, up to the day ``until`` from
which none of them holds.

Rows are made while no events come, and go with whatever may make them wrong: a batch that changes the structure takes
all, one that counts something of an earlier day takes those that this is in. A row holds in the edition in which it was
made, and as long as nobody writes by other rules: who does so may know nothing of it.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import asyncpg
import numpy as np

from projections.rules.counting.as_now_past import changed_before, restructures
from projections.rules.counting.batch_changes import Changes
from projections.rules.counting.running_sums import Integers
from projections.rules.counting.state import Edition
from projections.store.calendar_sql import period_of
from projections.store.fingerprint import rules

AT_REST: Final = 400
"""Units whose rows are made at once while nothing comes: a tenth or two of a second where they have much."""


def _small_terms(schema: str = "") -> str:
    """Write the terms that are small units."""
    return f"{schema}as_now_term AS term JOIN {schema}unit AS part ON part.no = term.part AND NOT part.large"


def made(schema: str = "") -> str:
    """Write a query for the rows of units ($1): unit, until, others, days; ``schema`` has a dot after it.

    What is told early of days to come is left: on such days something is counted all the time.
    """
    terms = _small_terms(schema)
    return f"""
    WITH due AS (
        SELECT term.unit, max(term.until) AS until FROM {terms}
        WHERE term.unit = ANY($1::integer[]) GROUP BY 1 HAVING max(term.until) <= current_date
    ), piece AS (
        SELECT due.unit AS made, term.part AS unit, term.since, term.until, term.sign::integer
        FROM due JOIN ({terms}) USING (unit)
        UNION ALL
        SELECT due.unit, due.unit, DATE '-infinity', due.until, 1
        FROM due JOIN {schema}unit ON unit.no = due.unit AND NOT unit.large
    ), day AS (
        SELECT piece.made, counted.period, counted.measure, piece.sign * counted.n AS n
        FROM piece CROSS JOIN LATERAL (
            SELECT period, measure, n FROM {schema}counter
            WHERE counter.unit = piece.unit
                AND counter.period >= {period_of("piece.since")} AND counter.period < {period_of("piece.until")}
            OFFSET 0
        ) AS counted
        UNION ALL
        SELECT piece.made, {period_of("own.day")}, own.measure, piece.sign
        FROM piece CROSS JOIN LATERAL (
            SELECT fact.day, fact.measure FROM {schema}fact
            WHERE fact.unit = piece.unit AND fact.day >= piece.since AND fact.day < piece.until
            OFFSET 0
        ) AS own
    ), summed AS (
        SELECT made, period, measure, sum(n)::integer AS n FROM day GROUP BY 1, 2, 3 HAVING sum(n) <> 0
    )
    SELECT due.unit, due.until, ARRAY(
        SELECT DISTINCT term.part FROM {schema}as_now_term AS term JOIN {schema}unit AS part ON part.no = term.part
        WHERE term.unit = due.unit AND part.large ORDER BY 1
    ) AS others, coalesce(
        string_agg(int4send(period) || int2send(measure) || int4send(n), NULL ORDER BY period, measure), ''
    ) AS days
    FROM due LEFT JOIN summed ON summed.made = due.unit
    GROUP BY 1, 2
    """


_DUE: Final = f"""
SELECT DISTINCT term.unit FROM {_small_terms()} JOIN unit ON unit.no = term.unit AND unit.dissolved IS NULL
WHERE NOT EXISTS (
    SELECT FROM as_now_past AS past WHERE past.unit = term.unit AND past.repairs = $1 AND past.rules = $2
)
ORDER BY 1
"""
_MAKE: Final = f"""
INSERT INTO as_now_past (unit, until, repairs, rules, others, days)
SELECT unit, until, $2::integer, $3::text, others, days FROM ({made()}) AS made ORDER BY unit
ON CONFLICT (unit) DO UPDATE SET (until, repairs, rules, others, days)
    = (excluded.until, excluded.repairs, excluded.rules, excluded.others, excluded.days)
"""
_TAKE_ALL: Final = "DELETE FROM as_now_past"
_TAKE: Final = """
DELETE FROM as_now_past WHERE unit = ANY($1::integer[])
    OR unit IN (SELECT unit FROM as_now_term WHERE part = ANY($1::integer[]))
"""
_COVERED: Final = f"""
SELECT past.unit, past.until FROM as_now_past AS past
UNION ALL
SELECT term.part, past.until FROM as_now_past AS past JOIN ({_small_terms()}) USING (unit)
"""


class AsNowPasts:
    """Follows batches in the transaction of who writes them; of no use after one that was rolled back."""

    def __init__(self) -> None:
        self._entered = False
        self._covered: Integers = np.empty(0, np.int64)
        """The units that are in some row, in order; it may be more of them."""
        self._horizon: dt.date | None = None
        """The first day from which on nothing is in any row; None where there are none."""
        self._due: list[int] | None = None
        """Units whose rows are to be made, the last first; None where that is to be looked up."""

    @property
    def due(self) -> bool:
        """Whether there may be rows to be made."""
        return self._due is None or bool(self._due)

    async def follow(self, connection: asyncpg.Connection, changes: Changes, *, carried_on: bool) -> None:
        """Take the rows that a batch may make wrong, after all of it is written.

        ``carried_on``: the batch before was written by these rules too, and all before it in this generation.
        """
        if not self._entered:
            await self._enter(connection, carried_on=carried_on)
        if restructures(changes):
            self._due = None
            if self._horizon is not None:
                await self._take_all(connection)
        elif self._horizon is not None:
            late = changed_before(changes, self._horizon)
            late = late[np.isin(late, self._covered, assume_unique=True)]
            if len(late) and await connection.execute(_TAKE, late.tolist()) != "DELETE 0":
                self._due = None

    async def rest(self, connection: asyncpg.Connection, edition: Edition) -> None:
        """Make some of the rows that are missing; the last batch was written by these rules."""
        if not self._entered:
            await self._enter(connection, carried_on=True)
        if self._due is None:
            self._due = [unit for (unit,) in await connection.fetch(_DUE, edition.repairs, rules())][::-1]
        if self._due:
            some, self._due = self._due[-AT_REST:], self._due[:-AT_REST]
            await connection.execute(_MAKE, some, edition.repairs, rules())
            await self._look(connection)

    def put_off(self) -> None:
        """Make no rows before a batch is written: that of others was the last one."""
        self._due = []

    async def _enter(self, connection: asyncpg.Connection, *, carried_on: bool) -> None:
        self._entered = True
        if carried_on:
            await self._look(connection)
        else:
            await self._take_all(connection)

    async def _take_all(self, connection: asyncpg.Connection) -> None:
        await connection.execute(_TAKE_ALL)
        self._covered, self._horizon, self._due = np.empty(0, np.int64), None, None

    async def _look(self, connection: asyncpg.Connection) -> None:
        found = await connection.fetch(_COVERED)
        self._covered = np.unique(np.array([unit for unit, _ in found], np.int64))
        self._horizon = max((until for _, until in found), default=None)
