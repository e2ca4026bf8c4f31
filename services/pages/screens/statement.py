"""The sentence for a report: its clauses are picked; what the data does not say is refused beside the clause."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NamedTuple

from starlette.responses import Response

from projections.answers.sentence.sentence import DEFAULT_CLAUSES
from projections.answers.sentence.sentence_answers import Statement
from services.pages.asking import RefusedPage, ask, path_of
from services.pages.clauses import claimable, groups, in_order
from services.pages.page import Page
from services.pages.unit_page import PLACE, UnitFrame, unit_page

RATE: Final = "rate"
PERCENT: Final = "percent"
"""Fields of the form for a percentage that was printed; together they are `claim` of `/v1`."""
FILES: Final = ("Word", "PDF")
"""The kinds of files that a sentence is had as."""


class SentenceMade(NamedTuple):
    """What can be said, None where nothing can; what is refused of the clauses, and of the claim, with the reason."""

    said: Statement | None
    refused: dict[str, str]
    claim_refused: str | None
    kept: list[str]
    """The clauses that are said."""


async def sentence(page: Page) -> Response:
    """Make a sentence of the clauses that are picked."""
    canonical = _canonical(page)
    if canonical is not None:
        return page.redirect(canonical)
    u = await unit_page(page)
    picked = [each for each in page.query.get("say", "").split(",") if each]
    if "say" not in page.query:
        picked = list(DEFAULT_CLAUSES)
    claim = page.query.get("claim") or None
    made = await _made(u, picked, claim)
    offered = groups(page.texts)
    rate, _, percent = (claim or "").partition(":")
    files = u.files("statement", say=made.kept, claim=None if made.claim_refused else claim)
    response = u.draw(
        "statement.html",
        figures=made.said,
        made=made,
        officer=u.officer,
        picked=picked,
        groups=offered,
        rates=claimable(page.texts),
        rate=rate,
        percent=percent,
        words=offered.words,
        files={name: files[name] for name in FILES},
    )
    if made.said is None and picked:
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return response


def _canonical(page: Page) -> str | None:
    """Return the one address for what a form sends, clause by clause; None where that is the address already."""
    several = page.query.getlist("say")
    if len(several) <= 1 and RATE not in page.query and PERCENT not in page.query:
        return None
    rate, percent = page.query.get(RATE, ""), page.query.get(PERCENT, "").strip()
    said = in_order(part for each in several for part in each.split(",") if part)
    claim = f"{rate}:{percent}" if rate and percent else None
    return page.link(say=said or "", claim=claim, rate=None, percent=None)


async def _made(u: UnitFrame, picked: list[str], claim: str | None) -> SentenceMade:
    """Ask for a sentence; what is refused is left out, and what is left is asked for once more.

    Raises RefusedPage for anything else.
    """
    where = path_of("units", u.unit.id, "statement")
    refused: dict[str, str] = {}
    claim_refused: str | None = None
    kept = picked
    while kept:
        asked = u.report(say=kept, claim=None if claim_refused else claim)
        try:
            said = await u.page.asking.one(ask(where, Statement, **asked))
        except RefusedPage as problem:
            about = problem.said.told(u.page.language)
            more = {(each.parameter, each.clause): each.detail for each in about.refused or ()}
            if about.refused is None and about.parameter == "claim":
                more["claim", claim or ""] = about.detail  # it has not the form of one
            known = len(refused) + (claim_refused is not None)
            refused |= {clause: detail for (parameter, clause), detail in more.items() if parameter == "say"}
            claim_refused = next((detail for (name, _), detail in more.items() if name == "claim"), claim_refused)
            if len(refused) + (claim_refused is not None) == known:
                raise
            kept = [each for each in kept if each not in refused]
            continue
        return SentenceMade(said, refused, claim_refused, kept)
    return SentenceMade(None, refused, claim_refused, [])


SCREENS: Final = {f"{PLACE}/{{unit}}/cau-bao-cao": sentence}
