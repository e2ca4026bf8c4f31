"""The sentence for a report: `/v1/units/{unit}/statement`; what the data doesn't say is refused."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated

from fastapi import Query, Request, Response
from msgspec import UNSET
from pydantic import Field

from projections.answers.access.needs import Need
from projections.answers.sentence.claims import Claim, claim_of
from projections.answers.sentence.clauses import RATES, SAYABLE
from projections.answers.sentence.sentence import DEFAULT_CLAUSES
from projections.answers.sentence.sentence_answers import Statement
from projections.answers.tables.statement_table import SentenceDocument, document_table, statement_table
from projections.store.reading.cost import Work
from projections.store.reading.find_unit import LAST_KNOWN
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.statement import SentenceAsked as About
from projections.store.reading.statement import statement
from projections.store.reading.units import unit_on
from services.api.answering import reader_of
from services.api.asked import Alike, Asked
from services.api.documentation import answers
from services.api.file_forms import ON_PAPER, TEXT, InFormsOrText, file_asked, form_asked
from services.api.parameters import OnBasis, OverDays, Parsed, UnitPath, expected, several
from services.api.reading_route import reading_router
from services.api.routes_units import COUNTED
from services.api.sights import OfUnit, days_of
from services.needs import needs

router = reading_router("/v1/units", "plans")


def _claim(text: str) -> Claim:
    claim = claim_of(text)
    if claim is None or claim.rate not in RATES:
        raise expected(f"cần RATE:PERCENT, ví dụ members_of_staff:84,2; RATE: {', '.join(RATES)}")
    return claim


class StatementQuery(InFormsOrText, OverDays):
    """What a statement takes."""

    basis: OnBasis = "as-was"
    say: Annotated[tuple[str, ...], several(SAYABLE)] = Field(
        DEFAULT_CLAUSES,
        description="What is said: MEASURE, with its target where it has one; MEASURE:target; MEASURE:goal; a stock; a "
        "rate",
        examples=[list(DEFAULT_CLAUSES)],
    )
    claim: Annotated[Claim | None, Parsed(_claim, {"type": "string"})] = Field(
        None,
        description="RATE:PERCENT as printed: refused where no whole number of the base gives it, or where the known "
        "one doesn't",
    )


@router.get(
    "/{unit}/statement", summary="The sentence for a report", responses=answers(Statement, files=True, texts=True)
)
@needs(Need.FIGURES)
async def sentence(request: Request, unit: UnitPath, query: Annotated[StatementQuery, Query()]) -> Response:
    """Say counts, targets, declared figures and rates in official Vietnamese; 422 for what the data doesn't say.

    `refused` then has all that it doesn't say, each with the reason.
    As Word and PDF it is a document in the Party's frame, with where its numbers come from in an annex.
    """
    said = About(unit, query.days(), query.basis, query.say, query.claim)
    form = form_asked(request, query)
    on_paper = form in ON_PAPER
    name = f"statement-{unit}-{said.days.first}-{said.days.last}"
    file = file_asked(request, query, name, document_table if on_paper else statement_table)
    question = Asked(
        ("statement", *said, form),
        Alike(partial(_document if on_paper else statement, asked=said)),
        Work(unit, steps=1, weight=COUNTED),
        figures=True,
        about=OfUnit(unit, days_of(said.days, said.basis)),
        as_text=_pasted if form == TEXT else None,
        file=file,
    )
    return await reader_of(request).answer(request, query, question)


async def _document(snapshot: Snapshot, asked: About) -> SentenceDocument:
    """Answer the statement with the unit above: on the last day, as last known, or when the unit last stood."""
    said = await statement(snapshot, asked)
    day = await unit_on(snapshot, said.unit.id, asked.days.last if asked.basis == "as-was" else LAST_KNOWN)
    if (until := day.validity.until) is not None and not day.active:
        day = await unit_on(snapshot, said.unit.id, until - dt.timedelta(1))
    return SentenceDocument(said, day.parent)


def _pasted(said: Statement) -> str:
    behind = f"\n({said.behind.detail}: {said.behind.events})\n" if said.behind is not UNSET else ""
    return f"{said.text}\n\n{said.footing}\n{behind}"
