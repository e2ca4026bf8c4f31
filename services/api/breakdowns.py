"""What of a breakdown an asker may have, said as the API says it (contract §7)."""

from __future__ import annotations

from projections.answers.privacy.breakdown_rules import (
    OfficersOnlyError,
    RefusedBreakdownError,
    Thresholds,
    require_breakdown,
    thresholds_for,
)
from projections.answers.report.report_question import Question
from services.api.problems import bad_parameter, officers_only


def may_be_shown(
    question: Question, position: int | None, thresholds: Thresholds, *, cells_all: bool, as_officer: bool
) -> Thresholds:
    """Return from how many people on a report shows what, for an officer or a reader; ``thresholds`` are as set.

    Raises Problems: 403 for ``cells=all`` of a reader, 422 for a breakdown that a reader may not have.
    """
    try:
        shown = thresholds_for(thresholds, as_officer=as_officer, cells_all=cells_all)
        if question.coded:
            require_breakdown(question.days, position, as_officer=as_officer)
    except OfficersOnlyError as error:
        raise officers_only(error.parameter) from None
    except RefusedBreakdownError as error:
        near = error.nearest
        members = {} if near is None else {"nearest": {"from": near.first.isoformat(), "to": near.last.isoformat()}}
        raise bad_parameter(error.parameter, str(error.reason), **members) from None
    return shown
