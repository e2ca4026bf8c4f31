"""A report as known at an earlier position: the report of now, asked of what was known then (decision 0047)."""

from __future__ import annotations

from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.store.reading.known_then import known_then
from projections.store.reading.report import report
from projections.store.reading.snapshot import Snapshot


async def report_then(snapshot: Snapshot, position: int, question: Question) -> Report:
    """Answer a report as known at a position that the snapshot has passed. Raises UnknownUnitError."""
    opened, _ = await known_then(snapshot, position, question.unit)
    return await report(opened, question)
