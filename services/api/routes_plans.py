"""Targets, declared figures and rates: `/v1/units/{unit}/indicators` and `/targets` (contract §5)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from projections.answers.plans.plan_answers import Allocations, Indicators
from projections.store.reading.cost import Work
from projections.store.reading.indicators import allocations, indicators
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import answers
from services.api.parameters import OnBasis, OnDay, UnitPath, one_of, only_once
from services.api.routes_units import COUNTED

router = APIRouter(prefix="/v1/units", tags=["plans"], dependencies=[Depends(only_once)])


class IndicatorsQuery(OnDay):
    """What is asked about a day."""

    basis: OnBasis = "as-was"


class TargetsQuery(IndicatorsQuery):
    """What is asked about targets that are handed down."""

    by: Annotated[Literal["child"], one_of(("child",))] = Field(
        "child", description="Beside the targets of which units", examples=["child"]
    )


@router.get(
    "/{unit}/indicators",
    summary="Targets, declared figures, the stock of members, rates",
    responses=answers(Indicators),
)
async def indicators_of_a_day(request: Request, unit: UnitPath, query: Annotated[IndicatorsQuery, Query()]) -> Response:
    """Hold targets and declared figures against what is counted up to a day; what is missing is null, with a reason."""
    on, basis = query.on, query.basis
    compute = partial(indicators, unit=unit, on=on, basis=basis)
    asked = Asked(("indicators", unit, on, basis), compute, Work(unit, steps=1, weight=COUNTED), figures=True)
    return await reader_of(request).answer(request, query, asked)


@router.get("/{unit}/targets", summary="A unit's targets beside those of its children", responses=answers(Allocations))
async def targets_handed_down(request: Request, unit: UnitPath, query: Annotated[TargetsQuery, Query()]) -> Response:
    """Show the targets of a unit beside those of its children, and whether they add up."""
    on, basis, by = query.on, query.basis, query.by
    compute = partial(allocations, unit=unit, on=on, basis=basis)
    asked = Asked(("targets", unit, on, basis, by), compute, Work(unit, steps=1, weight=COUNTED), figures=True)
    return await reader_of(request).answer(request, query, asked)
