"""Units through time: `/v1/units/{unit}/history`, the `/tree` below on a day, why a total is another: `/difference`."""

from __future__ import annotations

from functools import partial
from typing import cast

from fastapi import APIRouter, Request, Response

from projections.answers.past.difference_answers import Difference
from projections.answers.report.report_question import Basis, Question
from projections.store.reading.cost import EVERYTHING, Class, Work
from projections.store.reading.difference import difference_of_bases, difference_of_positions
from projections.store.reading.history import unit_history
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.tree import tree
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import described
from services.api.parameters import DEFAULT_MEASURES, Query, require_passed, require_unit, today
from services.api.problems import bad_parameter
from services.api.routes_units import BASES, LONGEST_PAGE, PAGE, UnitPath, basis_of

router = APIRouter(prefix="/v1/units", tags=["units"])

DEPTH, DEEPEST = 2, 20


@router.get("/{unit}/history", openapi_extra=described("A unit through time", "UnitHistory"))
async def history(request: Request, unit: UnitPath) -> Response:
    """Tell names, levels, parents, foundation and end, predecessors and successors, with dates and who said so."""
    query = Query(request)
    require_unit(unit)

    return await reader_of(request).answer(
        request, query, Asked(("history", unit), partial(unit_history, unit=unit), Work(unit, steps=1))
    )


@router.get("/{unit}/tree", openapi_extra=described("What is below a unit on a day", "Tree", query=("on", "depth")))
async def below(request: Request, unit: UnitPath) -> Response:
    """Give a unit and what was below it on a day, `depth` steps down, its children by id."""
    query = Query(request, "on", "depth")
    require_unit(unit)
    on = query.date("on", today())
    depth = query.integer("depth", DEPTH, low=1, high=DEEPEST)

    asked = Asked(("tree", unit, on, depth), partial(tree, unit=unit, on=on, depth=depth), Work(unit, steps=depth))
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/{unit}/difference",
    openapi_extra=described(
        "Why two totals differ",
        "Difference",
        query=("from", "to", "measures", "basis", "against", "position", "against_position", "limit"),
    ),
)
async def difference(request: Request, unit: UnitPath) -> Response:
    """Reconcile a unit's total with that on the other basis, or with that of a later position on the same one."""
    names = ("from", "to", "measures", "basis", "against", "position", "against_position", "limit")
    query = Query(request, *names)
    require_unit(unit)
    basis = basis_of(query)
    question = Question(unit, query.days(), basis, query.measures("measures", DEFAULT_MEASURES), "none")
    against = cast("Basis | None", query.choice("against", BASES))
    position, later = query.position(), query.position("against_position")
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    if position is None and later is not None:
        raise bad_parameter("position", "cần cùng với “against_position”")
    if position is not None and against not in {None, basis}:
        raise bad_parameter("against", "hai vị trí chỉ so được trên cùng một “basis”")
    if position is not None and later is not None and later < position:
        raise bad_parameter("against_position", f"phải không trước “position” ({position})")
    other: Basis = against or ("as-was" if basis == "as-now" else "as-now")
    asked = Asked(
        ("difference", *question, other, position, later, limit),
        partial(_difference, question=question, other=other, position=position, later=later, limit=limit),
        Work(unit, steps=EVERYTHING, least=Class.QUICK if position is None else Class.VAST),
        figures=True,
    )
    return await reader_of(request).answer(request, query, asked)


async def _difference(
    snapshot: Snapshot, *, question: Question, other: Basis, position: int | None, later: int | None, limit: int
) -> Difference:
    if position is None:
        return await difference_of_bases(snapshot, question, other, limit)
    require_passed(snapshot.position, position)
    until = snapshot.position if later is None else later
    require_passed(snapshot.position, until, "against_position")
    return await difference_of_positions(snapshot, question, position, until, limit)
