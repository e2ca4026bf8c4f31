"""The terms that make as-now figures out of as-was counters (docs/architecture.md, "As-now")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from projections.answers.report.known_unit import KnownUnit
from projections.answers.report.report_question import Basis, Place, QuestionPart, made_of
from projections.rules.counting.periods import Days
from projections.store.reading.memory import NotRememberedError
from projections.store.reading.remembered import remembered
from projections.store.reading.snapshot import Snapshot

_TERMS = """
SELECT term.unit, term.part, part.large, part.vast, part.running, term.since, term.until - 1 AS last, term.sign
FROM as_now_term AS term JOIN unit AS part ON part.no = term.part
WHERE term.unit = ANY($1::integer[])
"""
_TERMS_OF_PARTS = f"{_TERMS} AND term.part = ANY($2::integer[])"
_PASTS = """
SELECT past.unit, past.until, past.others FROM as_now_past AS past JOIN public.checkpoint USING (repairs, rules)
WHERE past.unit = ANY($1::integer[])
"""


class Past(NamedTuple):
    """That all that small units have of a unit before a day stands in one row (`as_now_past`).

    ``others`` are the parts of its terms that are not in it: large ones.
    """

    until: dt.date
    others: tuple[int, ...]


Pasts: TypeAlias = dict[int, Past]
_NONE: Final[Pasts] = {}


async def terms_of(
    snapshot: Snapshot, units: Iterable[int], days: Days, pasts: Pasts = _NONE
) -> dict[int, list[QuestionPart]]:
    """Return what comes to the roll-up of each unit as-now and what goes off it on the days; nothing where it has none.

    A part is taken as if it stood for ever: the terms follow the raw lineage, and so must what they add up. Of units
    that have ``pasts``, small parts are left out: they are in these.
    """
    if snapshot.known is not None:
        return await snapshot.known.terms(list(units), days)
    terms = list[tuple[int, QuestionPart]]()
    if lacking := tuple(unit for unit in units if unit not in pasts):
        terms += await _terms(snapshot, lacking)
    if others := [(unit, past.others) for unit, past in pasts.items() if past.others]:
        terms += await _terms(snapshot, *zip(*others, strict=True))
    found: dict[int, list[QuestionPart]] = {}
    first, last = days
    for unit, term in terms:
        row, place, (since, until), sign, own, below = term  # of which there may be hundreds
        if since <= last and first <= until:
            on = Days(max(first, since), min(last, until))
            found.setdefault(unit, []).append(QuestionPart(row, place, on, sign, own, below))
    return found


async def pasts_of(snapshot: Snapshot, units: Iterable[int]) -> Pasts:
    """Return which units have a past in one row; where nothing may be asked, which had one when it was asked last.

    These come and go with figures: whoever adds up finds out whether they are there (`sums`).
    """
    asked = tuple(units)
    memory, key = snapshot.memory, ("pasts", asked)
    try:
        rows = await snapshot.connection.fetch(_PASTS, list(asked))
    except NotRememberedError:
        known: Pasts | None = None if memory is None else memory.get(key)
        if known is None:
            raise
        return known
    found = {unit: Past(until, tuple(others)) for unit, until, others in rows}
    if memory is not None:
        memory.put(key, found, len(asked))
    return found


async def _terms(
    snapshot: Snapshot, units: tuple[int, ...], parts: tuple[tuple[int, ...], ...] | None = None
) -> list[tuple[int, QuestionPart]]:
    """Return terms for all days, where they are named those with such ``parts`` alone."""
    load = partial(_load, snapshot, units, parts)
    return await remembered(snapshot, ("terms", units, parts), load, lambda terms: len(units) + len(terms))


async def _load(
    snapshot: Snapshot, units: Iterable[int], parts: tuple[tuple[int, ...], ...] | None
) -> list[tuple[int, QuestionPart]]:
    if parts is None:
        rows = await snapshot.connection.fetch(_TERMS, list(units))
    else:
        named = sorted({part for each in parts for part in each})
        rows = await snapshot.connection.fetch(_TERMS_OF_PARTS, list(units), named)
    return [
        (unit, QuestionPart(0, Place(part, None, *marks), Days(first, last), sign))
        for unit, part, *marks, first, last, sign in rows
    ]


async def parts_of(snapshot: Snapshot, unit: KnownUnit, days: Days, basis: Basis) -> list[QuestionPart]:
    """Return what the figures of a unit are made of; the root has no terms: all is below it on either basis."""
    terms = None
    if basis == "as-now" and not unit.root:
        terms = (await terms_of(snapshot, [unit.place.no], days)).get(unit.place.no, [])
    return made_of(unit.place, days, terms)
