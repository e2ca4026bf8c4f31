"""A report as it is asked for: of now or as known at a position, alone or beside the same days a year before."""

from __future__ import annotations

from collections.abc import Collection

from projections.answers.report.comparing import StandingDays, compared
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.answers.report.row_periods import year_before
from projections.store.reading.known_then import known_then
from projections.store.reading.report import report
from projections.store.reading.snapshot import Snapshot

_SPANS = "SELECT id, since, dissolved FROM unit WHERE id = ANY($1::text[])"


async def compared_report(snapshot: Snapshot, question: Question, position: int | None) -> Report:
    """Answer a report beside that of a year before, on the same basis. Raises UnknownUnitError.

    ``position`` is one that the snapshot has passed, None for now. What changed isn't told yet (`comparing`).
    """
    before = question._replace(days=year_before(question.days))
    if position is None:
        found, found_before = await report(snapshot, question), await report(snapshot, before)
        spans = await _spans(snapshot, _units_of(found, found_before))
    else:
        opened, then = await known_then(snapshot, position, question.unit)
        found, found_before = await report(opened, question), await report(opened, before)
        spans = await then.spans(_units_of(found, found_before))
    return compared(found, found_before, spans)


def _units_of(*reports: Report) -> set[str]:
    named = {row.unit.id for report in reports for row in report.rows if row.unit is not None}
    return named | {report.unit.id for report in reports}


async def _spans(snapshot: Snapshot, units: Collection[str]) -> dict[str, StandingDays]:
    rows = await snapshot.connection.fetch(_SPANS, list(units))
    return {row["id"]: StandingDays(row["since"], row["dissolved"]) for row in rows}
