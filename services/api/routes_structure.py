"""Units through time: `/history`, the `/tree` below on a day, `/changes`, `/then-and-now`, and `/difference`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, get_args

from fastapi import Query, Request, Response
from pydantic import Field

from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.past.difference_answers import Difference
from projections.answers.past.structure_answers import ChangeDays, ThenAndNow, Tree, UnitHistory
from projections.answers.report.report_question import Basis, Question
from projections.answers.tables.past_tables import difference_table, history_table
from projections.store.reading.changes import change_days
from projections.store.reading.cost import EVERYTHING, Class, Work
from projections.store.reading.difference import difference_of_bases, difference_of_positions
from projections.store.reading.history import unit_history
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.then_and_now import then_and_now
from projections.store.reading.tree import tree
from services.access.audit import EVENTS_SHOWN
from services.api.answering import reader_of
from services.api.asked import Alike, Asked
from services.api.documentation import answers
from services.api.file_forms import InForms, file_asked, is_whole
from services.api.long_lists import MOST_ROWS
from services.api.parameters import (
    DEFAULT_MEASURES,
    PAGE,
    AsKnownAt,
    Limit,
    OnBasis,
    OnDay,
    OverDays,
    Parameters,
    Position,
    Reported,
    UnitPath,
    one_of,
    require_passed,
    whole,
)
from services.api.problems import bad_parameter
from services.api.reading_route import reading_router
from services.api.sights import OfUnit, days_of
from services.needs import needs

router = reading_router("/v1/units", "units")


class TreeQuery(OnDay):
    """What the units below a unit take."""

    depth: Annotated[int, whole(1, 20)] = Field(2, description="Steps down", examples=[2])


class DifferenceQuery(InForms, OverDays):
    """What is asked about two totals."""

    measures: Reported = DEFAULT_MEASURES
    basis: OnBasis = "as-was"
    against: Annotated[Basis | None, one_of(get_args(Basis))] = Field(
        None, description="The other basis", examples=["as-now"]
    )
    position: AsKnownAt = None
    against_position: Position = Field(None, description="With `position`: the later one, by default that of now")
    limit: Limit = PAGE


class HistoryQuery(InForms, Parameters):
    """What the history of a unit takes."""


class ChangesQuery(Parameters):
    """What the days of changes take."""


@router.get("/{unit}/history", summary="A unit through time", responses=answers(UnitHistory, files=True))
@needs(Need.FIGURES)
async def history(request: Request, unit: UnitPath, query: Annotated[HistoryQuery, Query()]) -> Response:
    """Tell names, levels, parents, establishment and end, predecessors and successors, with dates and who said so."""
    compute = Alike(partial(unit_history, unit=unit))
    file = file_asked(request, query, f"history-{unit}", history_table)
    asked = Asked(("history", unit), compute, Work(unit, steps=1), about=OfUnit(unit), file=file)
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}/tree", summary="What is below a unit on a day", responses=answers(Tree))
@needs(Need.ANY_ACCOUNT)
async def below(request: Request, unit: UnitPath, query: Annotated[TreeQuery, Query()]) -> Response:
    """Give a unit and what was below it on a day, `depth` steps down, its children by id."""
    on, depth = query.on, query.depth
    compute = Alike(partial(tree, unit=unit, on=on, depth=depth))
    asked = Asked(("tree", unit, on, depth), compute, Work(unit, steps=depth))
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}/changes", summary="The days on which something changed", responses=answers(ChangeDays))
@needs(Need.ANY_ACCOUNT)
async def days_of_changes(request: Request, unit: UnitPath, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List the days on which a unit, or something below it then or the day before, changed; and how many did how."""
    compute = Alike(partial(change_days, unit=unit))
    asked = Asked(("changes", unit), compute, Work(unit, steps=EVERYTHING, most=Class.SLOW))
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}/then-and-now", summary="The children on a day and now", responses=answers(ThenAndNow))
@needs(Need.ANY_ACCOUNT)
async def children_then_and_now(request: Request, unit: UnitPath, query: Annotated[OnDay, Query()]) -> Response:
    """Give the children of a unit on a day and as last known: where each was then, and where it is now."""
    on = query.on
    asked = Asked(("then-and-now", unit, on), Alike(partial(then_and_now, unit=unit, on=on)), Work(unit, steps=1))
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}/difference", summary="Why two totals differ", responses=answers(Difference, files=True))
@needs(Need.FIGURES)
async def difference(request: Request, unit: UnitPath, query: Annotated[DifferenceQuery, Query()]) -> Response:
    """Reconcile a unit's total with that on the other basis, or with that of a later position on the same one."""
    basis, against, limit = query.basis, query.against, query.limit
    position, later = query.position, query.against_position
    question = Question(unit, query.days(), basis, query.measures, "none")
    if position is None and later is not None:
        raise bad_parameter("position", "cần cùng với “against_position”")
    if position is not None and against not in {None, basis}:
        raise bad_parameter("against", "hai vị trí chỉ so được trên cùng một “basis”")
    if position is not None and later is not None and later < position:
        raise bad_parameter("against_position", f"phải không trước “position” ({position})")
    file = file_asked(request, query, f"difference-{unit}-{query.first}-{query.last}", difference_table)
    if is_whole(file, query):
        limit = MOST_ROWS
    other: Basis = against or ("as-was" if basis == "as-now" else "as-now")
    asked = Asked(
        ("difference", *question, other, position, later, limit),
        partial(_difference, question=question, other=other, position=position, later=later, limit=limit),
        Work(unit, steps=EVERYTHING, least=Class.QUICK if position is None else Class.VAST),
        figures=True,
        # Between the bases both totals are told, and that of as-now by the last known hierarchy alone.
        about=OfUnit(unit, days_of(question.days, "as-now" if position is None else basis)),
        shows=EVENTS_SHOWN if position is not None else None,
        shown_to="officers",
        file=file,
    )
    return await reader_of(request).answer(request, query, asked)


async def _difference(
    snapshot: Snapshot,
    sight: Sight,
    *,
    question: Question,
    other: Basis,
    position: int | None,
    later: int | None,
    limit: int,
) -> Difference:
    if position is None:
        return await difference_of_bases(snapshot, question, other, limit)
    require_passed(snapshot.position, position)
    until = snapshot.position if later is None else later
    require_passed(snapshot.position, until, "against_position")
    return await difference_of_positions(snapshot, question, position, until, limit, by_event=sight.as_officer)
