"""The terms that make as-now figures out of as-was counters (docs/architecture.md, "As-now")."""

from __future__ import annotations

from collections.abc import Iterable

from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Basis, Place, QuestionPart, made_of
from projections.rules.counting.periods import Days
from projections.store.calendar_sql import holds_within
from projections.store.reading.snapshot import Snapshot

_TERMS = f"""
SELECT
    term.unit, term.part, unit.large, unit.vast, unit.running,
    greatest(term.since, $2::date) AS first, least(term.until - 1, $3::date) AS last, term.sign
FROM as_now_term AS term JOIN unit ON unit.no = term.part
WHERE term.unit = ANY($1::integer[]) AND {holds_within("term", "$2", "$3")}
"""


async def terms_of(snapshot: Snapshot, units: Iterable[int], days: Days) -> dict[int, list[QuestionPart]]:
    """Return what comes to the roll-up of each unit as-now and what goes off it on the days; nothing where it has none.

    A part is taken as if it stood for ever: the terms follow the raw lineage, and so must what they add up.
    """
    if snapshot.known is not None:
        return await snapshot.known.terms(list(units), days)
    found: dict[int, list[QuestionPart]] = {}
    for unit, part, *marks, first, last, sign in await snapshot.connection.fetch(_TERMS, list(units), *days):
        found.setdefault(unit, []).append(QuestionPart(0, Place(part, None, *marks), Days(first, last), sign))
    return found


async def parts_of(snapshot: Snapshot, unit: KnownUnit, days: Days, basis: Basis) -> list[QuestionPart]:
    """Return what the figures of a unit are made of; the root has no terms: all is below it on either basis."""
    terms = None
    if basis == "as-now" and not unit.root:
        terms = (await terms_of(snapshot, [unit.place.no], days)).get(unit.place.no, [])
    return made_of(unit.place, days, terms)
