"""A report as known when the log stood at a position: made anew from what held then (issue 3)."""

from __future__ import annotations

import asyncio

from projections.answers.past.as_known_then import Then
from projections.answers.past.units_then import Units
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.store.reading.find_unit import unknown
from projections.store.reading.parked_before import day_of_fact
from projections.store.reading.past import Past, facts_held, facts_in, past
from projections.store.reading.snapshot import Snapshot

_AS_OF = "SELECT published_at FROM ledger WHERE position = $1"

# Waiting then: still so, or let go, rejected or taken back since.
_PARKED = """
SELECT publisher, type, subject, bus_subject, body FROM verdict JOIN ledger USING (position)
WHERE position <= $1 AND (
    outcome = 'parked' OR held_at > $1 OR rejected_at > $1 OR (held_at IS NULL AND retracted_at > $1)
)
"""


async def report_then(snapshot: Snapshot, position: int, question: Question, known: Past | None = None) -> Report:
    """Answer a report as known at a position that the snapshot has passed. Raises UnknownUnitError.

    It takes seconds, memory and a processor where there are hundreds of thousands of units, as all are made anew: the
    caller lets such questions queue up. ``known`` is of the position or one before it.
    """
    known = known or await past(snapshot, position)
    units = await asyncio.to_thread(Units, known.ids, known.statements(position))
    unit = units.by_id.get(question.unit)
    if unit is None:
        raise await unknown(snapshot, question.unit)
    facts = await facts_held(snapshot, position, question, units.ever_below(unit.no))
    for row in known.retracted_facts:
        if row["held_at"] <= position < row["retracted_at"]:
            facts += facts_in(row, known, question)
    waiting = [(row["subject"], day_of_fact(row)) for row in await snapshot.connection.fetch(_PARKED, position)]
    then = Then(units)
    shown, total, rows = await asyncio.to_thread(then.report, question, facts)
    return Report(
        unit=shown,
        first=question.days.first,
        last=question.days.last,
        basis=question.basis,
        position=position,
        as_of=await snapshot.connection.fetchval(_AS_OF, position),
        parked=then.parked(unit, waiting, question.days),
        total={measure: n or 0 for measure, n in (total.values or {}).items()},
        rows=rows,
        split=total.split,
    )
