"""A report as it is asked for: of now or as known at a position, alone or beside the same days a year before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from projections.answers.report.comparing import StandingDays, compared
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.answers.report.row_periods import year_before
from projections.rules.hierarchy.unit import UnitStatement
from projections.store.reading.as_known_then import report_then
from projections.store.reading.past import past
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
        known = await past(snapshot, position)
        found = await report_then(snapshot, position, question, known)
        found_before = await report_then(snapshot, position, before, known)
        spans = _spans_then(known.statements(position), known.ids)
    return compared(found, found_before, spans)


def _units_of(*reports: Report) -> set[str]:
    named = {row.unit.id for report in reports for row in report.rows if row.unit is not None}
    return named | {report.unit.id for report in reports}


async def _spans(snapshot: Snapshot, units: Collection[str]) -> dict[str, StandingDays]:
    rows = await snapshot.connection.fetch(_SPANS, list(units))
    return {row["id"]: StandingDays(row["since"], row["dissolved"]) for row in rows}


def _spans_then(statements: list[UnitStatement], ids: Mapping[int, str]) -> dict[str, StandingDays]:
    founded = {said.unit: said.since for said in statements if said.kind == "established"}
    dissolved = {said.unit: said.since for said in statements if said.kind == "dissolved"}
    return {ids[unit]: StandingDays(since, dissolved.get(unit)) for unit, since in founded.items()}
