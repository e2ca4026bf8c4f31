"""The terms that make as-now figures out of as-was counters (docs/architecture.md, "As-now")."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Basis, Place, QuestionPart, made_of
from projections.rules.counting.periods import Days, common
from projections.store.reading.remembered import remembered
from projections.store.reading.snapshot import Snapshot

_TERMS = """
SELECT term.unit, term.part, unit.large, unit.vast, unit.running, term.since, term.until - 1 AS last, term.sign
FROM as_now_term AS term JOIN unit ON unit.no = term.part
WHERE term.unit = ANY($1::integer[])
"""


async def terms_of(snapshot: Snapshot, units: Iterable[int], days: Days) -> dict[int, list[QuestionPart]]:
    """Return what comes to the roll-up of each unit as-now and what goes off it on the days; nothing where it has none.

    A part is taken as if it stood for ever: the terms follow the raw lineage, and so must what they add up.
    """
    if snapshot.known is not None:
        return await snapshot.known.terms(list(units), days)
    asked = tuple(units)
    found: dict[int, list[QuestionPart]] = {}
    load = partial(_load, snapshot, asked)
    for unit, term in await remembered(snapshot, ("terms", asked), load, lambda terms: len(asked) + len(terms)):
        on = common(term.days, days)
        if on.first <= on.last:
            found.setdefault(unit, []).append(term._replace(days=on))
    return found


async def _load(snapshot: Snapshot, units: Iterable[int]) -> list[tuple[int, QuestionPart]]:
    return [
        (unit, QuestionPart(0, Place(part, None, *marks), Days(first, last), sign))
        for unit, part, *marks, first, last, sign in await snapshot.connection.fetch(_TERMS, list(units))
    ]


async def parts_of(snapshot: Snapshot, unit: KnownUnit, days: Days, basis: Basis) -> list[QuestionPart]:
    """Return what the figures of a unit are made of; the root has no terms: all is below it on either basis."""
    terms = None
    if basis == "as-now" and not unit.root:
        terms = (await terms_of(snapshot, [unit.place.no], days)).get(unit.place.no, [])
    return made_of(unit.place, days, terms)
