"""Official forms: which there are, `/v1/forms`, and one filled in for a unit, `/v1/units/{unit}/forms/{form}`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal

from fastapi import Path, Query, Request, Response
from pydantic import Field

from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.forms.filling_in import filled_in
from projections.answers.forms.form_answers import FilledForm, FormList, FormName
from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.report_suppression import suppressed
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.answers.report.row_periods import year_before
from projections.answers.tables.form_table import form_table
from projections.store.reading.cost import EVERYTHING, Class, Work
from projections.store.reading.forms import FormAsked, material
from projections.store.reading.snapshot import Snapshot
from services.access.audit import CELLS_SHOWN
from services.api.answering import reader_of
from services.api.asked import Alike, Asked
from services.api.breakdowns import may_be_shown
from services.api.documentation import answers
from services.api.file_forms import InForms, file_asked
from services.api.parameters import OnBasis, OverDays, Parameters, UnitPath, one_of
from services.api.problems import bad_parameter, not_found
from services.api.reading_route import reading_router
from services.api.sights import OfUnit, days_of
from services.needs import needs
from services.official_forms.reading import OfficialForm

router = reading_router("/v1", "forms")

_SHOWN: Final = 40
"""Characters of an unknown form's id that are said again."""


class FormQuery(InForms, OverDays):
    """What a form takes."""

    basis: OnBasis = "as-was"
    cells: Annotated[Literal["all"] | None, one_of(("all",))] = Field(
        None, description="Show small cells too; for officers alone, and written in the audit log"
    )


class FormsQuery(Parameters):
    """What the list of forms takes."""


@router.get("/forms", summary="The official forms that there are", responses=answers(FormList))
@needs(Need.ANY_ACCOUNT)
async def listed(request: Request, query: Annotated[FormsQuery, Query()]) -> Response:
    """List the forms: those that come with the service, and those that the office put in their place or beside them."""
    known: dict[str, OfficialForm] = request.app.state.official_forms
    names = [each.name for each in known.values()]
    asked = Asked(("forms", *names), Alike(partial(_listed, names=names)))
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/units/{unit}/forms/{form}",
    summary="An official form, filled in",
    responses=answers(FilledForm, files=True),
)
@needs(Need.FIGURES)
async def filled(
    request: Request,
    unit: UnitPath,
    form: Annotated[str, Path(description="A form's id, as /v1/forms has it", examples=["8"])],
    query: Annotated[FormQuery, Query()],
) -> Response:
    """Fill a form in for the days, beside the same days a year before: each number is one that other answers tell too.

    What is broken down is hidden as in a report; readers have such forms of whole months.
    """
    known: dict[str, OfficialForm] = request.app.state.official_forms
    official = known.get(form)
    if official is None:
        raise not_found(f"Không có biểu mẫu “{form[:_SHOWN]}”. / There is no such form.")
    days, basis, cells_all = query.days(), query.basis, query.cells == "all"
    try:
        before = year_before(days)
    except ValueError:
        raise bad_parameter("from", "năm trước đó không có, nên không so sánh được") from None
    coded = ",".join(official.template.broken_down)
    question = Question(unit, days, basis, official.template.measures, "facet" if coded else "none", coded)
    thresholds: Thresholds = request.app.state.thresholds
    asked = Asked(
        ("form", official, unit, days, basis, thresholds, cells_all),
        partial(_filled, official=official, question=question, thresholds=thresholds, cells_all=cells_all),
        _work(official, unit),
        figures=True,
        about=OfUnit(unit, days_of(days, basis), listed=True, days_before=days_of(before, basis)),
        shows=CELLS_SHOWN if cells_all else None,
        file=file_asked(request, query, f"form-{form}-{unit}-{days.first}-{days.last}", form_table),
    )
    return await reader_of(request).answer(request, query, asked)


def _work(official: OfficialForm, unit: str) -> Work:
    """Say what a form makes the service do: single facts are looked at for transfers, all units for those silent."""
    template = official.template
    if template.splits_transfers:
        return Work(unit, steps=EVERYTHING, least=Class.SLOW)
    if template.levels_asked:
        return Work(unit, steps=EVERYTHING, most=Class.SLOW)
    return Work(unit, steps=1, least=Class.SLOW if template.broken_down else Class.QUICK)


async def _listed(_: Snapshot, names: list[FormName]) -> FormList:
    return FormList(names)


async def _filled(
    snapshot: Snapshot,
    sight: Sight,
    *,
    official: OfficialForm,
    question: Question,
    thresholds: Thresholds,
    cells_all: bool,
) -> FilledForm:
    shown = may_be_shown(question, None, thresholds, cells_all=cells_all, as_officer=sight.as_officer)

    def hide(report: Report, broken: Question) -> Report:
        return suppressed(report, broken, shown)

    found = await material(snapshot, FormAsked(official.template, question), hide, sight.confined)
    return filled_in(official.name, official.template, found)
