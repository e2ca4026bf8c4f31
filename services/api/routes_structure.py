"""Units through time: their history, and the tree below them on a day (`/v1/units/{unit}/history`, `/tree`)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from projections.core.reading_structure_answers import Tree, UnitHistory
from projections.store.reading.history import unit_history
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.tree import tree
from services.api.answering import reader_of
from services.api.documentation import described
from services.api.parameters import Query, require_unit, today
from services.api.routes_units import UnitPath

router = APIRouter(prefix="/v1/units", tags=["units"])

DEPTH, DEEPEST = 2, 20


@router.get("/{unit}/history", openapi_extra=described("A unit through time", "UnitHistory"))
async def history(request: Request, unit: UnitPath) -> Response:
    """Tell names, levels, parents, foundation and end, predecessors and successors, with dates and who said so."""
    query = Query(request)
    require_unit(unit)

    async def compute(snapshot: Snapshot) -> UnitHistory:
        return await unit_history(snapshot, unit)

    return await reader_of(request).answer(request, query, ("history", unit), compute)


@router.get("/{unit}/tree", openapi_extra=described("What is below a unit on a day", "Tree", query=("on", "depth")))
async def below(request: Request, unit: UnitPath) -> Response:
    """Give a unit and what was below it on a day, `depth` steps down, its children by id."""
    query = Query(request, "on", "depth")
    require_unit(unit)
    on = query.date("on", today())
    depth = query.integer("depth", DEPTH, low=1, high=DEEPEST)

    async def compute(snapshot: Snapshot) -> Tree:
        return await tree(snapshot, unit, on, depth)

    return await reader_of(request).answer(request, query, ("tree", unit, on, depth), compute)
