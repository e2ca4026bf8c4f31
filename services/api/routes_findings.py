"""What is suspicious in the log: `/v1/units/{unit}/findings` (contract, section 8)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.suspicion.rule import KINDS
from projections.answers.suspicion.suspicions import FindingPage
from projections.store.reading.cost import EVERYTHING, Class, Work
from projections.store.reading.findings import FindingKey, FindingsQuestion, findings
from projections.store.reading.snapshot import Snapshot
from services.access.audit import EVENTS_SHOWN
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import answers
from services.api.parameters import (
    PAGE,
    Cursor,
    Limit,
    OverDays,
    UnitPath,
    cursor_of,
    key_of,
    several,
)
from services.api.problems import bad_parameter
from services.api.reading_route import reading_router
from services.api.sights import OfUnit
from services.needs import needs

router = reading_router("/v1/units", "events")


class FindingsQuery(OverDays):
    """What is asked about suspicious facts."""

    kind: Annotated[tuple[str, ...], several(KINDS)] = Field(
        KINDS, description="Kinds, with commas between them; all unless given", examples=[["admitted_twice"]]
    )
    limit: Limit = PAGE
    cursor: Cursor = None


@router.get("/{unit}/findings", summary="Suspicious facts", responses=answers(FindingPage))
@needs(Need.SINGLE_EVENTS)
async def suspicious(request: Request, unit: UnitPath, query: Annotated[FindingsQuery, Query()]) -> Response:
    """List what is suspicious among the facts of a unit and what is below it, as-was, each with all its events.

    A finding is of the unit and the day of its last event. Of an event that the asker may not read its type alone is
    named. A page that has looked through many facts ends early: there is more as long as there is a `next`.
    """
    days, key = query.days(), key_of(query.cursor, FindingKey)
    if key is not None and not (days.first <= key.day <= days.last and 0 <= key.kind <= len(KINDS)):
        raise bad_parameter("cursor", "không thuộc về câu hỏi này")
    question = FindingsQuestion(unit, days, query.kind, key, query.limit)
    asked = Asked(
        ("findings", *question),
        partial(_findings, question=question),
        Work(unit, steps=EVERYTHING, least=Class.SLOW),
        figures=True,
        about=OfUnit(unit, days, listed=True),
        shows=EVENTS_SHOWN,
    )
    return await reader_of(request).answer(request, query, asked)


async def _findings(snapshot: Snapshot, sight: Sight, question: FindingsQuestion) -> FindingPage:
    return await findings(snapshot, question, cursor_of, sight.confined)
