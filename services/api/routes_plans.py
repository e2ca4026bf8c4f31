"""Targets, declared figures and rates: `/v1/units/{unit}/indicators` and `/targets` (contract §5)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from projections.answers.access.needs import Need
from projections.answers.plans.plan_answers import Allocations, Indicators
from projections.answers.tables.plan_tables import indicators_table, targets_table
from projections.rules.counting.periods import Days
from projections.store.reading.cost import Work
from projections.store.reading.indicators import allocations, indicators
from services.api.answering import reader_of
from services.api.asked import Alike, Asked
from services.api.documentation import answers
from services.api.file_forms import InForms, file_asked
from services.api.parameters import OnBasis, OnDay, UnitPath, one_of
from services.api.reading_route import reading_router
from services.api.routes_units import COUNTED
from services.api.sights import OfUnit, days_of
from services.needs import needs

router = reading_router("/v1/units", "plans")


class IndicatorsQuery(InForms, OnDay):
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
    responses=answers(Indicators, files=True),
)
@needs(Need.FIGURES)
async def indicators_of_a_day(request: Request, unit: UnitPath, query: Annotated[IndicatorsQuery, Query()]) -> Response:
    """Hold targets and declared figures against what is counted up to a day; what is missing is null, with a reason."""
    on, basis = query.on, query.basis
    file = file_asked(request, query, f"indicators-{unit}-{on}", indicators_table)
    asked = Asked(
        ("indicators", unit, on, basis),
        Alike(partial(indicators, unit=unit, on=on, basis=basis)),
        Work(unit, steps=1, weight=COUNTED),
        figures=True,
        about=OfUnit(unit, days_of(Days(on, on), basis)),
        file=file,
    )
    return await reader_of(request).answer(request, query, asked)


@router.get(
    "/{unit}/targets",
    summary="A unit's targets beside those of its children",
    responses=answers(Allocations, files=True),
)
@needs(Need.FIGURES)
async def targets_handed_down(request: Request, unit: UnitPath, query: Annotated[TargetsQuery, Query()]) -> Response:
    """Show the targets of a unit beside those of its children, and whether they add up."""
    on, basis, by = query.on, query.basis, query.by
    file = file_asked(request, query, f"targets-{unit}-{on}", targets_table)
    asked = Asked(
        ("targets", unit, on, basis, by),
        Alike(partial(allocations, unit=unit, on=on, basis=basis)),
        Work(unit, steps=1, weight=COUNTED),
        figures=True,
        about=OfUnit(unit, days_of(Days(on, on), basis)),
        file=file,
    )
    return await reader_of(request).answer(request, query, asked)
