"""The paragraph that a staff officer pastes into a report: clauses joined to a sentence, what it rests on below."""

from __future__ import annotations

from collections.abc import Sequence

from projections.answers.sentence import notes
from projections.answers.sentence.claim_check import held_against
from projections.answers.sentence.claims import Claim
from projections.answers.sentence.clauses import KnownFigures, Spoken, spoken
from projections.answers.sentence.sentence_answers import Statement
from projections.answers.sentence.sentence_periods import period
from projections.answers.sentence.unsaid import UnsaidError, together
from projections.answers.words.organisation_names import organisation

DEFAULT_CLAUSES = ("admissions", "confirmations", "badges")


def stated(told: KnownFigures, says: Sequence[str], claim: Claim | None) -> Statement:
    """Say the clauses in their order; raises UnsaidError for all that the data doesn't say, the claim first."""
    refused: list[UnsaidError] = []
    agreed: list[str] = []
    said: list[Spoken] = []
    if claim is not None:
        try:
            agreed = held_against(claim, told)
        except UnsaidError as unsaid:
            refused.append(unsaid)
    for say in says:
        try:
            said.append(spoken(say, told))
        except UnsaidError as unsaid:
            refused.append(unsaid)
    if refused:
        raise together(refused)
    noted = [*(note for each in said for note in each.notes), *agreed]
    text = "; ".join(each.clause.text for each in said)
    return Statement(
        unit=told.unit,
        first=told.days.first,
        last=told.days.last,
        basis=told.basis,
        position=told.position,
        as_of=told.as_of,
        text=f"{period(told.days)}, {organisation(told.unit.name)} {text}.",
        footing=notes.footing(told.basis, told.position, told.as_of, noted),
        clauses=[each.clause for each in said],
    )
