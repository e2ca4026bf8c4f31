"""The sentence for a report: `/v1/units/{unit}/statement`; what the data doesn't say is refused."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response
from msgspec import UNSET

from projections.answers.sentence.clauses import RATES, SAYABLE
from projections.answers.sentence.sentence import DEFAULT_CLAUSES
from projections.answers.sentence.sentence_answers import Statement
from projections.store.reading.cost import Work
from projections.store.reading.statement import SentenceAsked as About
from projections.store.reading.statement import statement
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import described
from services.api.parameters import Query, require_unit
from services.api.routes_units import COUNTED, UnitPath, basis_of

FORMATS: Final = ("json", "text")

router = APIRouter(prefix="/v1/units", tags=["plans"])

_SAY: Final = {
    "type": "array",
    "items": {"type": "string", "enum": list(SAYABLE)},
    "default": list(DEFAULT_CLAUSES),
}
_OVER: Final = {
    "say": (
        "What is said: MEASURE, with its target where it has one; MEASURE:target; MEASURE:goal; a stock; a rate",
        _SAY,
        list(DEFAULT_CLAUSES),
    ),
    "claim": (
        "RATE:PERCENT as printed: refused where no whole number of the base gives it, or where the known one doesn't",
        {"type": "string"},
        None,
    ),
    "format": (
        "`text` for the sentence and its footing as text/plain",
        {"type": "string", "enum": list(FORMATS), "default": FORMATS[0]},
        None,
    ),
}
_NAMES: Final = ("from", "to", "basis", "say", "claim", "format")


@router.get(
    "/{unit}/statement", openapi_extra=described("The sentence for a report", "Statement", query=_NAMES, over=_OVER)
)
async def sentence(request: Request, unit: UnitPath) -> Response:
    """Say counts, targets, declared figures and rates in official Vietnamese; 422 for what the data doesn't say."""
    query = Query(request, *_NAMES)
    require_unit(unit)
    says = query.several("say", SAYABLE, DEFAULT_CLAUSES)
    said = About(unit, query.days(), basis_of(query), says, query.claim(RATES))
    format_ = query.choice("format", FORMATS, FORMATS[0])

    question = Asked(
        ("statement", *said, format_),
        partial(statement, asked=said),
        Work(unit, steps=1, weight=COUNTED),
        figures=True,
        as_text=_pasted if format_ == "text" else None,
    )
    return await reader_of(request).answer(request, query, question)


def _pasted(said: Statement) -> str:
    behind = f"\n({said.behind.detail}: {said.behind.events})\n" if said.behind is not UNSET else ""
    return f"{said.text}\n\n{said.footing}\n{behind}"
