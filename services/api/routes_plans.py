"""Targets, declared figures and rates: `/v1/units/{unit}/indicators` and `/targets` (contract §5)."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response

from projections.store.reading.cost import Work
from projections.store.reading.indicators import allocations, indicators
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import described
from services.api.parameters import Query, require_unit, today
from services.api.routes_units import COUNTED, UnitPath, basis_of

router = APIRouter(prefix="/v1/units", tags=["plans"])


@router.get(
    "/{unit}/indicators",
    openapi_extra=described(
        "Targets, declared figures, the stock of members, rates", "Indicators", query=("on", "basis")
    ),
)
async def indicators_of_a_day(request: Request, unit: UnitPath) -> Response:
    """Hold targets and declared figures against what is counted up to a day; what is missing is null, with a reason."""
    query = Query(request, "on", "basis")
    require_unit(unit)
    on, basis = query.date("on", today()), basis_of(query)

    compute = partial(indicators, unit=unit, on=on, basis=basis)
    asked = Asked(("indicators", unit, on, basis), compute, Work(unit, steps=1, weight=COUNTED), figures=True)
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/{unit}/targets",
    openapi_extra=described(
        "The allocation of targets",
        "Allocations",
        query=("on", "basis", "by"),
        over={"by": ("Beside whose targets", {"type": "string", "enum": ["child"], "default": "child"}, "child")},
    ),
)
async def targets_handed_down(request: Request, unit: UnitPath) -> Response:
    """Show the targets of a unit beside those of its children, and whether they add up."""
    query = Query(request, "on", "basis", "by")
    require_unit(unit)
    on, basis = query.date("on", today()), basis_of(query)
    by = query.choice("by", ("child",), "child")

    compute = partial(allocations, unit=unit, on=on, basis=basis)
    asked = Asked(("targets", unit, on, basis, by), compute, Work(unit, steps=1, weight=COUNTED), figures=True)
    return await reader_of(request).answer(request, query, asked)
