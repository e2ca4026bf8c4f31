"""Telling of what is suspicious: the events by their names, as far as the asker may read them (contract, section 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from projections.answers.suspicion.facts import PersonFact
from projections.answers.suspicion.lines import lines_of
from projections.answers.suspicion.rule import Suspect, of_a_fact, of_a_line
from projections.answers.suspicion.suspicions import NamedEvent, Suspicion
from projections.answers.words.suspicion_words import told

MayRead = Callable[[PersonFact], bool]
"""Whether the asker may read the event of a fact."""


def suspicions_of(
    facts: Iterable[PersonFact], began: Mapping[str, dt.date], about: Collection[int], may_read: MayRead
) -> dict[int, tuple[Suspicion, ...]]:
    """Return what is suspicious about some of the facts, by the order of each; that of a pair about each of the two."""
    found: dict[int, list[Suspicion]] = {}
    for line in lines_of(facts):
        if any(fact.order in about for fact in line):
            of_facts = (each for fact in line for each in of_a_fact(fact))
            for suspect in (*of_a_line(line, began), *of_facts):
                for fact in suspect.facts:
                    if fact.order in about:
                        found.setdefault(fact.order, []).append(_suspicion(suspect, fact, may_read))
    return {order: tuple(said) for order, said in found.items()}


def named(facts: Sequence[PersonFact], may_read: MayRead) -> list[NamedEvent]:
    """Name events; of one that the asker may not read its type alone."""
    return [
        NamedEvent(fact.publisher, fact.id, fact.position, fact.type, fact.day)
        if may_read(fact)
        else NamedEvent(None, None, None, fact.type, None)
        for fact in facts
    ]


def _suspicion(suspect: Suspect, fact: PersonFact, may_read: MayRead) -> Suspicion:
    other = next((each.day for each in suspect.facts if each is not fact and may_read(each)), None)
    return Suspicion(suspect.kind, told(suspect.kind, other), tuple(named(suspect.facts, may_read)))
